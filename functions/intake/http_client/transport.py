"""`PooledTransport`, a transport of httpx: `httpx.AsyncClient(transport=PooledTransport(...))`."""

from collections.abc import Buffer
from functools import lru_cache
from math import inf
from ssl import SSLContext
from typing import Self, override

import httpx

from intake.http_client import descriptors
from intake.http_client.body_receiver import receive_into
from intake.http_client.connection import Connection
from intake.http_client.connection_reuse import REQUEST_TIMEOUT, is_idle_timeout, is_lost_unanswered
from intake.http_client.pool import ConnectionPool, Origin
from intake.http_client.request_encoder import encode_body, encode_head
from intake.http_client.resolver import Resolver, SystemResolver
from intake.http_client.response_head import ResponseHead

_DEFAULT_PORTS = {"http": 80, "https": 443}
_IDEMPOTENT_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"})


@lru_cache(maxsize=1024)
def origin_url(origin: str) -> httpx.URL:
    """Parse scheme, host and port for a request. Cached: httpx parses slowly, and few origins get many requests."""
    return httpx.URL(origin)


class BytesBody(httpx.AsyncByteStream):
    """The body of a request, sent without a copy. The request must have a Content-Length field with its length."""

    def __init__(self, body: Buffer) -> None:
        self.body = body


NO_BODY = BytesBody(b"")
"""The body of a GET. Without it, httpx takes twice as long to create a request."""


class PooledTransport(httpx.AsyncBaseTransport):
    """A transport of httpx with its own connection pool, HTTP/1.1 parser and resolver.

    It reads two extensions of a request. `target` is the request target, which it sends byte for byte; httpx would
    encode some characters in the path and query of the URL again. `waiting` is a function that returns a context
    manager, which is entered while the request waits for a limit of its own side (`connect_limit`, `max_sockets`,
    descriptors of the process). It ignores the extension `timeout`.

    A request that is lost on a reused connection before the first byte of a response is sent once more, at once, on a
    new connection: servers close idle connections without notice. Its method must be idempotent (RFC 9110, 9.2.2), and
    its body bytes, because a stream can be read only once.

    A response has the extensions `http_version` (b"HTTP/1.0" or b"HTTP/1.1"), `content_length` (the number in its
    Content-Length field, or None, also if its body is chunked) and `was_request_received`: False if the peer responded
    before it had received the whole body of the request.
    """

    def __init__(  # noqa: PLR0913 - each is one setting, and has a name at the call
        self,
        *,
        connect_timeout: float,
        read_timeout: float,
        tls: SSLContext,
        resolver: Resolver | None = None,
        connect_limit: float = inf,
        max_sockets: float | None = None,
        zero_copy: bool = False,
    ) -> None:
        """Create a transport without connections.

        Args:
            connect_timeout: seconds for lookup, connection and TLS handshake together.
            read_timeout: seconds without a byte while a response, or more of it, is due.
            tls: the context of TLS connections, which verifies certificates.
            resolver: resolves hosts and creates sockets; the default is `SystemResolver`.
            connect_limit: how many connections to one origin may be opened at the same time.
            max_sockets: how many sockets may be open, idle connections included. Requests wait for one. By default as
                many as the process has descriptors for; several transports have to share them.
            zero_copy: let the stream of a response yield any buffer, often a memoryview, although httpx promises bytes.
        """
        self.pool = ConnectionPool(
            connect_timeout=connect_timeout,
            read_timeout=read_timeout,
            tls=tls,
            resolver=resolver or SystemResolver(),
            connect_limit=connect_limit,
            max_sockets=descriptors.max_sockets() if max_sockets is None else max_sockets,
        )
        self._response_body = _ResponseBuffers if zero_copy else _ResponseBytes

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request; return its response, whose body is read afterwards.

        Raises:
            TransportError: there is no response.
            InvalidRequest, httpx.UnsupportedProtocol: the request cannot be sent.
            Exception: raised by the resolver.
        """
        url, stream = request.url, request.stream
        scheme = url.scheme
        if scheme not in _DEFAULT_PORTS:
            raise httpx.UnsupportedProtocol(f"the scheme of the URL is {scheme!r}, neither http nor https")
        origin = Origin(scheme, url.raw_host.decode("ascii"), url.port or _DEFAULT_PORTS[scheme])
        encoded_head = encode_head(request)
        body, pieces = (stream.body, None) if isinstance(stream, BytesBody) else (b"", encode_body(request))
        connection = await self.pool.acquire(origin, request.extensions)
        try:
            head = await connection.send(request.method, encoded_head, body, pieces)
            must_repeat = (
                head.status == REQUEST_TIMEOUT and is_idle_timeout(connection, head) and _is_repeatable(request)
            )
        except BaseException as error:
            connection.close()
            must_repeat = is_lost_unanswered(connection, error) and _is_repeatable(request)
            if not must_repeat:
                raise
        if must_repeat:
            connection.close()
            connection, head = await self._send_on_new_connection(request, origin, encoded_head)
        response_body = self._response_body(connection, self.pool, origin)
        extensions = {
            "http_version": head.http_version,
            "content_length": head.content_length,
            "was_request_received": connection.was_request_received,
        }
        return httpx.Response(
            head.status, headers=head.fields, stream=response_body, request=request, extensions=extensions
        )

    async def _send_on_new_connection(
        self, request: httpx.Request, origin: Origin, encoded_head: bytes
    ) -> tuple[Connection, ResponseHead]:
        stream = request.stream
        body, pieces = (stream.body, None) if isinstance(stream, BytesBody) else (b"", encode_body(request))
        connection = await self.pool.acquire_new(origin, request.extensions)
        try:
            return connection, await connection.send(request.method, encoded_head, body, pieces)
        except BaseException:
            connection.close()
            raise

    @override
    async def aclose(self) -> None:
        """Close every connection: idle ones now, others when their response is closed."""
        self.pool.close()


def _is_repeatable(request: httpx.Request) -> bool:
    """Whether a request can be sent twice: it means the same, and its body can be read again."""
    return request.method in _IDEMPOTENT_METHODS and isinstance(request.stream, BytesBody | httpx.ByteStream)


class _ResponseBuffers(httpx.AsyncByteStream):
    """The body of a response as it arrives: bytes or memoryviews."""

    def __init__(self, connection: Connection, pool: ConnectionPool, origin: Origin) -> None:
        self._connection = connection
        self._pool = pool
        self._origin = origin
        self._is_open = True

    @override
    def __aiter__(self) -> Self:  # not an async generator: the loop tracks each of those
        return self

    async def __anext__(self) -> bytes:
        piece = await self._connection.read()
        if not piece:
            raise StopAsyncIteration
        return piece  # type: ignore[return-value]  # the caller asked for `zero_copy`

    async def receive_into(self, buffer: memoryview) -> int:
        """Receive the next bytes of the body into a buffer; return their number, 0 if they must be iterated over."""
        return await receive_into(self._connection, buffer)

    @override
    async def aclose(self) -> None:
        """Return the connection to the pool, which closes it if the response was not read to its end."""
        if self._is_open:
            self._is_open = False
            self._pool.release(self._origin, self._connection)


class _ResponseBytes(_ResponseBuffers):
    """The body of a response as it arrives: bytes."""

    @override
    async def __anext__(self) -> bytes:
        return bytes(await super().__anext__())
