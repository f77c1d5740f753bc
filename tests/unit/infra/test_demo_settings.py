"""The settings of `make demo`: those of the service by name, with a File of the user's own."""

import re

import pytest
from infra.build.template_file import ROOT
from infra.command.errors import CommandError
from infra.demo.settings import MEMORY_MIB, DemoSettings, require_settings


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, {}),
        ({"ALLOW": "10.0.0.0/8"}, {"ALLOWED_NETWORKS": "10.0.0.0/8"}),
        ({"ALLOWED_PORTS": "80,8000", "ALLOW": ""}, {"ALLOWED_PORTS": "80,8000"}),
        ({"ALLOW": "127.0.0.1", "ALLOWED_NETWORKS": " fd00::/8 "}, {"ALLOWED_NETWORKS": "fd00::/8,127.0.0.1/32"}),
        ({"MAX_ATTEMPTS": "1", "CONTACT": " ", "HOME": "/"}, {"MAX_ATTEMPTS": "1"}),
        ({"IMAGE_BUCKET": "same", "INBOX_BUCKET": "same", "CONCURRENT_FUNCTIONS": "9"}, {}),
    ],
)
def test_functions_get_the_settings_that_are_set(environment: dict[str, str], expected: dict[str, str]) -> None:
    assert DemoSettings.from_environment(environment).variables == expected


@pytest.mark.parametrize(("text", "expected"), [("", "structure"), ("structure", "structure"), ("decode", "decode")])
def test_functions_of_the_demo_verify_as_far_as_they_are_asked_to(text: str, expected: str) -> None:
    assert DemoSettings.from_environment({"VERIFY": text}).verification == expected


def test_settings_name_every_fault_at_once() -> None:
    environment = {"ALLOW": "intranet", "MAX_ATTEMPTS": "ten", "MAX_IMAGE_BYTES": str(900 * 1024 * 1024)}
    with pytest.raises(CommandError) as raised:
        DemoSettings.from_environment(environment)
    faults = str(raised.value).split("\n  ")[1:]
    assert [fault.partition(":")[0] for fault in faults] == ["ALLOW", "MAX_ATTEMPTS", "MAX_IMAGE_BYTES"]


def test_functions_of_the_demo_have_the_memory_of_the_template() -> None:
    [default] = re.findall(r"MemorySize:\n +{ Type: Number, Default: (\d+)", (ROOT / "template.yaml").read_text())
    assert int(default) == MEMORY_MIB


@pytest.mark.parametrize("given", [[], ["PYTHON"], ["SAM", "PY"]])
def test_demo_of_our_pictures_takes_what_make_needs(given: list[str]) -> None:
    require_settings(given, has_file=False)


@pytest.mark.parametrize(
    ("given", "has_file", "said"),
    [
        (["FILE", "ALOW"], True, "ALOW is not a setting of make demo. Did you mean ALLOW?"),
        (["FILE", "PROCESSES"], True, "PROCESSES is not a setting of make demo."),
        (["FILE", "OUT"], True, "OUT is not a setting of make demo."),
        (["INBOX_BUCKET"], True, "INBOX_BUCKET is not a setting of make demo."),
        (["ALLOW"], False, "ALLOW is for a File of yours: make demo FILE=my-file.json ALLOW=..."),
        (["PY", "MAX_ATTEMPTS"], False, "MAX_ATTEMPTS is for a File of yours"),
    ],
)
def test_variable_that_would_be_ignored_is_refused(given: list[str], said: str, *, has_file: bool) -> None:
    with pytest.raises(CommandError, match=f"^{re.escape(said)}"):
        require_settings(given, has_file=has_file)


def test_demo_of_a_file_takes_every_setting_of_the_service() -> None:
    require_settings(["FILE", "ALLOW", "ALLOWED_PORTS", "MAX_IMAGE_BYTES", "REFRESH"], has_file=True)
