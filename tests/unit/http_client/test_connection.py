"""One connection, event by event, over a transport that does what the test says, when it says so."""

import asyncio
import socket
import weakref
from collections.abc import Generator
from contextlib import suppress

import pytest

from intake.http_client.connection import Connection
from intake.model.errors import ConnectionLost, IncompleteBody, IntakeError, Timeout
from support.fake_transport import FakeTransport

REQUEST = b"GET / HTTP/1.1\r\n\r\n"
EMPTY = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
ENDLESS = b"HTTP/1.1 200 OK\r\n\r\n"
SLICE = 256 * 1024


@pytest.fixture
def sock() -> Generator[socket.socket]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours


@pytest.fixture
async def wire(sock: socket.socket) -> FakeTransport:
    return FakeTransport(Connection(read_timeout=5.0), sock)


async def _turns() -> None:
    """Let everything come to where it waits."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_request_goes_out_slice_by_slice(wire: FakeTransport) -> None:
    wire.is_stuck = True
    asking = asyncio.create_task(wire.connection.send("PUT", REQUEST, bytes(2 * SLICE + 1)))
    for count in (2, 3, 4):
        await _turns()
        assert len(wire.sent) == count
        wire.is_stuck = count < 3
        wire.connection.resume_writing()
    await _turns()
    wire.connection.data_received(EMPTY)

    assert (await asking).status == 200
    assert ([len(part) for part in wire.sent[1:]], wire.connection.is_reusable) == ([SLICE, SLICE, 1], True)


@pytest.mark.parametrize("size", [SLICE, 2 * SLICE])
@pytest.mark.parametrize("drained", [False, True])
async def test_an_answer_before_the_request_is_out_is_the_last_one(
    wire: FakeTransport,
    size: int,
    drained: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """The server still waits for the rest of the body: the next request would be taken for it."""
    wire.is_stuck = True
    asking = asyncio.create_task(wire.connection.send("PUT", REQUEST, bytes(size)))
    await _turns()
    wire.connection.data_received(EMPTY)
    if drained and size > SLICE:  # in the same turn of the loop
        wire.connection.resume_writing()

    assert (await asking).status == 200
    assert len(wire.sent) == 2
    assert not wire.connection.is_reusable


async def test_a_peer_that_takes_no_bytes_is_not_silent(wire: FakeTransport) -> None:
    wire.connection._read_timeout = 0.02
    wire.is_stuck = True
    asking = asyncio.create_task(wire.connection.send("PUT", REQUEST, b"body"))
    await asyncio.sleep(0.06)
    assert not asking.done()
    wire.connection.resume_writing()

    with pytest.raises(Timeout):
        await asking


async def test_a_peer_that_says_no_more_is_not_sent_more(wire: FakeTransport) -> None:
    """A transport by itself would stay open for as long as something waits to go out."""
    wire.is_stuck = True
    asking = asyncio.create_task(wire.connection.send("PUT", REQUEST, bytes(2 * SLICE)))
    await _turns()
    wire.connection.eof_received()

    with pytest.raises(ConnectionLost):
        await asyncio.wait_for(asking, 1)


async def test_nothing_is_sent_after_what_could_not_be_sent(wire: FakeTransport) -> None:
    """Asyncio would log a line for each of eighty slices."""
    wire.is_broken = True

    with pytest.raises(ConnectionLost):
        await wire.connection.send("PUT", REQUEST, bytes(9 * SLICE))
    assert len(wire.sent) == 3


async def test_nothing_is_asked_over_a_connection_that_is_closing(wire: FakeTransport) -> None:
    wire.abort()

    with pytest.raises(ConnectionLost):
        await wire.connection.send("GET", REQUEST)
    assert not wire.sent


async def _ask(wire: FakeTransport, answer: bytes) -> None:
    asking = asyncio.create_task(wire.connection.send("GET", REQUEST))
    await _turns()
    wire.connection.data_received(answer)
    await asking


@pytest.mark.parametrize(("piece", "most"), [(b"x", 300), (b"x" * 2000, 70), (b"x" * 65536, 2)])
async def test_a_body_that_nobody_takes_is_not_read_on_however_small_its_pieces(
    wire: FakeTransport, piece: bytes, most: int
) -> None:
    """A piece of one byte costs hundreds: it is an object of its own."""
    await _ask(wire, ENDLESS)
    for _ in range(most):
        wire.connection.data_received(piece)
    paused = not wire.reading
    for _ in range(most):
        assert piece == await wire.connection.read()

    assert (paused, wire.reading) == (True, True)


async def test_what_comes_behind_a_whole_answer_is_seen(wire: FakeTransport) -> None:
    """Reading is not paused for a body that is there: bytes that nobody asked for would be the next answer."""
    await _ask(wire, b"HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n")
    wire.connection.data_received(bytes(200_000))

    assert wire.reading


class Watched(bytearray):
    """A body that can be watched."""


async def _ask_in_vain(connection: Connection, body: Watched) -> None:
    with suppress(IntakeError):
        await connection.send("PUT", REQUEST, body)


@pytest.mark.usefixtures("no_collector")
async def test_a_body_that_did_not_go_out_is_let_go_without_the_collector(wire: FakeTransport) -> None:
    """An error that its connection keeps, with the frames it went through, is a circle around the body."""
    body = Watched(b"body")
    watch = weakref.ref(body)
    asking = asyncio.create_task(_ask_in_vain(wire.connection, body))
    del body
    await _turns()
    wire.connection.connection_lost(ConnectionResetError())
    await asking
    wire.sent.clear()

    assert watch() is None


@pytest.mark.usefixtures("no_collector")
async def test_a_connection_that_is_over_is_let_go_without_the_collector(wire: FakeTransport) -> None:
    """With what nobody has read of it. What the start freezes, the collector never looks at again."""
    asking = asyncio.create_task(wire.connection.send("GET", REQUEST))
    await _turns()
    wire.connection.data_received(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nbody")
    await asking
    wire.connection.connection_lost(None)
    watch = weakref.ref(wire.connection)
    del wire.connection

    assert watch() is None


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"", ConnectionLost),
        (b"HTTP/1.1 200 OK\r\nContent-Le", ConnectionLost),
        (b"HTTP/1.1 103 Early Hints\r\n\r\n", ConnectionLost),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nbody", IncompleteBody),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n", IncompleteBody),
    ],
)
async def test_an_end_before_the_end_is_an_error(wire: FakeTransport, answer: bytes, error: type[IntakeError]) -> None:
    async def whole() -> bytes:
        await wire.connection.send("GET", REQUEST)
        body = b""
        while piece := await wire.connection.read():
            body += piece
        return body

    asking = asyncio.create_task(whole())
    await _turns()
    if answer:
        wire.connection.data_received(answer)
    await _turns()
    wire.connection.eof_received()

    with pytest.raises(error):
        await asyncio.wait_for(asking, 1)


async def test_who_no_longer_waits_is_not_in_the_way(wire: FakeTransport) -> None:
    asking = asyncio.create_task(wire.connection.send("GET", REQUEST))
    await _turns()
    asking.cancel()
    await asyncio.wait([asking])
    wire.connection.data_received(EMPTY)

    assert asking.cancelled()
    assert wire.connection._waiter is None
