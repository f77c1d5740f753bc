"""Requests that a connection sends, event by event, over a fake transport."""

import asyncio
from collections.abc import AsyncGenerator, Buffer

import pytest

from intake.http_client.errors import ConnectionLost, ReadTimeout
from support.fake_transport import FakeTransport, run_tasks

REQUEST = b"GET / HTTP/1.1\r\n\r\n"
EMPTY_RESPONSE = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
SLICE = 256 * 1024


async def test_connection_sends_a_body_slice_by_slice(transport: FakeTransport) -> None:
    transport.is_stuck = True
    sending = asyncio.create_task(transport.connection.send("PUT", REQUEST, bytes(2 * SLICE + 1)))
    for count in (2, 3, 4):
        await run_tasks()
        assert len(transport.sent) == count
        transport.is_stuck = count < 3
        transport.connection.resume_writing()
    await run_tasks()
    transport.connection.data_received(EMPTY_RESPONSE)

    assert (await sending).status == 200
    assert [len(part) for part in transport.sent[1:]] == [SLICE, SLICE, 1]
    assert transport.connection.is_reusable


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
    await run_tasks()
    transport.connection.data_received(EMPTY_RESPONSE)
    if drained and size > SLICE:  # in the same iteration of the loop
        transport.connection.resume_writing()

    assert (await sending).status == 200
    assert len(transport.sent) == 2
    assert not transport.connection.is_reusable


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
    await run_tasks()
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


class _Pieces:
    """A body that is produced piece by piece, when the test says so."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[Buffer | None] = asyncio.Queue()
        self.is_closed = False

    async def stream(self) -> AsyncGenerator[Buffer]:
        try:
            while (piece := await self.queue.get()) is not None:
                yield piece
        finally:
            self.is_closed = True


async def test_connection_sends_each_piece_of_a_stream_when_it_is_produced(transport: FakeTransport) -> None:
    pieces = _Pieces()
    sending = asyncio.create_task(transport.connection.send("PUT", REQUEST, stream=pieces.stream()))
    for piece in (b"one", bytes(SLICE + 2)):
        await pieces.queue.put(piece)
        await run_tasks()
    assert [len(part) for part in transport.sent] == [len(REQUEST), 3, SLICE, 2]
    await pieces.queue.put(None)
    await run_tasks()
    transport.connection.data_received(EMPTY_RESPONSE)

    assert (await sending).status == 200
    assert transport.connection.is_reusable


async def test_connection_closes_a_stream_when_the_response_arrives_before_its_end(transport: FakeTransport) -> None:
    pieces = _Pieces()
    sending = asyncio.create_task(transport.connection.send("PUT", REQUEST, stream=pieces.stream()))
    await pieces.queue.put(b"one")
    await run_tasks()
    transport.connection.data_received(EMPTY_RESPONSE)
    await pieces.queue.put(b"two")

    assert (await sending).status == 200
    assert (transport.sent, pieces.is_closed) == ([REQUEST, b"one"], True)
    assert not transport.connection.is_reusable


async def test_connection_reports_its_end_when_a_stream_produces_the_next_piece(transport: FakeTransport) -> None:
    pieces = _Pieces()
    sending = asyncio.create_task(transport.connection.send("PUT", REQUEST, stream=pieces.stream()))
    await run_tasks()
    transport.connection.connection_lost(ConnectionResetError("by the peer"))
    await pieces.queue.put(b"one")

    with pytest.raises(ConnectionLost, match="ConnectionResetError: by the peer"):
        await sending
    assert pieces.is_closed
