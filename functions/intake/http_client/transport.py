"""An httpx transport of our own: httpx is how the rest of the house asks, `Connection` is what carries.

httpx's own pool scans every connection at every event, which at 64 at once costs more than all the rest; and no
general client lets one say what is dialled, how long a head may be, and that late bytes are nobody's answer.
"""

from collections.abc import Buffer
from functools import lru_cache
from math import inf
from ssl import SSLContext
from typing import Self, override

import httpx

from intake.http_client.connection import Connection
from intake.http_client.pool import ConnectionPool, Origin, Resolver
from intake.http_client.resolver import SystemResolver

_PORTS = {"http": 80, "https": 443}


@lru_cache(maxsize=1024)
def origin_url(origin: str) -> httpx.URL:
    """Read scheme, host and port for a request; few origins are asked often, and httpx reads slowly."""
    return httpx.URL(origin)


class BytesBody(httpx.AsyncByteStream):
    """A request's body, which goes out without a copy."""

    def __init__(self, body: Buffer) -> None:
        self.body = body


NO_BODY = BytesBody(b"")
"""Of a GET: httpx takes twice the time to find out by itself that there is none."""


class PooledTransport(httpx.AsyncBaseTransport):
    """An httpx transport with a pool of its own.

    The request target goes out byte for byte as the `target` extension of the request has it (httpx's own
    reading of the URL would encode some characters anew); without one, as `request.url` has it.
    """

    def __init__(
        self,
        *,
        connect_timeout: float,
        read_timeout: float,
        tls: SSLContext,
        network: Resolver | None = None,
        dials: float = inf,
    ) -> None:
        """Prepare; nothing is opened yet.

        Args:
            connect_timeout: seconds for DNS, TCP and TLS together.
            read_timeout: seconds of silence.
            tls: trusts whom it trusts.
            network: looks names up and makes sockets; one that judges none without it.
            dials: connections that are opened at once to one origin.
        """
        self.pool = ConnectionPool(
            connect_timeout=connect_timeout,
            read_timeout=read_timeout,
            tls=tls,
            network=network or SystemResolver(),
            dials=dials,
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request, whose body is `BytesBody` where it has one, and return its answer, the body still unread.

        Raises:
            IntakeError: a leaf of the tree.
        """
        url = request.url
        origin = Origin(url.scheme, url.raw_host.decode("ascii"), url.port or _PORTS[url.scheme])
        head_of_request, body = _head(request), _body(request)
        connection = await self.pool.acquire(origin)
        answer = _Body(connection, self.pool, origin)
        try:
            head = await connection.send(request.method, head_of_request, body)
        except BaseException:
            connection.close()
            raise
        length = head.framing if isinstance(head.framing, int) else None
        extensions = {"content_length": length}
        return httpx.Response(head.status, headers=head.fields, stream=answer, request=request, extensions=extensions)

    async def aclose(self) -> None:
        """Close every connection that is not in use."""
        self.pool.close()


def _head(request: httpx.Request) -> bytes:
    """Write a request down. It has a Host (RFC 9112, 3.2), which httpx leaves out where there is a stream."""
    target: bytes = request.extensions.get("target") or request.url.raw_path
    fields = request.headers.raw
    head = b"\r\n".join(
        [b"%b %b HTTP/1.1" % (request.method.encode("ascii"), target), *[b"%b: %b" % field for field in fields]]
    )
    # Whatever a caller put into a value, it is no line of its own.
    if head.count(b"\n") != len(fields):
        raise ValueError("A field of the request has a line break in it.")
    return head + b"\r\n\r\n"


def _body(request: httpx.Request) -> Buffer | None:
    return request.stream.body if isinstance(request.stream, BytesBody) else None


class _Body(httpx.AsyncByteStream):
    """The body of an answer, in the pieces in which it arrives."""

    def __init__(self, connection: Connection, pool: ConnectionPool, origin: Origin) -> None:
        self._connection = connection
        self._pool = pool
        self._origin = origin

    @override
    def __aiter__(self) -> Self:  # no generator: the loop keeps a list of those
        return self

    async def __anext__(self) -> bytes:
        piece = await self._connection.read()
        if not piece:
            raise StopAsyncIteration
        return piece  # type: ignore[return-value]  # a view of bytes: whoever reads takes any buffer

    async def aclose(self) -> None:
        """Give the connection back; one whose answer was not taken to its end is closed."""
        self._pool.release(self._origin, self._connection)
