"""One connection, which carries one answer to one request at a time (RFC 9112), and says so when more came.

Written on asyncio's transports: a general client buys convenience with copies, and parses whatever a peer sends,
whenever it does. Here nothing counts but the answer to the request that is under way.
"""

import asyncio
import select
import ssl
from collections import deque
from collections.abc import Buffer, Callable, Sequence
from typing import cast, override

from intake.domain.errors import BadResponse, ConnectionLost, IncompleteBody, IntakeError, Timeout
from intake.domain.http1 import MAX_HEAD_BYTES, Chunks, Head, end_of_head, read_head

_MAX_HEADS = 100
"""Of an answer and the interim ones before it: thousands of them fit into one turn of the loop."""

_SLICE = 256 * 1024
"""Bytes of a request's body that are handed to the transport at once; TLS makes a copy of them."""

_HIGH_WATER = 128 * 1024
"""Bytes of an answer that wait to be taken, before no more are read."""


class Connection(asyncio.Protocol):
    """What stands between the transport of a connection and whoever asks over it.

    Attributes:
        persistent: another request may follow the answer that is there.
        since: when the pool got it back, on the loop's clock.
    """

    since = 0.0

    def __init__(self, read_timeout: float) -> None:
        """Wait for a transport.

        Args:
            read_timeout: seconds of silence, where an answer or more of it is due.
        """
        self._loop = asyncio.get_running_loop()
        self._read_timeout = read_timeout
        self._transport: asyncio.Transport | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._writable = True
        self._error: IntakeError | None = None
        self.persistent = True
        self._begin("")
        self._complete = True

    def _begin(self, method: str) -> None:
        self._method = method
        self._received = b""
        self._passed = 0  # bytes of blank lines and of interim answers, which are over
        self._heads = 0
        self._head: Head | None = None
        self._left = 0
        self._chunks: Chunks | None = None
        self._body: deque[bytes | memoryview] = deque()
        self._waiting_bytes = 0
        self._complete = False

    # -- to whoever asks -------------------------------------------------------------------------

    async def ask(self, method: str, head: bytes, body: Buffer | None = None) -> Head:
        """Send a request and return the head of the answer.

        Args:
            method: of the request.
            head: the request line and the fields, with the blank line.
            body: goes out as it is.

        Raises:
            Timeout, ConnectionLost, BadResponse: there is no answer.
        """
        self._begin(method)
        transport = self._transport
        if transport is None:
            raise self._error or ConnectionLost
        view = memoryview(b"" if body is None else body)
        # Of an empty buffer, asyncio never sees the end.
        transport.writelines([head, view[:_SLICE]] if view else [head])
        for start in range(_SLICE, len(view), _SLICE):
            # Not silence: the peer takes what we have to say. It may answer in the middle of it.
            await self._until(lambda: self._writable or self._head is not None, seconds=None)
            if self._head is not None:
                break
            transport.write(view[start : start + _SLICE])
        await self._until(lambda: self._writable or self._head is not None, seconds=None)
        self.persistent = self.persistent and self._writable
        await self._until(lambda: self._head is not None, self._read_timeout)
        return cast("Head", self._head)

    async def read(self) -> bytes | memoryview:
        """Return the next piece of the body; b"" where it is whole.

        Raises:
            Timeout, ConnectionLost, IncompleteBody, BadResponse: it does not come to its end.
        """
        if not self._body:
            await self._until(lambda: bool(self._body) or self._complete, self._read_timeout)
        if not self._body:
            return b""
        piece = self._body.popleft()
        self._waiting_bytes -= len(piece)
        if self._transport is not None and self._waiting_bytes < _HIGH_WATER:
            self._transport.resume_reading()
        return piece

    @property
    def fit(self) -> bool:
        """Whether another request may go out: the last answer is whole, and nothing but it has come."""
        if self._transport is None or self._transport.is_closing() or not (self._complete and self.persistent):
            return False
        # What the loop has not read yet waits in the kernel: ask it, without waiting. A peer that hung up shows too.
        waiting = select.poll()
        waiting.register(self._transport.get_extra_info("socket").fileno(), select.POLLIN)
        return not waiting.poll(0)

    def close(self) -> None:
        """Close at once: there is nothing to say, and TLS peers that never answer a goodbye would hold it open."""
        if self._transport is not None:
            self._transport.abort()

    async def _until(self, there: Callable[[], bool], seconds: float | None) -> None:
        """Wait for something, or for the error that makes it impossible; silence is one, if it is to be counted."""
        while not there():
            if self._error is not None:
                raise self._error
            self._waiter = self._loop.create_future()
            silence = None if seconds is None else self._loop.call_later(seconds, self._fall_silent)
            try:
                await self._waiter
            finally:
                self._waiter = None
                if silence is not None:
                    silence.cancel()

    def _fall_silent(self) -> None:
        self._fail(Timeout(reason=f"silent for {self._read_timeout:g} seconds"))

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _fail(self, error: IntakeError) -> None:
        if self._error is None:
            self._error = error
        self.close()
        self._wake()

    # -- from the transport ----------------------------------------------------------------------

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # TCP, or TLS over it
        self._transport.set_write_buffer_limits(high=0)  # so that `_writable` says whether all has gone out

    @override
    def pause_writing(self) -> None:
        self._writable = False

    @override
    def resume_writing(self) -> None:
        self._writable = True
        self._wake()

    @override
    def data_received(self, data: bytes) -> None:
        if self._complete:
            # Bytes that nobody asked for would be taken for the next answer (RFC 9112, 9.2 tells to close).
            self.close()
            return
        try:
            self._take_body(data) if self._head is not None else self._take_head(data)
        except IntakeError as error:
            self._fail(error)
        self._wake()

    @override
    def eof_received(self) -> None:
        if self._head is not None and self._head.framing == "until close":
            self._complete = self._transport is not None and _ended_by_peer(self._transport)
        self.persistent = False
        self._wake()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if self._error is None:
            reason = "closed" if exc is None else f"{type(exc).__name__}: {exc}"
            sized = self._head is not None and self._head.framing != "until close"
            self._error = IncompleteBody(reason=reason) if sized else ConnectionLost(reason=reason)
        self._wake()

    def _take_head(self, data: bytes) -> None:
        searched = len(self._received)
        received = self._received + data if searched else self._without_blank_lines(data)
        while received and (end := end_of_head(received, searched)) is not None:
            head = read_head(received[:end], self._method)
            self._passed += end
            self._heads += 1
            self._require_small_head(0)
            if not head.interim:
                self._received = b""
                self._start_body(head, memoryview(received)[end:])
                return
            received, searched = self._without_blank_lines(received[end:]), 0
        self._received = received
        self._require_small_head(len(received))

    def _without_blank_lines(self, data: bytes) -> bytes:
        stripped = data.lstrip(b"\r\n")
        self._passed += len(data) - len(stripped)
        return stripped

    def _require_small_head(self, begun: int) -> None:
        if self._passed + begun > MAX_HEAD_BYTES or self._heads > _MAX_HEADS:
            raise BadResponse(reason=f"{self._heads} heads of {self._passed + begun} bytes")

    def _start_body(self, head: Head, rest: memoryview) -> None:
        self._head = head
        self.persistent = self.persistent and head.persistent and head.framing != "until close"
        if head.framing == "chunks":
            self._chunks = Chunks()
        elif head.framing != "until close":
            self._left = head.framing
            self._complete = not self._left
        if rest:
            self._take_body(rest)

    def _take_body(self, data: Buffer) -> None:
        view = memoryview(data)
        pieces: Sequence[bytes | memoryview] = [view]
        over: bytes | memoryview = b""
        if self._chunks is not None:
            pieces, over = self._chunks.feed(bytes(view))
            self._complete = self._chunks.done
        elif self._left:
            pieces, over = [view[: self._left]], view[self._left :]
            self._left -= min(self._left, len(view))
            self._complete = not self._left
        elif self._complete:
            pieces, over = [], view
        if over:
            self.persistent = False
        self._body += [piece for piece in pieces if piece]
        self._waiting_bytes += sum(map(len, pieces))
        if self._waiting_bytes >= _HIGH_WATER and self._transport is not None:
            self._transport.pause_reading()


def _ended_by_peer(transport: asyncio.Transport) -> bool:
    """Tell an end from a cut: TLS has a farewell that nobody else can say (RFC 9112, 9.8); TCP alone has none."""
    tls = transport.get_extra_info("ssl_object")
    try:
        return tls is None or tls.read(1) == b""
    except ssl.SSLError:
        return False
