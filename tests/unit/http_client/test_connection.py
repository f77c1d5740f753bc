"""Responses that a connection receives, and its end, event by event, over a fake transport."""

import asyncio
import weakref
from contextlib import suppress

import pytest

from intake.http_client.connection import Connection
from intake.http_client.errors import ConnectionLost, IncompleteBody, MalformedResponse, TransportError
from support.fake_transport import FakeTransport, run_tasks

REQUEST = b"GET / HTTP/1.1\r\n\r\n"
EMPTY_RESPONSE = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
CLOSE_DELIMITED_HEAD = b"HTTP/1.1 200 OK\r\n\r\n"


async def _get(transport: FakeTransport, response: bytes) -> None:
    sending = asyncio.create_task(transport.connection.send("GET", REQUEST))
    await run_tasks()
    transport.connection.data_received(response)
    await sending


@pytest.mark.parametrize(("piece", "count"), [(b"x", 300), (b"x" * 2000, 70), (b"x" * 65536, 2)])
async def test_connection_pauses_reading_when_pieces_wait_however_small_they_are(
    transport: FakeTransport, piece: bytes, count: int
) -> None:
    """A piece of one byte is an object, of hundreds of bytes."""
    await _get(transport, CLOSE_DELIMITED_HEAD)
    for _ in range(count):
        transport.connection.data_received(piece)
    is_reading_before = transport.is_reading()
    for _ in range(count):
        assert piece == await transport.connection.read()

    assert (is_reading_before, transport.is_reading()) == (False, True)


async def test_connection_goes_on_reading_when_the_response_is_complete(transport: FakeTransport) -> None:
    """Otherwise it would not notice unsolicited bytes."""
    await _get(transport, b"HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n")
    transport.connection.data_received(bytes(200_000))

    assert transport.is_reading()


async def test_connection_closes_when_unsolicited_bytes_arrive(transport: FakeTransport) -> None:
    await _get(transport, EMPTY_RESPONSE)
    transport.connection.data_received(b"x")

    assert (transport.is_closed, transport.connection.is_reusable) == (True, False)


class WatchedBody(bytearray):
    """A body to which a weak reference is possible."""


async def _send_and_fail(connection: Connection, body: WatchedBody) -> None:
    with suppress(TransportError):
        await connection.send("PUT", REQUEST, body)


@pytest.mark.usefixtures("no_collector")
async def test_connection_keeps_no_reference_to_a_body_that_it_could_not_send(transport: FakeTransport) -> None:
    """An error that the connection keeps refers by its traceback to the body."""
    body = WatchedBody(b"body")
    reference = weakref.ref(body)
    sending = asyncio.create_task(_send_and_fail(transport.connection, body))
    del body
    await run_tasks()
    transport.connection.connection_lost(ConnectionResetError())
    await sending
    transport.sent.clear()

    assert reference() is None


@pytest.mark.usefixtures("no_collector")
@pytest.mark.parametrize("rest", [b"", b"not in chunks\r\n"])
async def test_lost_connection_is_freed_without_the_collector(transport: FakeTransport, rest: bytes) -> None:
    """With the pieces that nobody read. What is frozen at the start is never collected."""
    sending = asyncio.create_task(transport.connection.send("GET", REQUEST))
    await run_tasks()
    transport.connection.data_received(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n")
    await sending
    if rest:
        transport.connection.data_received(rest)
    transport.connection.connection_lost(None)
    await run_tasks()
    reference = weakref.ref(transport.connection)
    del transport.connection

    assert reference() is None


@pytest.mark.parametrize(
    ("response", "error"),
    [
        (b"", ConnectionLost),
        (b"HTTP/1.1 200 OK\r\nContent-Le", ConnectionLost),
        (b"HTTP/1.1 103 Early Hints\r\n\r\n", ConnectionLost),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nbody", IncompleteBody),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n", IncompleteBody),
        (b"SSH-2.0\r\n", MalformedResponse),
    ],
)
async def test_connection_raises_when_the_peer_ends_it_before_the_end_of_the_response(
    transport: FakeTransport, response: bytes, error: type[TransportError]
) -> None:
    async def exchange() -> bytes:
        await transport.connection.send("GET", REQUEST)
        body = b""
        while piece := await transport.connection.read():
            body += piece
        return body

    exchanging = asyncio.create_task(exchange())
    await run_tasks()
    if response:
        transport.connection.data_received(response)
    await run_tasks()
    transport.connection.eof_received()

    with pytest.raises(error):
        await asyncio.wait_for(exchanging, 1)


async def test_connection_accepts_a_response_when_the_task_that_waits_was_cancelled(transport: FakeTransport) -> None:
    sending = asyncio.create_task(transport.connection.send("GET", REQUEST))
    await run_tasks()
    sending.cancel()
    await asyncio.wait([sending])
    transport.connection.data_received(EMPTY_RESPONSE)

    assert sending.cancelled()
    assert transport.connection._waiter is None
