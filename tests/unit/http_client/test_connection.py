"""One connection, event by event, over a fake transport."""

import asyncio
import weakref
from contextlib import suppress

import pytest

from intake.http_client.connection import Connection
from intake.http_client.connection_reuse import is_reusable
from intake.http_client.errors import ConnectionLost, IncompleteBody, MalformedResponse, ReadTimeout, TransportError
from support.fake_transport import FakeTransport

REQUEST = b"GET / HTTP/1.1\r\n\r\n"
EMPTY_RESPONSE = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
CLOSE_DELIMITED_HEAD = b"HTTP/1.1 200 OK\r\n\r\n"
SLICE = 256 * 1024


async def _run_tasks() -> None:
    """Run every task to the point where it waits."""
    for _ in range(5):
        await asyncio.sleep(0)


async def _get(transport: FakeTransport, response: bytes) -> None:
    sending = asyncio.create_task(transport.connection.send("GET", REQUEST))
    await _run_tasks()
    transport.connection.data_received(response)
    await sending


async def test_connection_sends_a_body_slice_by_slice(transport: FakeTransport) -> None:
    transport.is_stuck = True
    sending = asyncio.create_task(transport.connection.send("PUT", REQUEST, bytes(2 * SLICE + 1)))
    for count in (2, 3, 4):
        await _run_tasks()
        assert len(transport.sent) == count
        transport.is_stuck = count < 3
        transport.connection.resume_writing()
    await _run_tasks()
    transport.connection.data_received(EMPTY_RESPONSE)

    assert (await sending).status == 200
    assert [len(part) for part in transport.sent[1:]] == [SLICE, SLICE, 1]
    assert is_reusable(transport.connection)


@pytest.mark.parametrize("size", [SLICE, 2 * SLICE])
@pytest.mark.parametrize("drained", [False, True])
async def test_connection_is_not_reusable_when_the_response_arrives_before_the_body_is_sent(
    transport: FakeTransport,
    size: int,
    drained: bool,  # noqa: FBT001
) -> None:
    """The server takes the next request for the rest of the body."""
    transport.is_stuck = True
    sending = asyncio.create_task(transport.connection.send("PUT", REQUEST, bytes(size)))
    await _run_tasks()
    transport.connection.data_received(EMPTY_RESPONSE)
    if drained and size > SLICE:  # in the same iteration of the loop
        transport.connection.resume_writing()

    assert (await sending).status == 200
    assert len(transport.sent) == 2
    assert not is_reusable(transport.connection)


async def test_read_timeout_is_not_counted_while_the_peer_reads_the_request(transport: FakeTransport) -> None:
    transport.connection._read_timeout = 0.02
    transport.is_stuck = True
    sending = asyncio.create_task(transport.connection.send("PUT", REQUEST, b"body"))
    await asyncio.sleep(0.06)
    assert not sending.done()
    transport.connection.resume_writing()

    with pytest.raises(ReadTimeout, match=r"no byte for 0\.02 seconds"):
        await sending


async def test_connection_stops_sending_when_the_peer_ends_it(transport: FakeTransport) -> None:
    """A transport of asyncio would stay open as long as something waits to be sent."""
    transport.is_stuck = True
    sending = asyncio.create_task(transport.connection.send("PUT", REQUEST, bytes(2 * SLICE)))
    await _run_tasks()
    transport.connection.eof_received()

    with pytest.raises(ConnectionLost):
        await asyncio.wait_for(sending, 1)


async def test_connection_sends_no_more_slices_when_one_could_not_be_sent(transport: FakeTransport) -> None:
    """Asyncio would log a line for each of eighty slices."""
    transport.is_broken = True

    with pytest.raises(ConnectionLost):
        await transport.connection.send("PUT", REQUEST, bytes(9 * SLICE))
    assert len(transport.sent) == 3


async def test_connection_sends_nothing_when_it_is_closing(transport: FakeTransport) -> None:
    transport.abort()

    with pytest.raises(ConnectionLost):
        await transport.connection.send("GET", REQUEST)
    assert not transport.sent


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

    assert (transport.is_closed, is_reusable(transport.connection)) == (True, False)


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
    await _run_tasks()
    transport.connection.connection_lost(ConnectionResetError())
    await sending
    transport.sent.clear()

    assert reference() is None


@pytest.mark.usefixtures("no_collector")
@pytest.mark.parametrize("rest", [b"", b"not in chunks\r\n"])
async def test_lost_connection_is_freed_without_the_collector(transport: FakeTransport, rest: bytes) -> None:
    """With the pieces that nobody read. What is frozen at the start is never collected."""
    sending = asyncio.create_task(transport.connection.send("GET", REQUEST))
    await _run_tasks()
    transport.connection.data_received(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n")
    await sending
    if rest:
        transport.connection.data_received(rest)
    transport.connection.connection_lost(None)
    await _run_tasks()
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
    await _run_tasks()
    if response:
        transport.connection.data_received(response)
    await _run_tasks()
    transport.connection.eof_received()

    with pytest.raises(error):
        await asyncio.wait_for(exchanging, 1)


async def test_connection_accepts_a_response_when_the_task_that_waits_was_cancelled(transport: FakeTransport) -> None:
    sending = asyncio.create_task(transport.connection.send("GET", REQUEST))
    await _run_tasks()
    sending.cancel()
    await asyncio.wait([sending])
    transport.connection.data_received(EMPTY_RESPONSE)

    assert sending.cancelled()
    assert transport.connection._waiter is None
