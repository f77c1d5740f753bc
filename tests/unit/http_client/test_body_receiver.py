"""Receiving a body into the buffer of the caller, over a fake transport."""

import asyncio
import weakref
from collections.abc import Sequence
from itertools import pairwise

import pytest

from intake.http_client.body_receiver import receive_into
from intake.http_client.connection import Connection
from intake.http_client.connection_reuse import is_reusable
from intake.http_client.errors import IncompleteBody, ReadTimeout, TransportError
from support.fake_transport import FakeTransport

BODY = bytes(range(200))
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\n"


async def _run_tasks() -> None:
    """Run every task to the point where it waits."""
    for _ in range(5):
        await asyncio.sleep(0)


async def _begin(transport: FakeTransport, response: bytes) -> None:
    sending = asyncio.create_task(transport.connection.send("GET", b"GET / HTTP/1.1\r\n\r\n"))
    await _run_tasks()
    transport.deliver(response)
    await sending


async def _read(connection: Connection, buffer: bytearray) -> int:
    """Read a body as its caller does; return its length."""
    size = 0
    while piece := await connection.read():
        buffer[size : size + len(piece)] = piece
        size += len(piece)
        while count := await receive_into(connection, memoryview(buffer)[size:]):
            size += count
    return size


@pytest.mark.parametrize("parts", [[0, 200], [1, 199], [1, 1, 198], [100, 50, 50], [199, 1], [200], [10] * 20])
@pytest.mark.parametrize("extra", [b"", b"HTTP/1.1 200 OK\r\n\r\n"])
async def test_body_is_received_into_the_buffer_however_it_is_split(
    transport: FakeTransport, parts: Sequence[int], extra: bytes
) -> None:
    """Bytes that follow the body are none of it, and the connection is not used again."""
    buffer = bytearray(len(BODY) + 50)
    ends = [sum(parts[: count + 1]) for count in range(len(parts))]
    await _begin(transport, HEAD + BODY[: ends[0]] + (extra if len(parts) == 1 else b""))
    reading = asyncio.create_task(_read(transport.connection, buffer))
    for start, end in pairwise(ends):
        await _run_tasks()
        transport.deliver(BODY[start:end] + (extra if end == len(BODY) else b""))

    assert await reading == len(BODY)
    assert buffer == BODY + bytes(50)
    assert is_reusable(transport.connection) is not bool(extra)


@pytest.mark.parametrize(
    "response",
    [
        HEAD + BODY[:1],  # a byte waits to be read
        HEAD + BODY,
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 9\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
    ],
)
async def test_nothing_is_received_when_the_next_bytes_have_arrived_or_have_no_known_end(
    transport: FakeTransport, response: bytes
) -> None:
    await _begin(transport, response)

    assert await receive_into(transport.connection, memoryview(bytearray(9))) == 0


async def test_nothing_is_received_when_the_connection_is_lost(transport: FakeTransport) -> None:
    await _begin(transport, HEAD)
    transport.connection.connection_lost(None)

    assert await receive_into(transport.connection, memoryview(bytearray(9))) == 0
    with pytest.raises(IncompleteBody):
        await transport.connection.read()


class WatchedBuffer(bytearray):
    """A buffer to which a weak reference is possible."""


async def _receive(connection: Connection, seconds: float = 5.0) -> "tuple[weakref.ref[WatchedBuffer], str]":
    """Receive into a new buffer; return a reference to it, and the bytes or the type of the error."""
    buffer = WatchedBuffer(500)
    try:
        async with asyncio.timeout(seconds):
            count = await receive_into(connection, memoryview(buffer))
    except (TransportError, TimeoutError) as error:
        return weakref.ref(buffer), type(error).__name__
    return weakref.ref(buffer), bytes(buffer[:count]).decode()


@pytest.mark.usefixtures("no_collector")
@pytest.mark.parametrize(
    ("event", "result"),
    [
        ("bytes", "body"),
        ("end", "IncompleteBody"),
        ("loss", "IncompleteBody"),
        ("silence", "ReadTimeout"),
        ("timeout", "TimeoutError"),
    ],
)
async def test_buffer_is_dropped_however_receiving_ends(transport: FakeTransport, event: str, result: str) -> None:
    """A transport of asyncio may refer to its last protocol for as long as it exists, as this one does over TLS."""
    await _begin(transport, HEAD)
    transport.connection._read_timeout = 0.02 if event == "silence" else 5.0
    receiving = asyncio.create_task(_receive(transport.connection, 0.02 if event == "timeout" else 5.0))
    await _run_tasks()
    receiver = transport.protocol
    assert isinstance(receiver, asyncio.BufferedProtocol)
    if event == "bytes":
        transport.deliver(b"body")
    elif event == "end":
        receiver.eof_received()
    elif event == "loss":
        receiver.connection_lost(ConnectionResetError())
    reference, outcome = await receiving
    del receiving

    assert (reference(), outcome) == (None, result)


async def test_bytes_of_the_body_wait_to_be_read_when_receiving_was_cancelled(transport: FakeTransport) -> None:
    await _begin(transport, HEAD)
    _, outcome = await _receive(transport.connection, 0.0)
    transport.deliver(BODY)

    assert (outcome, await transport.connection.read()) == ("TimeoutError", BODY)


async def test_silence_is_counted_from_the_last_byte(transport: FakeTransport) -> None:
    await _begin(transport, HEAD)
    transport.connection._read_timeout = 0.2
    buffer = memoryview(bytearray(len(BODY)))
    for _ in range(3):
        receiving = asyncio.create_task(receive_into(transport.connection, buffer))
        await asyncio.sleep(0.1)
        transport.deliver(b"x")
        assert await receiving == 1

    with pytest.raises(ReadTimeout):
        await receive_into(transport.connection, buffer)
