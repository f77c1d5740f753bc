"""One clock per image: what the origin takes counts, what our own bounds take does not."""

import asyncio
import time
from types import SimpleNamespace

import pytest

from intake.download.retry import BASE_SECONDS, CAP_SECONDS
from intake.model.backoff import backoff
from support.origin import IMAGE, Origin
from support.origin.behaviour import Reader, Request, Responder, Writer, chunks, head, reply, response, send
from support.origin.client import Client, MakeClient, Result
from support.sample_images import jpeg_of_size

_TAKES = 0.25
"""Seconds that an origin, or somebody else's image, takes."""

_SOON = 2.0
_OUR_OWN = [backoff(attempt, 0.5, base=BASE_SECONDS, cap=CAP_SECONDS) for attempt in (1, 2)]


async def _slow(_: Reader, writer: Writer, __: Request) -> None:
    await asyncio.sleep(_TAKES)
    await send(writer, response(IMAGE))


async def _three(client: Client, url: str) -> tuple[list[Result], float]:
    begin = time.monotonic()
    results = await asyncio.gather(*(client.get(f"{url}/{number}") for number in range(3)))
    return results, time.monotonic() - begin


async def test_waiting_for_a_place_at_the_origin_does_not_count(origin: Origin, make_client: MakeClient) -> None:
    """The last of three waits longer than an image may take, and is stored."""
    origin.responders["slow"] = _slow

    results, elapsed = await _three(make_client(origin, max_per_origin=1, image_timeout=2 * _TAKES), origin.url("slow"))

    assert [result.code for result in results] == ["stored"] * 3
    assert elapsed >= 3 * _TAKES
    assert all(result.stats.fetch_ms < 2000 * _TAKES for result in results)


async def test_waiting_for_memory_does_not_count(origin: Origin, make_client: MakeClient) -> None:
    """All of it is taken for longer than an image may take."""
    client = make_client(origin, image_timeout=_TAKES)
    await client.budget.acquire(client.budget.size, "another")
    task = asyncio.create_task(client.get(origin.url("chunked")))

    await asyncio.sleep(2 * _TAKES)
    assert not task.done()
    client.budget.release(client.budget.size, "another")
    result = await task

    assert result.code == "stored"
    assert result.stats.fetch_ms < 1000 * _TAKES


@pytest.mark.parametrize("framing", ["sized", "chunked"])
async def test_silence_of_our_own_making_does_not_count(framing: str, origin: Origin, make_client: MakeClient) -> None:
    """A body that we do not read for want of memory fills the connection, and then nothing comes."""
    body = jpeg_of_size(4_000_000, seed=1)
    pieces = (body[place : place + 700] for place in range(0, len(body), 700))
    in_chunks = head("Transfer-Encoding: chunked") + chunks([*pieces, b""])
    origin.responders["large"] = reply(in_chunks if framing == "chunked" else response(body), close=False)
    client = make_client(
        origin, max_image_bytes=len(body), memory_budget_bytes=len(body), read_timeout=0.2, max_attempts=1
    )
    await client.budget.acquire(client.budget.size, "another")
    task = asyncio.create_task(client.get(origin.url("large")))

    await asyncio.sleep(2 * _TAKES)
    client.budget.release(client.budget.size, "another")

    assert (await task).body == body
    assert (await client.get(origin.url("length"))).body == IMAGE
    assert origin.connections == 1


async def test_a_drip_ends_by_the_clock_of_the_image(origin: Origin, make_client: MakeClient) -> None:
    """Every byte starts the clock of silence anew."""
    client = make_client(origin, read_timeout=0.2, image_timeout=0.4)

    result = await client.get(origin.url("slow_body"))

    assert result.code == "timeout"
    assert result.stats.fetch_ms in range(150, 1500)


async def test_silence_ends_before_the_clock_of_the_image(origin: Origin, make_client: MakeClient) -> None:
    begin = time.monotonic()

    result = await make_client(origin, read_timeout=0.1, max_attempts=1).get(origin.url("silent_in_body"))

    assert result.code == "timeout"
    assert time.monotonic() - begin < _SOON


async def test_all_attempts_share_one_clock(origin: Origin, make_client: MakeClient) -> None:
    async def slow_failure(_: Reader, writer: Writer, __: Request) -> None:
        await asyncio.sleep(0.1)
        await send(writer, response(b"", status="500 Sorry"))

    origin.responders["slow_failure"] = slow_failure

    result = await make_client(origin, max_attempts=1000, image_timeout=0.3).get(origin.url("slow_failure"))

    assert result.code in {"timeout", "http_server_error"}
    assert result.stats.attempts in range(1, 5)


def _later(status: int, value: object) -> Responder:
    return reply(response(b"", f"Retry-After: {value}", status=f"{status} Later"), close=False)


@pytest.mark.parametrize(("status", "code"), [(429, "throttled"), (503, "http_server_error")])
async def test_to_be_asked_to_wait_too_long_fails_at_once(
    status: int, code: str, origin: Origin, make_client: MakeClient
) -> None:
    """With the origin's own code: a wait that cannot end well is not begun."""
    origin.responders["later"] = _later(status, 11)
    begin = time.monotonic()

    result = await make_client(origin, image_timeout=10.0).get(origin.url("later"))

    assert (code, 1) == (result.code, result.stats.attempts)
    assert time.monotonic() - begin < _SOON


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long was to be waited; nobody waits."""
    seen: list[float] = []

    async def sleep(seconds: float) -> None:
        seen.append(seconds)

    monkeypatch.setattr("intake.download.downloader.asyncio", SimpleNamespace(sleep=sleep))
    monkeypatch.setattr("intake.download.downloader.random.random", lambda: 0.5)
    return seen


@pytest.mark.parametrize(
    ("value", "seconds"), [(3, [3.05, 3.05]), (0, [0.05, 0.05]), (-3, _OUR_OWN), ("soon", _OUR_OWN), ("1.5", _OUR_OWN)]
)
async def test_what_the_origin_asks_for_is_waited(
    value: object, seconds: list[float], origin: Origin, client: Client, waits: list[float]
) -> None:
    """Where it asks for nothing that makes sense, the wait is our own, twice as long each time."""
    origin.responders["later"] = _later(429, value)

    result = await client.get(origin.url("later"))

    assert (result.code, result.stats.attempts) == ("throttled", 3)
    assert seconds == waits


@pytest.mark.usefixtures("no_backoff")
@pytest.mark.parametrize("attempts", [1, 2, 5])
async def test_as_many_attempts_as_are_allowed(attempts: int, origin: Origin, make_client: MakeClient) -> None:
    result = await make_client(origin, max_attempts=attempts).get(origin.url("status_503"))

    assert attempts == result.stats.attempts == len(origin.requests)
