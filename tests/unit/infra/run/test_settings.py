"""The settings of `make run`: those of the service by name, those of this machine, and every fault at once."""

import os
from ipaddress import ip_network

import pytest
from infra.command.errors import CommandError
from infra.run.settings import RunSettings, require_known_variables


def read(**environment: str) -> RunSettings:
    return RunSettings.from_environment(environment)


def test_settings_have_the_defaults_of_the_service() -> None:
    settings = read()
    processors = os.process_cpu_count() or 1
    assert settings.processes == min(processors, 64)
    assert settings.config.limits.max_per_origin == 64 // settings.processes
    assert (settings.fsync, settings.config.limits.allowed_networks) == (False, ())


@pytest.mark.parametrize(
    ("allow", "allowed_networks", "expected"),
    [
        ("10.0.0.0/8", "", ["10.0.0.0/8"]),
        ("10.0.0.0/8, 192.168.0.0/16", "", ["10.0.0.0/8", "192.168.0.0/16"]),
        (" 10.1.2.3/8 ", " 127.0.0.0/8 ", ["127.0.0.0/8", "10.0.0.0/8"]),
        ("", "fd00::/8", ["fd00::/8"]),
        (" ", " ", []),
        ("10.0.0.1", "10.0.0.2,", ["10.0.0.2/32", "10.0.0.1/32"]),
    ],
)
def test_allow_adds_networks_to_those_of_the_service(allow: str, allowed_networks: str, expected: list[str]) -> None:
    found = read(ALLOW=allow, ALLOWED_NETWORKS=allowed_networks).config.limits.allowed_networks
    assert found == tuple(map(ip_network, expected))


@pytest.mark.parametrize(
    ("processes", "of_all", "expected_processes", "of_one"),
    [("1", "8", 1, 8), ("2", "8", 2, 4), ("4", "2", 2, 1), ("8", "1", 1, 1), ("3", "8", 3, 2), ("64", "64", 64, 1)],
)
def test_processes_share_the_requests_to_an_origin(
    processes: str, of_all: str, expected_processes: int, of_one: int
) -> None:
    settings = read(PROCESSES=processes, MAX_PER_ORIGIN=of_all)
    assert (settings.processes, settings.config.limits.max_per_origin) == (expected_processes, of_one)
    assert settings.processes * settings.config.limits.max_per_origin <= int(of_all)


def test_settings_of_a_stack_have_no_effect() -> None:
    settings = read(
        IMAGE_BUCKET="same", INBOX_BUCKET="same", CONCURRENT_FUNCTIONS="64", AWS_LAMBDA_FUNCTION_MEMORY_SIZE="128"
    )
    assert settings == read()


@pytest.mark.parametrize(
    ("environment", "faults"),
    [
        (
            {"PROCESSES": "0", "FSYNC": "yes", "MAX_ATTEMPTS": "many", "READ_TIMEOUT": "-1"},
            ["FSYNC: expected one of on, off, got 'yes'", "PROCESSES: expected ", "READ_TIMEOUT: ", "MAX_ATTEMPTS: "],
        ),
        ({"ALLOW": "10.0.0.0/99"}, ["ALLOW: expected CIDRs separated by commas, such as 10.1.0.0/16, got '10.0.0.0/9"]),
        ({"ALLOW": "intranet", "ALLOWED_NETWORKS": "all"}, ["ALLOW: expected CIDRs", "ALLOWED_NETWORKS: expected CI"]),
        ({"ALLOW": ",", "ALLOWED_PORTS": "http"}, ["ALLOW: expected CIDRs", "ALLOWED_PORTS: expected port numbers"]),
        ({"PROCESSES": "2.5"}, ["PROCESSES: expected a whole number from 1 to 64, got '2.5'"]),
    ],
)
def test_settings_name_every_fault_at_once(environment: dict[str, str], faults: list[str]) -> None:
    with pytest.raises(CommandError) as raised:
        read(**environment)
    first, *lines = str(raised.value).split("\n  ")
    assert first == "these settings cannot be used:"
    assert len(lines) == len(faults)
    assert all(line.startswith(fault) for line, fault in zip(lines, faults, strict=True)), lines


@pytest.mark.parametrize(
    "names", [[], ["LIST", "OUT"], ["FILE", "OUT", "ALLOW"], ["MAX_PER_ORIGIN", "PROCESSES", "FSYNC", "PYTHON"]]
)
def test_known_variables_are_accepted(names: list[str]) -> None:
    require_known_variables(names)


@pytest.mark.parametrize(
    ("name", "question"),
    [
        ("MAX_PER_ORGIN", "Did you mean MAX_PER_ORIGIN?"),
        ("allow", "Did you mean ALLOW?"),
        ("PROCESES", "Did you mean PROCESSES?"),
        ("Read_Timeout", "Did you mean READ_TIMEOUT?"),
        ("LSIT", "Did you mean LIST?"),
        ("IMAGE_BUCKET", "Did you mean SOURCE_BUCKETS?"),
        ("XYZ", "docs/settings.md has all settings."),
    ],
)
def test_misspelled_variable_is_refused(name: str, question: str) -> None:
    with pytest.raises(CommandError, match=f"^{name} is not a setting of make run") as raised:
        require_known_variables(["LIST", name, "OUT"])
    assert question in str(raised.value)
