"""Large bodies go out whole, plain and over TLS, a slice at a time, and nobody waits for them longer than need be."""

import asyncio
import hashlib
import random
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

import httpx
import pytest
import trustme

from intake.http_client.connection import _SLICE, Connection
from intake.http_client.transport import BytesBody, PooledTransport
from intake.model.errors import ConnectionLost
from support.origin.behaviour import Reader, Writer

SERVER, CLIENT = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
_AUTHORITY = trustme.CA()
_AUTHORITY.issue_cert("127.0.0.1").configure_cert(SERVER)
_AUTHORITY.configure_trust(CLIENT)
BODY = random.Random(1).randbytes(20 * 2**20)

pytestmark = [pytest.mark.usefixtures("no_leaks"), pytest.mark.parametrize("scheme", ["http", "https"])]


async def _digest(reader: Reader) -> bytes:
    """Read a whole body, slower than it comes."""
    digest, left = hashlib.sha256(), len(BODY)
    while left:
        part = await reader.read(2**17)
        digest.update(part)
        left -= len(part)
        await asyncio.sleep(0.001)
    return digest.hexdigest().encode()


@asynccontextmanager
async def _store(scheme: str, how: str) -> AsyncGenerator[str]:
    async def serve(reader: Reader, writer: Writer) -> None:
        with suppress(ConnectionError):
            await reader.readuntil(b"\r\n\r\n")
            if how == "reads":
                body = await _digest(reader)
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
                await reader.read(1)
            elif how == "answers early":
                writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 5\r\n\r\nnever")
                await asyncio.sleep(0.2)
        writer.transport.abort()

    tls = SERVER if scheme == "https" else None
    async with await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls) as server:
        yield f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        server.abort_clients()


async def _put(transport: PooledTransport, url: str) -> tuple[int, bytes]:
    fields = {"Content-Length": str(len(BODY))}
    async with asyncio.timeout(10):
        answer = await transport.handle_async_request(httpx.Request("PUT", url, stream=BytesBody(BODY), headers=fields))
        body = b"".join([bytes(piece) async for piece in answer.stream])  # type: ignore[union-attr]
        await answer.aclose()
    return answer.status_code, body


@pytest.fixture
async def transport() -> AsyncGenerator[PooledTransport]:
    made = PooledTransport(connect_timeout=5, read_timeout=5, tls=CLIENT)
    yield made
    await made.aclose()


async def test_a_large_body_arrives_whole_and_never_waits_in_memory(
    scheme: str, transport: PooledTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting: list[int] = []
    pause = Connection.pause_writing

    def count(connection: Connection) -> None:
        assert connection._transport is not None
        waiting.append(connection._transport.get_write_buffer_size())
        pause(connection)

    monkeypatch.setattr(Connection, "pause_writing", count)
    async with _store(scheme, "reads") as url:
        assert (200, hashlib.sha256(BODY).hexdigest().encode()) == await _put(transport, url)

    assert waiting
    assert max(waiting) < 1.5 * _SLICE  # and what TLS adds to it
    assert len(transport.pool._idle) == 1


async def test_an_answer_is_taken_before_the_body_is_out(scheme: str, transport: PooledTransport) -> None:
    """The connection is not: what is left of the body would be taken for the next request."""
    async with _store(scheme, "answers early") as url:
        assert await _put(transport, url) == (403, b"never")

    assert not transport.pool._idle


async def test_who_hangs_up_is_not_waited_for(
    scheme: str, transport: PooledTransport, caplog: pytest.LogCaptureFixture
) -> None:
    async with _store(scheme, "hangs up") as url:
        with pytest.raises(ConnectionLost):
            await _put(transport, url)

    assert not caplog.records  # asyncio warns of whoever writes on and on
