"""`PooledTransport`, a transport of httpx: `httpx.AsyncClient(transport=PooledTransport(...))`."""

from collections.abc import Buffer
from functools import lru_cache
from math import inf
from ssl import SSLContext
from typing import Self, override

import httpx

from intake.http_client.connection import Connection
from intake.http_client.pool import ConnectionPool, Origin
from intake.http_client.request_encoder import encode_body, encode_head
from intake.http_client.resolver import Resolver, SystemResolver

_DEFAULT_PORTS = {"http": 80, "https": 443}


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

    It reads one extension of a request, `target`: the request target, which it sends byte for byte. httpx would encode
    some characters in the path and query of the URL again. It ignores the extension `timeout`.

    A response has the extensions `http_version` (b"HTTP/1.0" or b"HTTP/1.1") and `content_length`: the number in its
    Content-Length field, or None, also if its body is chunked.
    """

    def __init__(  # noqa: PLR0913 - each is one setting, and has a name at the call
        self,
        *,
        connect_timeout: float,
        read_timeout: float,
        tls: SSLContext,
        resolver: Resolver | None = None,
        connect_limit: float = inf,
        zero_copy: bool = False,
    ) -> None:
        """Create a transport without connections.

        Args:
            connect_timeout: seconds for lookup, connection and TLS handshake together.
            read_timeout: seconds without a byte while a response, or more of it, is due.
            tls: the context of TLS connections, which verifies certificates.
            resolver: resolves hosts and creates sockets; the default is `SystemResolver`.
            connect_limit: how many connections to one origin may be opened at the same time.
            zero_copy: let the stream of a response yield any buffer, often a memoryview, although httpx promises bytes.
        """
        self.pool = ConnectionPool(
            connect_timeout=connect_timeout,
            read_timeout=read_timeout,
            tls=tls,
            resolver=resolver or SystemResolver(),
            connect_limit=connect_limit,
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
        connection = await self.pool.acquire(origin)
        response_body = self._response_body(connection, self.pool, origin)
        try:
            head = await connection.send(request.method, encoded_head, body, pieces)
        except BaseException:
            connection.close()
            raise
        extensions = {"http_version": head.http_version, "content_length": head.content_length}
        return httpx.Response(
            head.status, headers=head.fields, stream=response_body, request=request, extensions=extensions
        )

    @override
    async def aclose(self) -> None:
        """Close every connection: idle ones now, others when their response is closed."""
        self.pool.close()


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
