"""The timeouts of an image, and the waits between its attempts.

The origin's time counts towards the image timeout; the time that the client waits for its own limits does not.
"""

import asyncio
import time
from types import SimpleNamespace

import pytest

from intake.download.retry import BASE_SECONDS, CAP_SECONDS
from intake.model.backoff import backoff
from support.origin import IMAGE, Origin
from support.origin.behaviour import Reader, Request, Responder, Writer, chunks, head, reply, response_with, send
from support.origin.client import Client, MakeClient, Result
from support.sample_images import jpeg_of_size

_DELAY = 0.25
"""Seconds that an origin takes to respond, or that another image holds the memory."""

_SOON = 2.0
_OWN_WAITS = [backoff(attempt, 0.5, base=BASE_SECONDS, cap=CAP_SECONDS) for attempt in (1, 2)]


async def _slow(_: Reader, writer: Writer, __: Request) -> None:
    await asyncio.sleep(_DELAY)
    await send(writer, response_with(IMAGE))


async def _get_three(client: Client, url: str) -> tuple[list[Result], float]:
    begin = time.monotonic()
    results = await asyncio.gather(*(client.get(f"{url}/{number}") for number in range(3)))
    return results, time.monotonic() - begin


async def test_waiting_for_a_slot_of_the_origin_does_not_count(origin: Origin, make_client: MakeClient) -> None:
    """The last of three images waits longer than the image timeout, and is stored."""
    origin.responders["slow"] = _slow

    results, elapsed = await _get_three(
        make_client(origin, max_per_origin=1, image_timeout=2 * _DELAY), origin.url("slow")
    )

    assert [result.code for result in results] == ["stored"] * 3
    assert elapsed >= 3 * _DELAY
    assert all(result.stats.fetch_ms < 2000 * _DELAY for result in results)


async def test_waiting_for_memory_does_not_count(origin: Origin, make_client: MakeClient) -> None:
    """Another image holds all memory for longer than the image timeout."""
    client = make_client(origin, image_timeout=_DELAY)
    await client.budget.acquire(client.budget.size, "another")
    task = asyncio.create_task(client.get(origin.url("chunked")))

    await asyncio.sleep(2 * _DELAY)
    assert not task.done()
    client.budget.release(client.budget.size, "another")
    result = await task

    assert result.code == "stored"
    assert result.stats.fetch_ms < 1000 * _DELAY


@pytest.mark.parametrize("framing", ["length", "chunked"])
async def test_read_timeout_does_not_run_while_the_client_waits_for_memory(
    framing: str, origin: Origin, make_client: MakeClient
) -> None:
    """The client does not read the body meanwhile, so the connection's buffers fill up and no bytes arrive."""
    body = jpeg_of_size(4_000_000, seed=1)
    pieces = (body[place : place + 700] for place in range(0, len(body), 700))
    in_chunks = head("Transfer-Encoding: chunked") + chunks([*pieces, b""])
    origin.responders["large"] = reply(in_chunks if framing == "chunked" else response_with(body), close=False)
    client = make_client(
        origin, max_image_bytes=len(body), memory_budget_bytes=len(body), read_timeout=0.2, max_attempts=1
    )
    await client.budget.acquire(client.budget.size, "another")
    task = asyncio.create_task(client.get(origin.url("large")))

    await asyncio.sleep(2 * _DELAY)
    client.budget.release(client.budget.size, "another")

    assert (await task).body == body
    assert (await client.get(origin.url("length"))).body == IMAGE
    assert origin.connections == 1


async def test_slow_body_ends_with_the_image_timeout(origin: Origin, make_client: MakeClient) -> None:
    """Every byte restarts the read timeout."""
    client = make_client(origin, read_timeout=0.2, image_timeout=0.4)

    result = await client.get(origin.url("slow_body"))

    assert result.code == "timeout"
    assert result.stats.fetch_ms in range(150, 1500)


async def test_silence_ends_with_the_read_timeout(origin: Origin, make_client: MakeClient) -> None:
    begin = time.monotonic()

    result = await make_client(origin, read_timeout=0.1, max_attempts=1).get(origin.url("silent_in_body"))

    assert result.code == "timeout"
    assert time.monotonic() - begin < _SOON


async def test_all_attempts_share_one_image_timeout(origin: Origin, make_client: MakeClient) -> None:
    async def slow_failure(_: Reader, writer: Writer, __: Request) -> None:
        await asyncio.sleep(0.1)
        await send(writer, response_with(b"", status="500 Sorry"))

    origin.responders["slow_failure"] = slow_failure

    result = await make_client(origin, max_attempts=1000, image_timeout=0.3).get(origin.url("slow_failure"))

    assert result.code in {"timeout", "http_server_error"}
    assert result.stats.attempts in range(1, 5)


def _later(status: int, value: object) -> Responder:
    return reply(response_with(b"", f"Retry-After: {value}", status=f"{status} Later"), close=False)


@pytest.mark.parametrize(("status", "code"), [(429, "throttled"), (503, "http_server_error")])
async def test_image_fails_at_once_when_retry_after_exceeds_its_timeout(
    status: int, code: str, origin: Origin, make_client: MakeClient
) -> None:
    """It fails with the code of the origin's status."""
    origin.responders["later"] = _later(status, 11)
    begin = time.monotonic()

    result = await make_client(origin, image_timeout=10.0).get(origin.url("later"))

    assert (code, 1) == (result.code, result.stats.attempts)
    assert time.monotonic() - begin < _SOON


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The waits between attempts, in seconds; the client does not really wait."""
    recorded: list[float] = []

    async def sleep(seconds: float) -> None:
        recorded.append(seconds)

    monkeypatch.setattr("intake.download.downloader.asyncio", SimpleNamespace(sleep=sleep))
    monkeypatch.setattr("intake.download.downloader.random.random", lambda: 0.5)
    return recorded


@pytest.mark.parametrize(
    ("value", "seconds"),
    [(3, [3.05, 3.05]), (0, [0.05, 0.05]), (-3, _OWN_WAITS), ("soon", _OWN_WAITS), ("1.5", _OWN_WAITS)],
)
async def test_client_waits_as_long_as_retry_after_says(
    value: object, seconds: list[float], origin: Origin, client: Client, waits: list[float]
) -> None:
    """Where Retry-After is invalid, the client waits its own time, which doubles with each attempt."""
    origin.responders["later"] = _later(429, value)

    result = await client.get(origin.url("later"))

    assert (result.code, result.stats.attempts) == ("throttled", 3)
    assert seconds == waits


@pytest.mark.usefixtures("no_backoff")
@pytest.mark.parametrize("attempts", [1, 2, 5])
async def test_client_makes_as_many_attempts_as_are_allowed(
    attempts: int, origin: Origin, make_client: MakeClient
) -> None:
    result = await make_client(origin, max_attempts=attempts).get(origin.url("status_503"))

    assert attempts == result.stats.attempts == len(origin.requests)
