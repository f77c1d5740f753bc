"""The service sends no packet to an address that is not public.

It runs in a network where this machine answers for every address, with a DNS server that lies. It downloads over a
thousand URLs, directly and through redirects, while every packet is captured below the sockets. The addresses are
compared with the list in this file, not with the tables of the service.
"""

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from support.network_sandbox.url_spellings import LEGITIMATE, PUBLIC, PUBLIC_6

ROOT = Path(__file__).parents[2]
REFUSED = {"blocked", "invalid_url", "bad_redirect", "dns_failure"}
NAME_SERVER = ("127.0.0.1", 53)


@cache
def _run_sandbox() -> dict[str, Any]:
    as_root = [] if os.geteuid() == 0 else ["--map-root-user"]
    command = ["unshare", *as_root, "--net", "--mount", sys.executable, "-W", "error", "-m", "support.network_sandbox"]
    path = os.pathsep.join(str(ROOT / name) for name in ("functions", "tests"))
    done = subprocess.run(
        command,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    if done.returncode:
        pytest.fail(
            f"This machine permits no network namespace, so nothing was tested: {' '.join(command)}\n{done.stderr}",
            pytrace=False,
        )
    results: dict[str, Any] = json.loads(done.stdout)
    return results


@pytest.fixture
def results() -> dict[str, Any]:
    """The results of the sandbox, which runs once for all tests."""
    return _run_sandbox()


def _code(entry: dict[str, Any]) -> str:
    return str(entry["error"]["code"]) if "error" in entry else "stored"


def test_service_connects_to_public_addresses_only(results: dict[str, Any]) -> None:
    connected = {(found["address"], found["port"]) for found in results["connections"]} - {NAME_SERVER}

    assert results["lost_packets"] == 0
    assert connected == {(PUBLIC, 80), (PUBLIC_6, 80)}


def test_dns_is_queried_over_udp_and_tcp(results: dict[str, Any]) -> None:
    """Answers with thousands of addresses do not fit into a datagram."""
    kinds = {found["kind"] for found in results["connections"] if (found["address"], found["port"]) == NAME_SERVER}

    assert kinds == {"tcp", "udp"}


def test_every_spelling_of_an_internal_address_is_refused(results: dict[str, Any]) -> None:
    assert len(results["forbidden"]) > 1000
    assert [entry["url"] for entry in results["forbidden"] if _code(entry) not in REFUSED] == []


def test_redirect_to_an_internal_address_is_refused(results: dict[str, Any]) -> None:
    """A location without a scheme is a path of the same origin; a NUL in a header is not HTTP."""
    followed = [entry for entry in results["forbidden_redirects"] if _code(entry) not in REFUSED | {"bad_response"}]

    assert len(results["forbidden_redirects"]) == len(results["forbidden"])
    assert [entry["url"] for entry in followed if not entry["finalUrl"].startswith(f"http://{PUBLIC}/to/")] == []
    assert len(followed) < 10


@pytest.mark.parametrize("kind", ["internal_names", "internal_name_redirects"])
def test_name_is_refused_when_any_of_its_addresses_is_internal(kind: str, results: dict[str, Any]) -> None:
    assert len(results[kind]) > 150
    assert [entry["url"] for entry in results[kind] if _code(entry) not in REFUSED] == []
    assert len([entry for entry in results[kind] if _code(entry) == "blocked"]) > 150


def test_name_is_refused_once_its_address_becomes_internal(results: dict[str, Any]) -> None:
    """The first File of each name takes two lookups, the next two one each; the address changes after 1, 2 and 3."""
    codes = [_code(entry) for entry in results["changing_names"]]

    assert codes == [
        *("blocked", "blocked", "blocked"),
        *("stored", "blocked", "blocked"),
        *("stored", "stored", "blocked"),
    ]


@pytest.mark.parametrize("kind", ["public", "public_redirects"])
def test_public_url_is_fetched_however_unusual(kind: str, results: dict[str, Any]) -> None:
    assert len(results[kind]) > len(LEGITIMATE)
    assert [entry["url"] for entry in results[kind] if _code(entry) != "stored"] == []


def test_refusals_are_the_same_byte_for_byte(results: dict[str, Any]) -> None:
    """Open and closed internal ports, an internal name, metadata, a scheme: entries differ in URL and time only."""
    varying = {"url", "index", "elapsedMs"}
    entries = [json.dumps({key: entry[key] for key in entry if key not in varying}) for entry in results["refused"]]

    assert len(entries) == 8
    assert len(set(entries)) == 1


def test_refusal_takes_the_same_time_for_open_and_closed_ports(results: dict[str, Any]) -> None:
    quick, slow = sorted(results["refusal_ms"].values())

    assert slow < 2 * quick + 2.0
