"""Sending a request whose body is a stream."""

import asyncio
from collections.abc import AsyncGenerator, Buffer

import pytest

from intake.http_client.connection_reuse import is_reusable
from intake.http_client.errors import ConnectionLost
from support.fake_transport import FakeTransport

REQUEST = b"GET / HTTP/1.1\r\n\r\n"
EMPTY_RESPONSE = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
SLICE = 256 * 1024


async def _run_tasks() -> None:
    """Run every task to the point where it waits."""
    for _ in range(5):
        await asyncio.sleep(0)


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
        await _run_tasks()
    assert [len(part) for part in transport.sent] == [len(REQUEST), 3, SLICE, 2]
    await pieces.queue.put(None)
    await _run_tasks()
    transport.connection.data_received(EMPTY_RESPONSE)

    assert (await sending).status == 200
    assert is_reusable(transport.connection)


async def test_connection_closes_a_stream_when_the_response_arrives_before_its_end(transport: FakeTransport) -> None:
    pieces = _Pieces()
    sending = asyncio.create_task(transport.connection.send("PUT", REQUEST, stream=pieces.stream()))
    await pieces.queue.put(b"one")
    await _run_tasks()
    transport.connection.data_received(EMPTY_RESPONSE)
    await pieces.queue.put(b"two")

    assert (await sending).status == 200
    assert (transport.sent, pieces.is_closed) == ([REQUEST, b"one"], True)
    assert not is_reusable(transport.connection)


async def test_connection_reports_its_end_when_a_stream_produces_the_next_piece(transport: FakeTransport) -> None:
    pieces = _Pieces()
    sending = asyncio.create_task(transport.connection.send("PUT", REQUEST, stream=pieces.stream()))
    await _run_tasks()
    transport.connection.connection_lost(ConnectionResetError("by the peer"))
    await pieces.queue.put(b"one")

    with pytest.raises(ConnectionLost, match="ConnectionResetError: by the peer"):
        await sending
    assert pieces.is_closed
