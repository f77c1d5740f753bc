"""ConnectionPool: keeps idle connections for later requests, and opens new ones."""

import asyncio
import socket
import ssl
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any, NamedTuple

from intake.http_client.certificate_name import context_for
from intake.http_client.connect_limiter import ConnectLimiter
from intake.http_client.connection import Connection
from intake.http_client.connection_reuse import is_reusable
from intake.http_client.descriptors import OutOfDescriptors, require_descriptor
from intake.http_client.errors import ConnectError, ConnectTimeout, DnsError, TlsError
from intake.http_client.happy_eyeballs import connect_to_any
from intake.http_client.resolver import Resolver

_MAX_IDLE_SECONDS = 15.0
"""Servers close idle connections after a similar time."""

_MAX_IDLE = 128
"""Idle connections of all origins together. Over TLS, asyncio allocates 300 KiB for each."""

_DESCRIPTOR_WAIT_SECONDS = 0.1
"""Delay before a connection is tried again for which the process had no descriptor."""


type _Waiting = Callable[[], AbstractContextManager[None]]


class Origin(NamedTuple):
    """The server of a URL. The certificate must be valid for the host."""

    scheme: str
    host: str
    port: int


class ConnectionPool:
    """Connections by origin."""

    def __init__(  # noqa: PLR0913 - each is one setting, and has a name at the call
        self,
        *,
        connect_timeout: float,
        read_timeout: float,
        tls: ssl.SSLContext,
        resolver: Resolver,
        connect_limit: float,
        max_sockets: float,
    ) -> None:
        """See `PooledTransport`."""
        self._connect_timeout = connect_timeout
        self._read_timeout = read_timeout
        self._tls = tls
        self._resolver = resolver
        self._idle: OrderedDict[Connection, Origin] = OrderedDict()  # longest idle first
        self._idle_by_origin: dict[Origin, deque[Connection]] = {}
        self._connect_limiter = ConnectLimiter[Origin](connect_limit, max_sockets, self._close_longest_idle)
        self._is_closed = False

    async def acquire(self, origin: Origin, extensions: Mapping[str, Any]) -> Connection:
        """Return a connection that carries no request: an idle one, or else a new one.

        Args:
            origin: where the connection leads.
            extensions: those of the request; see `PooledTransport`.

        Raises:
            DnsError, ConnectError, TlsError, ConnectTimeout: no connection could be opened.
            Exception: raised by the resolver.
        """
        self._close_surplus()
        while idle := self._idle_by_origin.get(origin):
            connection = self._remove(idle[-1])
            if is_reusable(connection):
                return connection
            connection.close()
        waiting = _waiting(extensions)
        with waiting():
            offered = await self._connect_limiter.acquire(origin)
        if offered is None:
            return await self._open_permitted(origin, waiting)
        if is_reusable(offered):
            return offered
        offered.close()
        return await self.acquire(origin, extensions)

    async def acquire_new(self, origin: Origin, extensions: Mapping[str, Any]) -> Connection:
        """Return a connection that has carried no request yet; see `acquire`."""
        waiting = _waiting(extensions)
        with waiting():
            await self._connect_limiter.acquire(origin, must_be_new=True)
        return await self._open_permitted(origin, waiting)

    async def _open_permitted(self, origin: Origin, waiting: _Waiting) -> Connection:
        try:
            connection = await self._open_when_possible(origin, waiting)
        except BaseException as error:
            self._connect_limiter.release_socket()
            self._connect_limiter.release(origin, failed=isinstance(error, Exception))
            raise
        self._connect_limiter.release(origin)
        if connection.transport is None:  # lost already
            self._connect_limiter.release_socket()
        connection.on_lost = self._connect_limiter.release_socket
        return connection

    async def _open_when_possible(self, origin: Origin, waiting: _Waiting) -> Connection:
        """Open a connection; wait while the process has no descriptor, for which the origin is not to blame."""
        while True:
            try:
                return await self._open(origin)
            except OutOfDescriptors:
                self._close_longest_idle()
            with waiting():
                await asyncio.sleep(_DESCRIPTOR_WAIT_SECONDS)

    def release(self, origin: Origin, connection: Connection) -> None:
        """Take back a connection: keep it for the next request, or close it."""
        if connection.must_close or self._is_closed:
            connection.close()
            return
        connection.is_reused = True
        if self._connect_limiter.waiting and self._connect_limiter.offer(origin, connection):
            return
        connection.idle_since = asyncio.get_running_loop().time()
        self._idle[connection] = origin
        self._idle_by_origin.setdefault(origin, deque()).append(connection)
        self._close_surplus()
        if self._connect_limiter.waiting:
            self._connect_limiter.grant()  # a task may need the socket of an idle connection

    def close(self) -> None:
        """Close every idle connection now, and all others when they are released."""
        self._is_closed = True
        for connection in list(self._idle):
            self._remove(connection).close()

    def _remove(self, connection: Connection) -> Connection:
        origin = self._idle.pop(connection)
        idle = self._idle_by_origin[origin]
        idle.remove(connection)
        if not idle:
            del self._idle_by_origin[origin]
        return connection

    def _close_longest_idle(self) -> None:
        """Close an idle connection, so that its socket becomes free. Some were lost meanwhile, and have none."""
        has_socket = False
        while self._idle and not has_socket:
            connection = self._remove(next(iter(self._idle)))
            has_socket = connection.transport is not None
            connection.close()

    def _close_surplus(self) -> None:
        """Close connections that were idle for too long, and the oldest while there are too many."""
        oldest = asyncio.get_running_loop().time() - _MAX_IDLE_SECONDS
        while self._idle:
            connection = next(iter(self._idle))
            if len(self._idle) <= _MAX_IDLE and connection.idle_since >= oldest:
                return
            self._remove(connection).close()

    async def _open(self, origin: Origin) -> Connection:
        try:
            async with asyncio.timeout(self._connect_timeout):
                return await self._connect(origin)
        except TimeoutError as error:
            raise ConnectTimeout(f"no connection within {self._connect_timeout:g} seconds") from error
        except socket.gaierror as error:
            raise DnsError(str(error)) from error
        except (ssl.SSLError, ssl.CertificateError) as error:
            raise TlsError(f"{type(error).__name__}: {error}") from error
        except OSError as error:
            require_descriptor(error)
            raise ConnectError(f"{type(error).__name__}: {error}") from error

    async def _connect(self, origin: Origin) -> Connection:
        addresses = await self._resolver.resolve(origin.host, origin.port)
        sock = await connect_to_any(addresses, self._resolver.open_socket, self._connect_limiter)
        is_tls = origin.scheme == "https"
        _, connection = await asyncio.get_running_loop().create_connection(
            lambda: Connection(self._read_timeout),
            sock=sock,
            ssl=context_for(origin.host, self._tls) if is_tls else None,
            server_hostname=origin.host if is_tls else None,
        )
        return connection


def _waiting(extensions: Mapping[str, Any]) -> _Waiting:
    waiting: _Waiting = extensions.get("waiting", nullcontext)
    return waiting
