"""httpx requests on aiohttp sessions.

httpx is how the rest of the house asks; aiohttp's pool carries, since httpx's own scans every connection at every
event. The transport adds what neither has: connections that carry nothing but answers to requests (see
`connection`), and a name in the tree of errors for every way in which a peer can fail.

aiohttp is pinned exactly: `_retry_connection` is not its public API.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Buffer, Generator
from contextlib import contextmanager
from functools import lru_cache
from ssl import SSLContext

import aiohttp
import httpx
from aiohttp.abc import AbstractResolver
from aiohttp.http_exceptions import HttpProcessingError
from yarl import URL

from intake.adapters.connection import CleanConnector
from intake.domain.errors import (
    BadResponse,
    ConnectFailed,
    ConnectionLost,
    DnsFailure,
    IncompleteBody,
    IntakeError,
    Timeout,
    TlsFailed,
)

_SLICE = 256 * 1024
_MAX_HEADER_FIELD = 16 * 1024
_NO_AUTOMATIC_HEADERS = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")

# The first match counts, so the leaves stand before what they derive from.
_CONNECTION_ERRORS: tuple[tuple[type[Exception], type[IntakeError]], ...] = (
    (aiohttp.ClientConnectorDNSError, DnsFailure),
    (aiohttp.ClientConnectorCertificateError, TlsFailed),
    (aiohttp.ClientSSLError, TlsFailed),
    (aiohttp.ClientConnectorError, ConnectFailed),
    (TimeoutError, Timeout),
    (aiohttp.ClientResponseError, BadResponse),
    (aiohttp.ClientPayloadError, IncompleteBody),
    (aiohttp.ClientConnectionError, ConnectionLost),
    (aiohttp.ClientError, BadResponse),
    (HttpProcessingError, BadResponse),
    (OSError, ConnectionLost),
)


@lru_cache(maxsize=1024)
def origin_url(origin: str) -> httpx.URL:
    """Read scheme, host and port for a request; few origins are asked often, and httpx reads slowly."""
    return httpx.URL(origin)


class Slices(httpx.AsyncByteStream):
    """A request's body, handed over in slices without a copy of the whole."""

    def __init__(self, body: Buffer) -> None:
        self._body = memoryview(body)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for start in range(0, len(self._body), _SLICE):
            yield self._body[start : start + _SLICE]  # type: ignore[misc]  # aiohttp takes any buffer


class SessionTransport(httpx.AsyncBaseTransport):
    """An httpx transport with a pool of its own, made at the first request, on the loop that runs then.

    The request target goes out byte for byte as the `target` extension of the request has it (httpx's own
    reading of the URL would encode some characters anew); without one, as `request.url` has it.
    """

    def __init__(
        self,
        *,
        connect_timeout: float,
        read_timeout: float,
        tls: SSLContext,
        resolver: AbstractResolver | None = None,
        socket_factory: aiohttp.SocketFactoryType | None = None,
    ) -> None:
        """Prepare; nothing is opened yet.

        Args:
            connect_timeout: seconds for DNS, TCP and TLS together.
            read_timeout: seconds of silence.
            tls: trusts whom it trusts.
            resolver: aiohttp's own without one.
            socket_factory: makes every socket; the system's own without one.
        """
        self._timeout = aiohttp.ClientTimeout(total=None, connect=connect_timeout, sock_read=read_timeout)
        self._tls = tls
        self._resolver = resolver
        self._socket_factory = socket_factory
        self._session: aiohttp.ClientSession | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and return its answer, the body still unread.

        Raises:
            IntakeError: a leaf of the tree; never an error of aiohttp's.
        """
        session = self._session or self._open()
        has_body = "content-length" in request.headers
        with named_errors():
            answer = await session.request(
                request.method,
                _url(request),
                headers=[(name.decode("ascii"), value.decode("latin-1")) for name, value in request.headers.raw],
                data=request.stream if has_body else None,
                allow_redirects=False,
            )
        return httpx.Response(answer.status, headers=list(answer.raw_headers), stream=_Body(answer), request=request)

    async def aclose(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _open(self) -> aiohttp.ClientSession:
        connector = CleanConnector(tls=self._tls, resolver=self._resolver, socket_factory=self._socket_factory)
        self._session = aiohttp.ClientSession(
            connector=connector,
            timeout=self._timeout,
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=_NO_AUTOMATIC_HEADERS,
            auto_decompress=False,
            trust_env=False,
            max_field_size=_MAX_HEADER_FIELD,
        )
        # aiohttp would repeat a GET, and a PUT, once without a word; attempts are ours to count.
        self._session._retry_connection = False  # noqa: SLF001
        return self._session


def _url(request: httpx.Request) -> URL:
    url = request.url
    target: bytes = request.extensions.get("target", url.raw_path)
    host = url.raw_host.decode("ascii")
    # The query stays inside the path: yarl, told that all is encoded, sends both as they are.
    return URL.build(
        scheme=url.scheme,
        host=f"[{host}]" if ":" in host else host,
        port=url.port,
        path=target.decode("ascii"),
        encoded=True,
    )


class _Body(httpx.AsyncByteStream):
    """The body of an answer, in the pieces in which it arrives."""

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self._answer = answer

    async def __aiter__(self) -> AsyncGenerator[bytes]:
        with named_errors():
            while chunk := await self._answer.content.readany():
                yield chunk

    async def aclose(self) -> None:
        # A body that was not read to its end takes its connection with it.
        self._answer.close()


@contextmanager
def named_errors() -> Generator[None]:
    """Turn what aiohttp raises into leaves of our own tree; foreign exceptions stop here."""
    try:
        yield
    except IntakeError:
        raise
    except (aiohttp.ClientError, HttpProcessingError, OSError) as error:
        raise _name(error) from error


def _name(error: Exception) -> IntakeError:
    leaf = next(ours for theirs, ours in _CONNECTION_ERRORS if isinstance(error, theirs))
    # What is not HTTP is quoted by nobody: the peer may have put our own request into it.
    said = "" if isinstance(error, aiohttp.ClientResponseError | HttpProcessingError) else f": {error}"
    return leaf(reason=f"{type(error).__name__}{said}"[:300])
