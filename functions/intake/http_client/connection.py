"""One connection, which carries one answer to one request at a time (RFC 9112), and says so when more came.

Written on asyncio's transports: a general client buys convenience with copies, and parses whatever a peer sends,
whenever it does. Here nothing counts but the answer to the request that is under way.
"""

import asyncio
import select
import ssl
from collections import deque
from collections.abc import Buffer, Callable
from typing import cast, override

from intake.http_client.read_deadline import ReadDeadline
from intake.http_client.response_head import ResponseHead
from intake.http_client.response_parser import Piece, ResponseParser
from intake.model.errors import ConnectionLost, IncompleteBody, IntakeError, Timeout

_SLICE = 256 * 1024
"""Bytes of a request's body that are handed to the transport at once; TLS makes a copy of them."""

_HIGH_WATER = 128 * 1024
"""Bytes of an answer that wait to be taken, before no more are read."""

_ANY = 1
"""Bytes that may wait to be sent before we are told. With 0, TLS would tell us of none at all."""

_PIECE_BYTES = 512
"""What a piece of a body takes beside its bytes: a peer may send them one by one."""


class Connection(asyncio.Protocol):
    """What stands between the transport of a connection and whoever asks over it.

    Attributes:
        persistent: another request may follow the answer that is there.
        idle_since: when the pool got it back, on the loop's clock.
    """

    idle_since = 0.0

    def __init__(self, read_timeout: float) -> None:
        """Wait for a transport.

        Args:
            read_timeout: seconds of silence, where an answer or more of it is due.
        """
        self._loop = asyncio.get_running_loop()
        self._read_timeout = read_timeout
        self._transport: asyncio.Transport | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._silence = ReadDeadline()
        self._writable = True
        self._error: IntakeError | None = None
        self.persistent = True
        self._begin("")
        self._answer.complete = True

    def _begin(self, method: str) -> None:
        self._answer = ResponseParser(method)
        self._body: deque[Piece] = deque()
        self._waiting_bytes = 0

    # -- to whoever asks -------------------------------------------------------------------------

    async def send(self, method: str, head: bytes, body: Buffer | None = None) -> ResponseHead:
        """Send a request and return the head of the answer.

        Args:
            method: of the request.
            head: the request line and the fields, with the blank line.
            body: goes out as it is.

        Raises:
            Timeout, ConnectionLost, BadResponse: there is no answer.
        """
        transport = self._transport
        if transport is None or transport.is_closing():
            raise self._lost()
        self._begin(method)
        view = memoryview(b"" if body is None else body)
        if view:
            transport.writelines([head, view[:_SLICE]])
            transport.set_write_buffer_limits(high=_ANY)  # tells of what waits; `writelines` does not
        else:
            transport.write(head)
        sent = _SLICE
        while sent < len(view) and not transport.is_closing() and await self._drained() and self._answer.head is None:
            transport.write(view[sent : sent + _SLICE])
            sent += _SLICE
            await asyncio.sleep(0)  # a slice a turn of the loop: others have theirs, and a connection that broke shows
        # An answer that came before the request was out: what is left of it would be taken for the next one.
        whole = await self._drained() and sent >= len(view)
        self.persistent = self.persistent and whole
        await self._until(lambda: self._answer.head is not None, self._read_timeout)
        return cast("ResponseHead", self._answer.head)

    async def _drained(self) -> bool:
        """Wait until what was written is out, and say so; or until there is an answer, which may come before.

        That is not silence: the peer takes what we have to say.
        """
        if not self._writable:
            await self._until(lambda: self._writable or self._answer.head is not None, seconds=None)
        return self._writable

    async def read(self) -> bytes | memoryview:
        """Return the next piece of the body; b"" where it is whole.

        Raises:
            Timeout, ConnectionLost, IncompleteBody, BadResponse: it does not come to its end.
        """
        if not self._body:
            await self._until(lambda: bool(self._body) or self._answer.complete, self._read_timeout)
        if not self._body:
            return b""
        piece = self._body.popleft()
        self._waiting_bytes -= len(piece) + _PIECE_BYTES
        if self._transport is not None and self._waiting_bytes < _HIGH_WATER:
            self._transport.resume_reading()
        return piece

    @property
    def must_close(self) -> bool:
        """Whether no request can follow: the last answer is not whole, or it was to be the last."""
        transport = self._transport
        return transport is None or transport.is_closing() or not (self._answer.complete and self.persistent)

    @property
    def is_reusable(self) -> bool:
        """Whether another request may go out now: the last answer is whole, and nothing but it has come."""
        transport = self._transport
        if transport is None or self.must_close:
            return False
        # What the loop has not read yet waits in the kernel: ask it, without waiting. A peer that hung up shows too.
        waiting = select.poll()
        waiting.register(transport.get_extra_info("socket").fileno(), select.POLLIN)
        return not waiting.poll(0)

    def close(self) -> None:
        """Close at once: there is nothing to say, and TLS peers that never answer a goodbye would hold it open."""
        if self._transport is not None:
            self._transport.abort()

    async def _until(self, there: Callable[[], bool], seconds: float | None) -> None:
        """Wait for something, or for the error that makes it impossible; silence is one, if it is to be counted."""
        while not there():
            if self._error is not None:
                raise self._lost()
            self._waiter = self._loop.create_future()
            if seconds is not None:
                self._silence.arm(self._loop.time() + seconds, self._fall_silent)
            try:
                await self._waiter
            finally:
                self._waiter = None
                self._silence.disarm()

    def _lost(self) -> IntakeError:
        """Say what is wrong, each time anew: an error that was raised holds the frames it went through, and bodies."""
        error = self._error or ConnectionLost()
        return type(error)(error.message, reason=error.reason)

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
        self._transport.set_write_buffer_limits(high=_ANY)

    @override
    def pause_writing(self) -> None:
        self._writable = False

    @override
    def resume_writing(self) -> None:
        self._writable = True
        self._wake()

    @override
    def data_received(self, data: bytes) -> None:
        if self._answer.complete:
            # Bytes that nobody asked for would be taken for the next answer (RFC 9112, 9.2 tells to close).
            self.close()
            return
        try:
            pieces = [piece for piece in self._answer.feed(data) if piece]
        except IntakeError as error:
            self._fail(error)
            return
        self._body += pieces
        self._waiting_bytes += sum(map(len, pieces)) + len(pieces) * _PIECE_BYTES
        head = self._answer.head
        self.persistent = self.persistent and (head is None or head.persistent) and not self._answer.has_extra_bytes
        # Behind a whole answer nothing is to come: what does is to be seen.
        if self._waiting_bytes >= _HIGH_WATER and self._transport is not None and not self._answer.complete:
            self._transport.pause_reading()
        self._wake()

    @override
    def eof_received(self) -> None:
        if self._transport is not None and _ended_by_peer(self._transport):
            self._answer.feed_eof()
        self.persistent = False
        # Nothing more will come. A transport by itself would go on sending, to a peer that may not even read.
        self.close()
        self._wake()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._silence.close()
        if self._error is None:
            reason = "closed" if exc is None else f"{type(exc).__name__}: {exc}"
            head = self._answer.head
            sized = head is not None and head.framing != "until close"
            self._error = IncompleteBody(reason=reason) if sized else ConnectionLost(reason=reason)
        self._wake()


def _ended_by_peer(transport: asyncio.Transport) -> bool:
    """Tell an end from a cut: TLS has a farewell that nobody else can say (RFC 9112, 9.8); TCP alone has none."""
    tls = transport.get_extra_info("ssl_object")
    try:
        return tls is None or tls.read(1) == b""
    except ssl.SSLError:
        return False
