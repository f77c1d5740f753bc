"""Connections that are opened at once are bounded, where that is asked for, and nobody is left without one."""

import asyncio
import ssl
import time
from collections.abc import AsyncGenerator

import httpx
import pytest

from intake.http_client.transport import NO_BODY, PooledTransport
from intake.model.errors import ConnectFailed, Timeout
from support.origin import IMAGE, Origin

REQUESTS = 12


@pytest.fixture
async def transport() -> AsyncGenerator[PooledTransport]:
    made = PooledTransport(connect_timeout=5, read_timeout=5, tls=ssl.create_default_context(), dials=2)
    yield made
    await made.aclose()


async def ask(transport: PooledTransport, url: str) -> bytes:
    address = httpx.URL(url)
    answer = await transport.handle_async_request(
        httpx.Request("GET", address, headers=[(b"Host", address.netloc)], stream=NO_BODY)
    )
    assert isinstance(answer.stream, httpx.AsyncByteStream)
    try:
        return b"".join([bytes(piece) async for piece in answer.stream])
    finally:
        await answer.stream.aclose()


async def test_connections_that_are_free_are_taken_in_place_of_new_ones(
    origin: Origin, transport: PooledTransport
) -> None:
    asked = (ask(transport, origin.url("length")) for _ in range(REQUESTS))
    assert await asyncio.gather(*asked) == [IMAGE] * REQUESTS
    assert 1 <= origin.connections < REQUESTS


async def test_as_many_are_open_as_there_are_slow_answers(origin: Origin, transport: PooledTransport) -> None:
    """The bound is on what is opened at once: slow answers do not wait for each other."""
    tasks = [asyncio.create_task(ask(transport, origin.url("silent"))) for _ in range(REQUESTS)]
    async with asyncio.timeout(4):
        while origin.connections < REQUESTS:  # noqa: ASYNC110 - the server runs in the same loop
            await asyncio.sleep(0.005)
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


async def test_connections_that_are_spent_are_not_handed_on(origin: Origin, transport: PooledTransport) -> None:
    asked = (ask(transport, origin.url("length_then_close")) for _ in range(REQUESTS))
    assert await asyncio.gather(*asked) == [IMAGE] * REQUESTS
    assert origin.connections == REQUESTS


async def test_where_nothing_can_be_opened_everybody_is_told(transport: PooledTransport) -> None:
    asked = (ask(transport, "http://127.0.0.1:1/") for _ in range(REQUESTS))
    told = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(error) for error in told] == [ConnectFailed] * REQUESTS


async def test_who_waits_to_dial_does_not_wait_for_the_time_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(*_: object, **__: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr("intake.http_client.pool.start_connection", never)
    transport = PooledTransport(connect_timeout=0.2, read_timeout=5, tls=ssl.create_default_context(), dials=2)
    begin = time.perf_counter()
    asked = (ask(transport, "http://127.0.0.1:1/") for _ in range(REQUESTS))
    told = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(error) for error in told] == [Timeout] * REQUESTS
    assert time.perf_counter() - begin < 0.2 * REQUESTS / 2


async def test_who_is_cut_off_leaves_its_turn_to_the_others(origin: Origin, transport: PooledTransport) -> None:
    tasks = [asyncio.create_task(ask(transport, origin.url("length"))) for _ in range(REQUESTS)]
    for task in tasks[::2]:
        await asyncio.sleep(0)
        task.cancel()
    left = await asyncio.gather(*tasks[1::2])
    assert left == [IMAGE] * (REQUESTS // 2)
    assert not transport.pool._dials._lanes
