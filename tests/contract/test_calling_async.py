"""respond_async.py of docs/calling.md: which responses it waits for."""

import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

LOST = httpx.ReadError("lost")
type Reply = int | Exception


def client_of(replies: list[Reply]) -> httpx.Client:
    """Return a client that gets the replies, one after the other, and removes each from the list."""

    def reply(request: httpx.Request) -> httpx.Response:
        assert (request.method, request.read()) == ("POST", b'{"urls":[]}')
        result = replies.pop(0)
        if isinstance(result, Exception):
            raise result
        return httpx.Response(result, text="<html>busy</html>")

    return httpx.Client(transport=httpx.MockTransport(reply), base_url="https://api.example/v1")


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that the program waits, although nobody does."""
    found: list[float] = []
    monkeypatch.setattr(time, "sleep", found.append)
    return found


@pytest.mark.parametrize("last", [200, 202, 400, 403, 404, 422])
@pytest.mark.parametrize(
    "before",
    [[], [LOST], [httpx.ConnectTimeout("no answer"), httpx.RemoteProtocolError("closed")], [429, 500, 502, 504]],
)
def test_request_is_sent_until_a_response_decides(
    example: Callable[[str], Any], waits: list[float], before: list[Reply], last: int
) -> None:
    replies = [*before, last, LOST]
    with client_of(replies) as client:
        request = client.build_request("POST", "/files", json={"urls": []})
        assert example("respond_async").send(client, request).status_code == last
    assert replies == [LOST]
    assert waits == [0, 1, 3, 7, 15][: len(before) + 1]


@pytest.mark.parametrize(("reply", "reason"), [(LOST, "lost"), (503, "503: <html>busy")])
def test_program_ends_with_the_reason_after_ten_attempts(
    example: Callable[[str], Any], waits: list[float], reply: Reply, reason: str
) -> None:
    replies = [reply] * 11
    with client_of(replies) as client:
        request = client.build_request("POST", "/files", json={"urls": []})
        with pytest.raises(SystemExit, match=f"^gave up after 10 attempts: .*{reason}"):
            example("respond_async").send(client, request)
    assert len(replies) == 1
    assert 240 < sum(waits) < 300
