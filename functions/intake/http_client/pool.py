"""Connections to origins: dialled through the guard, kept while they are fit to be used again."""

import asyncio
import socket
import ssl
from collections import OrderedDict, deque
from math import inf
from typing import NamedTuple, Protocol

from aiohappyeyeballs import AddrInfoType, start_connection

from intake.http_client.connect_limiter import ConnectLimiter
from intake.http_client.connection import Connection
from intake.model.errors import ConnectFailed, DnsFailure, IntakeError, Timeout, TlsFailed

_KEEP_SECONDS = 15.0
"""For which an idle connection is kept; servers keep theirs for about as long."""

_KEEP = 128
"""Idle connections at most, of all origins together: over TLS, asyncio has 300 KiB laid out for each."""

_NEXT_ADDRESS_SECONDS = 0.25
"""After which the next address is tried beside one that does not answer (RFC 8305, 8)."""


class Resolver(Protocol):
    """Where connections lead: every name is looked up here, and every socket made."""

    async def resolve(self, host: str, port: int) -> list[AddrInfoType]:
        """Return the addresses of a host, which may be an address itself.

        Raises:
            OSError: there are none.
        """
        ...

    def open_socket(self, info: AddrInfoType) -> socket.socket:
        """Make the socket for one of the addresses."""
        ...


class Origin(NamedTuple):
    """Where a connection leads: the name that TLS is held against, and the port."""

    scheme: str
    host: str
    port: int


class ConnectionPool:
    """Opens connections and takes back those that may carry another answer."""

    def __init__(
        self,
        *,
        connect_timeout: float,
        read_timeout: float,
        tls: ssl.SSLContext,
        network: Resolver,
        dials: float = inf,
    ) -> None:
        """See `PooledTransport`."""
        self._connect_timeout = connect_timeout
        self._read_timeout = read_timeout
        self._tls = tls
        self.network = network
        self._idle: OrderedDict[Connection, Origin] = OrderedDict()
        self._by_origin: dict[Origin, deque[Connection]] = {}
        self._dials = ConnectLimiter[Origin](dials)

    async def acquire(self, origin: Origin) -> Connection:
        """Return a connection over which nothing is under way.

        Raises:
            IntakeError: none can be had.
        """
        self._drop_old()
        while idle := self._by_origin.get(origin):
            connection = self._forget(idle[-1])
            if connection.is_reusable:
                return connection
            connection.close()
        free = await self._dials.acquire(origin)
        if free is not None:
            if free.is_reusable:
                return free
            free.close()
            return await self.acquire(origin)
        failed = False
        try:
            return await self._dial(origin)
        except IntakeError:
            failed = True
            raise
        finally:
            self._dials.release(origin, in_vain=failed)

    def release(self, origin: Origin, connection: Connection) -> None:
        """Take a connection back: it is kept, or else closed."""
        if connection.must_close:
            connection.close()
            return
        if self._dials.offer(origin, connection):
            return
        connection.idle_since = asyncio.get_running_loop().time()
        self._idle[connection] = origin
        self._by_origin.setdefault(origin, deque()).append(connection)
        self._drop_old()

    def close(self) -> None:
        """Close every idle connection."""
        for connection in list(self._idle):
            self._forget(connection).close()

    def _forget(self, connection: Connection) -> Connection:
        origin = self._idle.pop(connection)
        idle = self._by_origin[origin]
        idle.remove(connection)
        if not idle:
            del self._by_origin[origin]
        return connection

    def _drop_old(self) -> None:
        """Close what was idle for too long, and what is too much; the oldest stand first."""
        oldest = asyncio.get_running_loop().time() - _KEEP_SECONDS
        while self._idle:
            connection = next(iter(self._idle))
            if len(self._idle) <= _KEEP and connection.idle_since >= oldest:
                return
            self._forget(connection).close()

    async def _dial(self, origin: Origin) -> Connection:
        try:
            async with asyncio.timeout(self._connect_timeout):
                return await self._connect(origin)
        except TimeoutError as error:
            raise Timeout(reason=f"no connection within {self._connect_timeout:g} seconds") from error
        except socket.gaierror as error:
            raise DnsFailure(reason=str(error)) from error
        except (ssl.SSLError, ssl.CertificateError) as error:
            raise TlsFailed(reason=f"{type(error).__name__}: {error}") from error
        except OSError as error:
            raise ConnectFailed(reason=f"{type(error).__name__}: {error}") from error

    async def _connect(self, origin: Origin) -> Connection:
        sock = await start_connection(
            await self.network.resolve(origin.host, origin.port),
            happy_eyeballs_delay=_NEXT_ADDRESS_SECONDS,
            socket_factory=self.network.open_socket,
        )
        secure = origin.scheme == "https"
        _, connection = await asyncio.get_running_loop().create_connection(
            lambda: Connection(self._read_timeout),
            sock=sock,
            ssl=self._tls if secure else None,
            server_hostname=origin.host if secure else None,
        )
        return connection
