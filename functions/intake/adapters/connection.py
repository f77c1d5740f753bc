"""Connections that carry one answer at a time, and a pool from which only silent ones come.

aiohttp parses whatever a peer sends, whenever it does; here nothing counts but one answer to one request. aiohttp
is pinned exactly: `_factory`, `_get`, `_release`, `_parser`, `_payload`, `_reading_paused` and `should_close` are not
its public API.
"""

import re
import select
from collections import OrderedDict
from functools import partial
from ssl import SSLContext

import aiohttp
from aiohttp.abc import AbstractResolver
from aiohttp.client_proto import ResponseHandler
from aiohttp.client_reqrep import ConnectionKey
from aiohttp.connector import Connection
from aiohttp.http import RawResponseMessage
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.streams import StreamReader
from aiohttp.tracing import Trace

MAX_HEAD_BYTES = 64 * 1024
"""What the head of an answer may have, interim answers (1xx) included."""

MAX_HEADS = 100
"""Interim answers and blank lines before it, itself included: thousands of them fit into one turn of the loop."""

MAX_FRAMING_BYTES = 64 * 1024
"""What a chunked body may cost beside its own bytes, and one more for every sixteen of them: a byte to a chunk costs a
thousand times the work of a body that comes in one."""

_FRAMED_SHARE = 16
_PIECE = 16 * 1024
"""Of a chunked body that is parsed at once, before what it cost is looked at."""

MAX_IDLE = 256
"""Connections in a pool. A list may name as many origins as it has images, and a function has 1024 descriptors."""

_DNS_CACHE_SECONDS = 10
_END_OF_HEAD = re.compile(rb"\n\r?\n")
_INTERIM = range(100, 200)


class OneAnswer(ResponseHandler):
    """The receiving side of a connection.

    The head of an answer is parsed before what follows it: aiohttp would throw away a whole answer for the noise
    that came in the same segment behind it. An error of the stream reaches whoever waits for the body, and a body
    that lasts until the connection closes is not taken for whole when the connection breaks.

    Attributes:
        idle: the connection is in the pool: whatever comes now ends it.
    """

    idle = False
    _in_head = True
    _until_close = False
    _head_bytes = 0
    _heads = 0
    _head_tail = b""
    _chunked = False
    _raw_bytes = 0
    _put_off = b""

    def close(self) -> None:
        """Close at once, whatever is still to be sent.

        A TLS peer that never answers our goodbye would hold the descriptor for half a minute, and one that has
        answered and does not read the rest of an upload for ever, with all that is left of the body. Nothing is
        closed before it is aborted: a TLS transport that is closed twice is deaf to all that comes after.
        """
        self.abort()

    def wake(self) -> None:
        """Leave the pool, for the next answer."""
        self.idle = False
        self._in_head, self._head_bytes, self._heads, self._head_tail = True, 0, 0, b""
        self._chunked, self._raw_bytes, self._put_off = False, 0, b""

    def data_received(self, data: bytes) -> None:
        """Take what came, the head of an answer apart from its body."""
        if self.idle and data:
            self.close()
            return
        position = 0
        while self._in_head and position < len(data) and self.exception() is None:
            begin, position = position, self._end_of_head(data, position)
            super().data_received(data[begin:position])
            self._count_head(position - begin)
        # Without data, aiohttp's parser is told to go on with what it has put off.
        if self.exception() is None and (position < len(data) or not data):
            if self._chunked:
                self._take_chunks(data[position:])
            else:
                super().data_received(data[position:])

    def feed_data(self, data: tuple[RawResponseMessage, StreamReader], size: int = 0) -> None:
        """Take the head of an answer, as it was parsed."""
        message = data[0]
        self._in_head = message.code in _INTERIM
        self._chunked = message.chunked and not self._in_head
        self._until_close = not message.chunked and "content-length" not in message.headers
        super().feed_data(data, size)

    def set_exception(self, exc: BaseException, exc_cause: BaseException | None = None) -> None:
        """Tell whoever waits for the head, or for the body."""
        super().set_exception(exc, exc if exc_cause is None else exc_cause)
        self._fail_body(exc)

    def connection_lost(self, exc: BaseException | None) -> None:
        """End the body: with an error, unless it is whole."""
        if exc is not None and self._until_close:
            self._fail_body(aiohttp.ClientConnectionError(f"Connection lost: {exc}"))
        super().connection_lost(exc)

    @property
    def spoken_on(self) -> bool:
        """Whether the peer has said more than its last answer, or has hung up."""
        if self.should_close or self.transport is None or self._parser is None:
            return True
        # An answer that has begun, and whose head is not whole yet, is known to the parser alone.
        if self._parser.feed_eof() is not None:
            return True
        # What the loop has not read yet waits in the kernel: ask it, without waiting. A peer that hung up shows too.
        waiting = select.poll()
        waiting.register(self.transport.get_extra_info("socket").fileno(), select.POLLIN)
        return bool(waiting.poll(0))

    def _end_of_head(self, data: bytes, position: int) -> int:
        """Where the head ends in `data`, or `data` itself; the end may have begun in the segment before."""
        tail = self._head_tail
        match = _END_OF_HEAD.search(tail + data) if tail else _END_OF_HEAD.search(data, position)
        self._head_tail = b"" if match else (tail + data[position:])[-2:]
        return match.end() - len(tail) if match else len(data)

    def _take_chunks(self, data: bytes) -> None:
        """Take a chunked body piece by piece, for as long as whoever reads it keeps up."""
        if not data:
            super().data_received(b"")
        data, self._put_off = self._put_off + data, b""
        for position in range(0, len(data), _PIECE):
            if self.transport is None or self.exception() is not None:
                return
            if self._reading_paused:
                self._put_off = data[position:]
                return
            piece = data[position : position + _PIECE]
            super().data_received(piece)
            self._count_framing(len(piece))

    def _count_framing(self, size: int) -> None:
        self._raw_bytes += size
        body = self._payload.total_bytes if isinstance(self._payload, StreamReader) else 0
        if self._raw_bytes - body > MAX_FRAMING_BYTES + body // _FRAMED_SHARE and self.exception() is None:
            self.set_exception(HttpProcessingError(message="A body that is nearly all chunks."))

    def _count_head(self, size: int) -> None:
        self._head_bytes += size
        self._heads += not self._head_tail  # which is what an end may have begun in
        if (self._head_bytes > MAX_HEAD_BYTES or self._heads > MAX_HEADS) and self.exception() is None:
            self._buffer.clear()
            self.set_exception(HttpProcessingError(message=f"A head of more than {MAX_HEAD_BYTES} bytes."))

    def _fail_body(self, exc: BaseException) -> None:
        payload = self._payload
        if isinstance(payload, StreamReader) and not payload.is_eof() and payload.exception() is None:
            payload.set_exception(exc)


class CleanConnector(aiohttp.TCPConnector):
    """A pool from which no connection comes that the peer has spoken on, or hung up, since its last answer.

    Bytes that nobody asked for would be taken for the next answer (RFC 9112, 9.2 tells to close). They may have
    come with that answer, later, or while no loop ran, between two invocations.
    """

    def __init__(
        self, *, tls: SSLContext, resolver: AbstractResolver | None, socket_factory: aiohttp.SocketFactoryType | None
    ) -> None:
        """See `SessionTransport`."""
        super().__init__(
            limit=0,  # our own bounds limit; with 0 the connect timeout covers DNS, TCP and TLS and nothing else
            resolver=resolver,
            socket_factory=socket_factory,
            ssl=tls,
            ttl_dns_cache=_DNS_CACHE_SECONDS,
        )
        self._idle: OrderedDict[OneAnswer, None] = OrderedDict()
        self._factory = partial(OneAnswer, loop=self._loop)  # type: ignore[assignment]  # one of ResponseHandlers

    def _release(self, key: ConnectionKey, protocol: ResponseHandler, *, should_close: bool = False) -> None:
        super()._release(key, protocol, should_close=should_close)
        if isinstance(protocol, OneAnswer):
            protocol.idle = True
            self._keep_few(protocol)

    def _keep_few(self, protocol: OneAnswer) -> None:
        if protocol.is_connected():
            self._idle[protocol] = None
        while len(self._idle) > MAX_IDLE:
            self._idle.popitem(last=False)[0].close()  # aiohttp drops it when it comes upon it

    async def _get(self, key: ConnectionKey, traces: list[Trace]) -> Connection | None:
        while (connection := await super()._get(key, traces)) is not None:
            protocol = connection.protocol
            if isinstance(protocol, OneAnswer):
                self._idle.pop(protocol, None)
            if isinstance(protocol, OneAnswer) and not protocol.spoken_on:
                protocol.wake()
                return connection
            connection.close()
        return None
