"""One connection: sends one request at a time (RFC 9112) and receives its response.

It uses asyncio's transports and protocols, because streams would copy every body once more. `body_receiver.py` receives
the rest of a body. A connection that received unsolicited bytes is not reused.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Buffer, Callable
from contextlib import aclosing
from typing import cast, override

from intake.http_client.errors import ConnectionLost, MalformedResponse, ReadTimeout, TransportError, copy_error
from intake.http_client.read_deadline import ReadDeadline
from intake.http_client.response_head import ResponseHead
from intake.http_client.response_parser import Piece, ResponseParser
from intake.http_client.socket_state import has_unacknowledged_bytes
from intake.http_client.tls import is_clean_end

_SLICE_BYTES = 256 * 1024
"""Bytes of a request's body that are passed to the transport at once, which bounds the copy that TLS makes."""

_MAX_UNREAD_BYTES = 128 * 1024
"""Bytes of a response that may wait for the caller before the connection stops reading."""

_WRITE_LIMIT_BYTES = 1
"""Unsent bytes above which asyncio calls `pause_writing`. With 0, its TLS transport never calls it."""

_PIECE_OVERHEAD_BYTES = 512
"""Memory that a piece of a body takes besides its bytes: a peer may send a body byte by byte."""


class Connection(asyncio.Protocol):
    """A connection that carries one request and its response at a time.

    Attributes:
        transport: set by asyncio; None before the connection is made and after it is lost.
        is_persistent: whether another request may follow, according to the exchanges so far.
        is_reused: whether the connection was in the pool before, so that the server may have closed it meanwhile.
        has_received: whether a byte has arrived since the last request.
        on_lost: called when the connection is lost; its socket is closed then.
        was_request_received: whether the peer had received the whole request when it responded.
        idle_since: when the connection was returned to the pool, in seconds on the loop's clock.
    """

    is_reused = False
    was_request_received = True
    idle_since = 0.0

    def __init__(self, read_timeout: float) -> None:
        """Create a connection, to which asyncio then connects a transport.

        Args:
            read_timeout: seconds without a byte while a response, or more of it, is due.
        """
        self._loop = asyncio.get_running_loop()
        self._read_timeout = read_timeout
        self.transport: asyncio.Transport | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._read_deadline = ReadDeadline()
        self._is_writable = True
        self._error: TransportError | None = None
        self.on_lost: Callable[[], None] = lambda: None
        self.is_persistent = True
        self._expect_response("")
        self._response.is_complete = True

    def _expect_response(self, method: str) -> None:
        self._response = ResponseParser(method)
        self.has_received = False
        self._pieces: deque[Piece] = deque()
        self._unread_bytes = 0

    async def send(
        self, method: str, head: bytes, body: Buffer = b"", stream: AsyncGenerator[Buffer] | None = None
    ) -> ResponseHead:
        """Send a request and return the head of its response.

        Args:
            method: the method of the request.
            head: the request line and the fields, with the blank line after them.
            body: sent after the head, without a copy.
            stream: sent after `body`, piece by piece. It is also closed if the response comes before its end.

        Raises:
            ReadTimeout, ConnectionLost, MalformedResponse: there is no response.
        """
        transport = self.transport
        if transport is None or transport.is_closing():
            raise copy_error(self._error or ConnectionLost("the connection is closed"))
        self._expect_response(method)
        view = memoryview(body)
        if view:
            transport.writelines([head, view[:_SLICE_BYTES]])
            transport.set_write_buffer_limits(high=_WRITE_LIMIT_BYTES)  # calls pause_writing, as `writelines` does not
        else:
            transport.write(head)
        is_sent = len(view) <= _SLICE_BYTES or await self._write(view[_SLICE_BYTES:])
        if stream is not None:
            is_sent = await self._write_stream(stream)
        # If the response comes first, the server would read the rest of the body as the next request.
        is_sent = await self._flush() and is_sent
        self.is_persistent = self.is_persistent and is_sent
        await self.wait_until(lambda: self._response.head is not None)
        self.was_request_received = is_sent and not ((view or stream) and has_unacknowledged_bytes(transport))
        return cast("ResponseHead", self._response.head)

    async def read(self) -> Piece:
        """Return the next piece of the response's body; b"" after its end.

        Raises:
            ReadTimeout, ConnectionLost, IncompleteBody, MalformedResponse: the body does not reach its end.
        """
        if not self._pieces:
            await self.wait_until(lambda: bool(self._pieces) or self._response.is_complete)
        if not self._pieces:
            return b""
        piece = self._pieces.popleft()
        self._unread_bytes -= len(piece) + _PIECE_OVERHEAD_BYTES
        if self.transport is not None and self._unread_bytes < _MAX_UNREAD_BYTES:
            self.transport.resume_reading()
        return piece

    @property
    def body_left(self) -> int:
        """Bytes of a body of known length that have not arrived; 0 while others wait to be read."""
        return 0 if self._pieces else self._response.body_left

    def body_received(self, size: int) -> None:
        """Count bytes of the body that `receive_into` has received."""
        self._response.skip(size)
        self._wake()

    @property
    def must_close(self) -> bool:
        """Whether no request can follow: the response is not complete, or was the last one on this connection."""
        transport = self.transport
        return transport is None or transport.is_closing() or not (self._response.is_complete and self.is_persistent)

    def close(self) -> None:
        """Abort, without close_notify: a peer that never answers it would keep the socket open."""
        if self.transport is not None:
            self.transport.abort()

    async def _write(self, data: memoryview) -> bool:
        """Write slice by slice; return False if the response or the end of the connection comes first."""
        for start in range(0, len(data), _SLICE_BYTES):
            transport = self.transport
            if transport is None or transport.is_closing():
                return False
            if not await self._flush() or self._response.head is not None:
                return False
            transport.write(data[start : start + _SLICE_BYTES])
            await asyncio.sleep(0)  # lets other tasks run, and asyncio report a lost connection
        return True

    async def _write_stream(self, stream: AsyncGenerator[Buffer]) -> bool:
        async with aclosing(stream):
            async for piece in stream:
                if not await self._write(memoryview(piece)):
                    return False
        return True

    async def _flush(self) -> bool:
        """Wait until the transport has sent all that was written, or a response arrives; return whether it was sent.

        There is no timeout, because a peer that reads slowly is not silent.
        """
        if not self._is_writable:
            await self.wait_until(lambda: self._is_writable or self._response.head is not None, has_timeout=False)
        return self._is_writable

    async def wait_until(self, condition: Callable[[], bool], *, has_timeout: bool = True) -> None:
        """Wait for a condition. Raise the connection's error, or ReadTimeout after `read_timeout` without an event."""
        while not condition():
            if self._error is not None:
                raise copy_error(self._error)
            self._waiter = self._loop.create_future()
            if has_timeout:
                self._read_deadline.arm(self._loop.time() + self._read_timeout, self._time_out)
            try:
                await self._waiter
            finally:
                self._waiter = None
                self._read_deadline.disarm()

    def _time_out(self) -> None:
        self._fail(ReadTimeout(f"no byte for {self._read_timeout:g} seconds"))

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _fail(self, error: TransportError) -> None:
        if self._error is None:
            self._error = error
        self.close()
        self._wake()

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # plain TCP, or TLS
        self.transport.set_write_buffer_limits(high=_WRITE_LIMIT_BYTES)

    @override
    def pause_writing(self) -> None:
        self._is_writable = False

    @override
    def resume_writing(self) -> None:
        self._is_writable = True
        self._wake()

    @override
    def data_received(self, data: bytes) -> None:
        response = self._response
        if response.is_complete:
            self.close()  # unsolicited bytes would be read as the next response (RFC 9112, 9.2)
            return
        self.has_received = True
        try:
            pieces = [piece for piece in response.feed(data) if piece]
        except MalformedResponse as error:
            self._fail(error.with_traceback(None))  # the traceback refers to this connection and to the data
            return
        self._pieces += pieces
        self._unread_bytes += sum(map(len, pieces)) + len(pieces) * _PIECE_OVERHEAD_BYTES
        if response.has_extra_bytes or (response.head is not None and not response.head.is_persistent):
            self.is_persistent = False
        # After a complete response the connection keeps reading, so that it notices unsolicited bytes.
        if self._unread_bytes >= _MAX_UNREAD_BYTES and self.transport is not None and not response.is_complete:
            self.transport.pause_reading()
        self._wake()

    @override
    def eof_received(self) -> None:
        if self.transport is not None and self._error is None:
            self._error = self._response.feed_eof(is_clean=is_clean_end(self.transport))
        self.is_persistent = False
        self.close()  # asyncio would continue to send, to a peer that may no longer read
        self._wake()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self.transport = None
        self._read_deadline.close()
        if self._error is None:
            self._error = self._response.feed_loss("closed" if exc is None else f"{type(exc).__name__}: {exc}")
        self.on_lost()
        self._wake()
