"""No host but the one that a secret is for gets it, and nothing that the service writes contains it.

The whole service runs in a network of its own, where each host has its real ports, 80 and 443. It reads the secret with
Powertools and boto3 from a Secrets Manager on loopback.
"""

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from support.private_hosts.secrets import BASIC, CANARY, HEADERS
from support.private_hosts.urls import NO_REQUEST, OTHER_ORIGIN, REDIRECTS, SAME_ORIGIN

ROOT = Path(__file__).parents[2]


@cache
def _run_sandbox() -> dict[str, Any]:
    as_root = [] if os.geteuid() == 0 else ["--map-root-user"]
    command = ["unshare", *as_root, "--net", "--mount", sys.executable, "-W", "error", "-m", "support.private_hosts"]
    path = os.pathsep.join(str(ROOT / name) for name in ("functions", "tests"))
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": path}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode:
        pytest.fail(f"The network namespace failed: {' '.join(command)}\n{done.stderr}", pytrace=False)
    results: dict[str, Any] = json.loads(done.stdout)
    return results


@pytest.fixture
def results() -> dict[str, Any]:
    """What each group of URLs gave; the program runs once for all tests."""
    found: dict[str, Any] = _run_sandbox()["results"]
    return found


@pytest.fixture
def received() -> list[dict[str, Any]]:
    """The requests that servers received before the secret was changed."""
    found: list[dict[str, Any]] = _run_sandbox()["received"]
    return found


def headers_of(request: dict[str, Any]) -> dict[str, str]:
    """Return the headers of a request that not every request has."""
    usual = {"host", "user-agent", "accept", "accept-encoding", "if-none-match"}
    return {name: value for name, value in request["headers"].items() if name not in usual}


def test_request_has_the_headers_of_its_own_host_on_port_443_over_https_and_no_others(
    received: list[dict[str, Any]],
) -> None:
    for request in received:
        is_private = (request["scheme"], request["port"]) == ("https", 443)
        expected = HEADERS.get(request["headers"]["host"], {}) if is_private else {}
        assert headers_of(request) == {name.lower(): value for name, value in expected.items()}, request


def test_every_private_host_and_every_other_origin_was_asked(received: list[dict[str, Any]]) -> None:
    seen = {(request["scheme"], request["port"], request["headers"]["host"]) for request in received}
    assert {("https", 443, host) for host in HEADERS} <= seen
    assert {("http", 80, host) for host in HEADERS} <= seen
    assert {("https", 8443, f"{host}:8443") for host in HEADERS} <= seen
    assert ("https", 443, "other.example") in seen
    assert len(received) > len(REDIRECTS)


def test_images_of_private_hosts_are_stored_in_every_spelling_of_their_url(results: dict[str, Any]) -> None:
    assert results["same_origin"] == ["fetched"] * len(SAME_ORIGIN)
    assert results["other_origin"] == ["fetched"] * len(OTHER_ORIGIN)


def test_refused_urls_of_private_hosts_stay_refused(results: dict[str, Any]) -> None:
    """A host with a secret may not have a private address either."""
    assert set(results["no_request"]) == {"invalid_url", "blocked"}
    assert len(results["no_request"]) == len(NO_REQUEST)


def test_private_host_is_always_asked_and_another_one_not_while_it_is_fresh(results: dict[str, Any]) -> None:
    assert results["again"] == ["unchanged", "fresh"]


def test_redirects_end_as_their_locations_do(results: dict[str, Any]) -> None:
    """A port that speaks TLS closes a connection that begins in plain HTTP."""
    assert set(results["redirects"]) == {"fetched", "bad_redirect", "blocked", "too_many_redirects", "connection_lost"}


def test_secret_is_read_once_for_all_images(results: dict[str, Any]) -> None:
    assert results["reads"] == 1


def test_hundred_images_that_are_refused_at_once_read_the_new_secret_once(results: dict[str, Any]) -> None:
    """The answer to the new headers is 404."""
    assert results["rotated"] == ["not_found"] * 100
    assert results["reads_of_rotation"] == 1


def test_nothing_is_sent_to_a_private_host_when_its_secret_cannot_be_used(results: dict[str, Any]) -> None:
    assert set(results["broken"]) == {"credentials_unavailable"}
    assert results["sent_while_broken"] == 0
    assert results["open_hosts"] == ["fetched", "fetched"]


@pytest.mark.parametrize("kind", ["logged", "stored", "answers"])
def test_secret_is_in_nothing_that_the_service_writes(kind: str) -> None:
    """Logs at every level with those of boto3, metrics, receipts, tables, known documents, answers."""
    text = _run_sandbox()["written"][kind]
    assert "bearer.example" in text
    for secret in (CANARY, BASIC):
        assert secret.lower() not in text.lower(), text[max(0, text.lower().find(secret.lower()) - 300) :][:400]


def test_log_names_the_fault_of_a_secret() -> None:
    logged = _run_sandbox()["written"]["logged"]
    for fault in (
        "the secret: expected a JSON object with an entry for each host, got text that is not JSON",
        "the secret has no entry for bearer.example",
        "the entry for bearer.example in the secret: headers: cookie is not allowed",
        "An error occurred (AccessDeniedException) when calling the GetSecretValue operation",
    ):
        assert fault in logged


def test_make_run_sends_the_headers_and_writes_them_nowhere(results: dict[str, Any]) -> None:
    run = results["run"]
    assert run["status"] == 0, run["printed"]
    assert CANARY not in run["printed"] + run["written"]


def test_make_run_says_why_a_private_host_cannot_be_read(results: dict[str, Any]) -> None:
    run = results["denied_run"]
    assert run["status"] == 1
    assert f"{len(SAME_ORIGIN)} credentials_unavailable" in run["printed"]
    assert "credentials_unavailable: the secret cannot be read: An error occurred (AccessDenied" in run["printed"]
