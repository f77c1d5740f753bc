"""The limit of connections that are being opened at once, on real sockets."""

import asyncio
import ssl
import time
from collections.abc import AsyncGenerator

import httpx
import pytest

from intake.http_client.errors import ConnectError, ConnectTimeout
from intake.http_client.transport import NO_BODY, PooledTransport
from support.origin import IMAGE, Origin

REQUESTS = 12
CLOSED_PORT = "http://127.0.0.1:1/"


@pytest.fixture
async def transport() -> AsyncGenerator[PooledTransport]:
    created = PooledTransport(connect_timeout=5, read_timeout=5, tls=ssl.create_default_context(), connect_limit=2)
    yield created
    await created.aclose()


async def get(transport: PooledTransport, url: str) -> bytes:
    parsed = httpx.URL(url)
    response = await transport.handle_async_request(
        httpx.Request("GET", parsed, headers=[(b"Host", parsed.netloc)], stream=NO_BODY)
    )
    assert isinstance(response.stream, httpx.AsyncByteStream)
    try:
        return b"".join([piece async for piece in response.stream])
    finally:
        await response.stream.aclose()


async def test_waiting_request_takes_an_idle_connection_when_one_comes_first(
    origin: Origin, transport: PooledTransport
) -> None:
    bodies = (get(transport, origin.url("length")) for _ in range(REQUESTS))
    assert await asyncio.gather(*bodies) == [IMAGE] * REQUESTS
    assert 1 <= origin.connections < REQUESTS


async def test_limit_does_not_bound_the_connections_that_are_open(origin: Origin, transport: PooledTransport) -> None:
    """Slow responses do not wait for each other."""
    tasks = [asyncio.create_task(get(transport, origin.url("silent"))) for _ in range(REQUESTS)]
    async with asyncio.timeout(4):
        while origin.connections < REQUESTS:  # noqa: ASYNC110 - the server runs in the same loop
            await asyncio.sleep(0.005)
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


async def test_waiting_request_gets_no_connection_that_must_close(origin: Origin, transport: PooledTransport) -> None:
    bodies = (get(transport, origin.url("length_then_close")) for _ in range(REQUESTS))
    assert await asyncio.gather(*bodies) == [IMAGE] * REQUESTS
    assert origin.connections == REQUESTS


async def test_every_waiting_request_fails_when_no_connection_can_be_opened(transport: PooledTransport) -> None:
    bodies = (get(transport, CLOSED_PORT) for _ in range(REQUESTS))
    errors = await asyncio.gather(*bodies, return_exceptions=True)
    assert [type(error) for error in errors] == [ConnectError] * REQUESTS


async def test_waiting_requests_do_not_time_out_one_after_another(monkeypatch: pytest.MonkeyPatch) -> None:
    async def stall(*_: object, **__: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr("intake.http_client.pool.connect_to_any", stall)
    transport = PooledTransport(connect_timeout=0.2, read_timeout=5, tls=ssl.create_default_context(), connect_limit=2)
    begin = time.perf_counter()
    bodies = (get(transport, CLOSED_PORT) for _ in range(REQUESTS))
    errors = await asyncio.gather(*bodies, return_exceptions=True)
    assert [type(error) for error in errors] == [ConnectTimeout] * REQUESTS
    assert time.perf_counter() - begin < 0.2 * REQUESTS / 2


async def test_cancelled_requests_pass_their_permission_on(origin: Origin, transport: PooledTransport) -> None:
    tasks = [asyncio.create_task(get(transport, origin.url("length"))) for _ in range(REQUESTS)]
    for task in tasks[::2]:
        await asyncio.sleep(0)
        task.cancel()
    bodies = await asyncio.gather(*tasks[1::2])
    assert bodies == [IMAGE] * (REQUESTS // 2)
    assert not transport.pool._connect_limiter._opening
