"""`HostSource`: which requests get headers, and what follows a 401."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from intake.http_client.transport import NO_BODY
from intake.model.error_codes import CredentialsUnavailable
from intake.sources.host_credentials import HostCredentials, SecretUnreadable
from intake.sources.host_source import HostSource, make_host_sources
from support.scripted_transport import ScriptedTransport

HOST = "a.example"


class Secrets:
    """A reader whose value is another one at each read; the last one stays."""

    def __init__(self, *values: str | Exception) -> None:
        self._values = list(values)

    def read(self, *, is_forced: bool) -> str:
        del is_forced
        value = self._values.pop(0) if len(self._values) > 1 else self._values[0]
        if isinstance(value, Exception):
            raise value
        return value


def entry(text: str) -> str:
    return f'{{"{HOST}": {text}}}'


class Setup:
    """A source over a transport that answers with these statuses.

    Attributes:
        waits: how often the request waited for the secret.
    """

    def __init__(self, secrets: Secrets, *statuses: int) -> None:
        self.transport = ScriptedTransport(*((status, b"") for status in statuses))
        self.source = HostSource(HOST, HostCredentials([HOST], lambda: secrets), self.transport)
        self.waits = 0

    @contextmanager
    def _waiting(self) -> Iterator[None]:
        self.waits += 1
        yield

    async def send(self, **headers: str) -> int:
        """Send a request; return the status of the response."""
        extensions: dict[str, Any] = {"target": b"/a?b", "waiting": self._waiting}
        fields = {"Host": HOST, "Accept": "image/*", **headers}
        request = httpx.Request("GET", f"https://{HOST}", headers=fields, extensions=extensions, stream=NO_BODY)
        response = await self.source.handle_async_request(request)
        assert request.headers == httpx.Headers(fields)  # the request itself is not changed
        return response.status_code

    def sent(self, name: str) -> list[str | None]:
        """Return a header of each request that was sent."""
        return [request.headers.get(name) for request in self.transport.requests]


async def test_request_gets_the_headers_of_its_host_beside_its_own() -> None:
    setup = Setup(Secrets(entry('{"headers": {"X-Api-Key": "k", "accept": "image/png"}}')), 200)
    assert await setup.send(**{"If-None-Match": '"1"'}) == 200
    [request] = setup.transport.requests
    assert dict(request.headers) == {
        "host": HOST,
        "if-none-match": '"1"',
        "x-api-key": "k",
        "accept": "image/png",
    }
    assert (request.extensions["target"], setup.waits) == (b"/a?b", 1)


@pytest.mark.parametrize("status", [200, 301, 304, 403, 404, 407, 429, 500])
async def test_other_statuses_than_401_are_passed_on(status: int) -> None:
    setup = Setup(Secrets(entry('{"bearer": "old"}'), entry('{"bearer": "new"}')), status)
    assert await setup.send() == status
    assert setup.sent("Authorization") == ["Bearer old"]


@pytest.mark.parametrize("status", [200, 302, 401, 404])
async def test_401_is_tried_once_more_when_the_secret_has_other_headers(status: int) -> None:
    """None of the old headers is sent again."""
    setup = Setup(Secrets(entry('{"bearer": "old"}'), entry('{"headers": {"X-Key": "new"}}')), 401, status)
    assert await setup.send() == status
    assert setup.sent("Authorization") == ["Bearer old", None]
    assert setup.sent("X-Key") == [None, "new"]


@pytest.mark.parametrize("second", [entry('{"bearer": "old"}'), "{}", SecretUnreadable("no")])
async def test_401_is_passed_on_when_the_secret_has_no_other_headers(second: str | Exception) -> None:
    setup = Setup(Secrets(entry('{"bearer": "old"}'), second), 401, 200)
    assert await setup.send() == 401
    assert setup.sent("Authorization") == ["Bearer old"]


async def test_401_holds_no_connection_while_the_secret_is_read_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """The image may be cancelled then."""
    setup = Setup(Secrets(entry('{"bearer": "old"}')), 401)

    async def find_newer(*_: object) -> None:
        assert [response.is_closed for response in setup.transport.responses] == [True]
        raise asyncio.CancelledError

    monkeypatch.setattr(HostCredentials, "find_newer", find_newer)
    with pytest.raises(asyncio.CancelledError):
        await setup.send()


@pytest.mark.parametrize("secret", [SecretUnreadable("no"), "{}", entry('{"bearer": 7}'), "no JSON"])
async def test_nothing_is_sent_without_headers(secret: str | Exception) -> None:
    setup = Setup(Secrets(secret), 200)
    with pytest.raises(CredentialsUnavailable):
        await setup.send()
    assert setup.transport.requests == []


def test_sources_are_those_of_the_exact_origins() -> None:
    sources = make_host_sources(["a.example", "192.0.2.1"], "arn", ScriptedTransport())
    assert list(sources) == ["https://a.example", "https://192.0.2.1"]
