"""Large request bodies on real sockets, plain and over TLS."""

import asyncio
import hashlib
import random
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

import httpx
import pytest
import trustme

from intake.http_client.connection import _SLICE_BYTES, Connection
from intake.http_client.errors import ConnectionLost
from intake.http_client.transport import BytesBody, PooledTransport
from support.origin.behaviour import Reader, Writer

SERVER, CLIENT = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
_CA = trustme.CA()
_CA.issue_cert("127.0.0.1").configure_cert(SERVER)
_CA.configure_trust(CLIENT)
BODY = random.Random(1).randbytes(20 * 2**20)

pytestmark = [pytest.mark.usefixtures("no_leaks"), pytest.mark.parametrize("scheme", ["http", "https"])]


async def _digest(reader: Reader) -> bytes:
    """Read a whole body, more slowly than it arrives."""
    digest, left = hashlib.sha256(), len(BODY)
    while left:
        part = await reader.read(2**17)
        digest.update(part)
        left -= len(part)
        await asyncio.sleep(0.001)
    return digest.hexdigest().encode()


@asynccontextmanager
async def _server(scheme: str, how: str) -> AsyncGenerator[str]:
    async def serve(reader: Reader, writer: Writer) -> None:
        with suppress(ConnectionError):
            await reader.readuntil(b"\r\n\r\n")
            if how == "reads":
                body = await _digest(reader)
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
                await reader.read(1)
            elif how == "responds early":
                writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 5\r\n\r\nnever")
                await asyncio.sleep(0.2)
        writer.transport.abort()

    tls = SERVER if scheme == "https" else None
    async with await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls) as server:
        yield f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        server.abort_clients()


async def _put(transport: PooledTransport, url: str) -> tuple[int, bytes]:
    headers = {"Content-Length": str(len(BODY))}
    async with asyncio.timeout(10):
        response = await transport.handle_async_request(
            httpx.Request("PUT", url, stream=BytesBody(BODY), headers=headers)
        )
        body = b"".join([piece async for piece in response.stream])  # type: ignore[union-attr]
        await response.aclose()
    return response.status_code, body


@pytest.fixture
async def transport() -> AsyncGenerator[PooledTransport]:
    created = PooledTransport(connect_timeout=5, read_timeout=5, tls=CLIENT)
    yield created
    await created.aclose()


async def test_large_body_arrives_whole_and_is_never_copied_as_a_whole(
    scheme: str, transport: PooledTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    unsent: list[int] = []
    pause = Connection.pause_writing

    def record(connection: Connection) -> None:
        assert connection.transport is not None
        unsent.append(connection.transport.get_write_buffer_size())
        pause(connection)

    monkeypatch.setattr(Connection, "pause_writing", record)
    async with _server(scheme, "reads") as url:
        assert (200, hashlib.sha256(BODY).hexdigest().encode()) == await _put(transport, url)

    assert unsent
    assert max(unsent) < 1.5 * _SLICE_BYTES  # and the overhead of TLS
    assert len(transport.pool._idle) == 1


async def test_response_is_returned_when_it_arrives_before_the_body_is_sent(
    scheme: str, transport: PooledTransport
) -> None:
    """The connection is not reused: the server would take the rest of the body for the next request."""
    async with _server(scheme, "responds early") as url:
        assert await _put(transport, url) == (403, b"never")

    assert not transport.pool._idle


async def test_upload_fails_at_once_when_the_server_closes_the_connection(
    scheme: str, transport: PooledTransport, caplog: pytest.LogCaptureFixture
) -> None:
    async with _server(scheme, "closes") as url:
        with pytest.raises(ConnectionLost):
            await _put(transport, url)

    assert not caplog.records  # asyncio warns when a closed connection is written to again and again
