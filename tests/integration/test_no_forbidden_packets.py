"""No packet goes to an address that is not public: seen below all sockets, in a network where every address answers.

The service is put together as it is deployed, asked for hundreds of URLs, directly and through redirects, and led on
by a name server that lies. What is dialled is compared with a list written here, not with the tables of the service.
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
def _life() -> dict[str, Any]:
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
            f"The guard is not proven on this machine: no network namespace for {' '.join(command)}\n{done.stderr}",
            pytrace=False,
        )
    told: dict[str, Any] = json.loads(done.stdout)
    return told


@pytest.fixture
def life() -> dict[str, Any]:
    """What happened on the island; it is lived once."""
    return _life()


def _code(entry: dict[str, Any]) -> str:
    return str(entry["error"]["code"]) if "error" in entry else "stored"


def test_nothing_is_dialled_but_public_addresses_and_all_that_was_is_known(life: dict[str, Any]) -> None:
    connected = {(found["address"], found["port"]) for found in life["connections"]} - {NAME_SERVER}

    assert life["lost"] == 0
    assert connected == {(PUBLIC, 80), (PUBLIC_6, 80)}


def test_the_name_server_was_asked_over_both_of_its_ways(life: dict[str, Any]) -> None:
    """Answers of thousands of addresses do not fit into a datagram."""
    ways = {found["kind"] for found in life["connections"] if (found["address"], found["port"]) == NAME_SERVER}

    assert ways == {"tcp", "udp"}


def test_every_spelling_of_what_stands_inside_is_refused(life: dict[str, Any]) -> None:
    assert len(life["forbidden"]) > 1000
    assert [entry["url"] for entry in life["forbidden"] if _code(entry) not in REFUSED] == []


def test_a_redirect_to_any_of_them_leads_nowhere_else(life: dict[str, Any]) -> None:
    """A text without a scheme is a path there, of the origin that said so; a NUL in a head is no HTTP."""
    went = [entry for entry in life["forbidden_hops"] if _code(entry) not in REFUSED | {"bad_response"}]

    assert len(life["forbidden_hops"]) == len(life["forbidden"])
    assert [entry["url"] for entry in went if not entry["finalUrl"].startswith(f"http://{PUBLIC}/to/")] == []
    assert len(went) < 10


@pytest.mark.parametrize("way", ["bad_names", "bad_hops"])
def test_every_name_that_leads_inside_with_one_answer_of_any_number_is_refused(way: str, life: dict[str, Any]) -> None:
    assert len(life[way]) > 150
    assert [entry["url"] for entry in life[way] if _code(entry) not in REFUSED] == []
    assert len([entry for entry in life[way] if _code(entry) == "blocked"]) > 150


def test_a_name_that_turns_inwards_is_followed_as_long_as_it_leads_outside(life: dict[str, Any]) -> None:
    """Two lookups for the first File of each name, one for each of the next two; they turn after one, two and three."""
    codes = [_code(entry) for entry in life["turning"]]

    assert codes == [
        *("blocked", "blocked", "blocked"),
        *("stored", "blocked", "blocked"),
        *("stored", "stored", "blocked"),
    ]


@pytest.mark.parametrize("way", ["legitimate", "legitimate_hops"])
def test_what_is_public_arrives_however_odd(way: str, life: dict[str, Any]) -> None:
    assert len(life[way]) > len(LEGITIMATE)
    assert [entry["url"] for entry in life[way] if _code(entry) != "stored"] == []


def test_refusals_are_the_same_byte_for_byte(life: dict[str, Any]) -> None:
    """An open and a closed port inside, a private name, metadata, a scheme: only URL and time tell them apart."""
    varies = {"url", "index", "elapsedMs"}
    seen = {json.dumps({key: entry[key] for key in entry if key not in varies}) for entry in life["alike"]}

    assert len(life["alike"]) == 8
    assert len(seen) == 1


def test_an_open_and_a_closed_port_take_the_same_time(life: dict[str, Any]) -> None:
    quick, slow = sorted(life["times"].values())

    assert slow < 2 * quick + 2.0
