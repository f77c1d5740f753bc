"""Resolves names to addresses, and creates the sockets for them.

`Resolver` is the only part of the client that a caller can replace: every connection goes to an address that
`resolve` returned, over a socket that `open_socket` created. `SystemResolver` asks the operating system.
"""

import asyncio
import errno
import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from math import inf
from typing import Any, Protocol

from intake.http_client.descriptors import has_descriptor
from intake.http_client.resolver_threads import ResolverThreads

type AddressInfo = tuple[int, int, int, str, tuple[Any, ...]]
"""Family, type, protocol, name and address, as `socket.getaddrinfo` returns them."""

_CACHE_SECONDS = 10.0
_MAX_CACHED_NAMES = 1024
_MAX_ADDRESSES = 8
"""Limit of the addresses that are returned for a name. All of its addresses are checked."""


class Resolver(Protocol):
    """Resolves hosts and creates sockets.

    An OSError becomes `DnsError` or `ConnectError`. Any other exception reaches the caller of the client unchanged, and
    no other address is tried. A resolver can refuse an address in this way.
    """

    async def resolve(self, host: str, port: int) -> list[AddressInfo]:
        """Return the addresses of a host, in the order in which to try them.

        Args:
            host: a name, or an IPv4 or IPv6 address without brackets.
            port: becomes part of the addresses.

        Raises:
            OSError: there are none; `socket.gaierror` if the lookup failed.
        """
        ...

    def open_socket(self, info: AddressInfo) -> socket.socket:
        """Create the socket for one of the addresses.

        Raises:
            OSError: the next address is tried.
        """
        ...


@dataclass(slots=True)
class _CacheEntry:
    """The lookup of a name.

    Attributes:
        addresses: the result, once the lookup ends.
        expires_at: a time on the loop's clock; infinite while the lookup is running.
    """

    addresses: asyncio.Future[list[AddressInfo]]
    expires_at: float = inf


class SystemResolver:
    """A `Resolver` over getaddrinfo: in threads, one lookup per name at a time, cached for ten seconds."""

    def __init__(self, check_address: Callable[[str, str], None] | None = None) -> None:
        """Create a resolver with an empty cache.

        Args:
            check_address: called in a thread with a host and each of its addresses. It raises to refuse the host.
        """
        self._threads = ResolverThreads()
        self._check_address = check_address
        self._cache: dict[str, _CacheEntry] = {}

    async def resolve(self, host: str, port: int) -> list[AddressInfo]:
        """See `Resolver.resolve`. Failures are not cached, and literal addresses are not checked."""
        if (literal := _parse_literal(host, port)) is not None:
            return [literal]
        entry = self._cache.get(host)
        if entry is None or entry.expires_at < asyncio.get_running_loop().time():
            entry = self._start_lookup(host)
        # Shielded: other tasks may wait for this lookup, and a retry uses a late result.
        addresses = await asyncio.shield(entry.addresses)
        return [(family, kind, proto, "", (at[0], port, *at[2:])) for family, kind, proto, _, at in addresses]

    def open_socket(self, info: AddressInfo) -> socket.socket:
        """See `Resolver.open_socket`."""
        family, kind, proto, *_ = info
        return socket.socket(family, kind, proto)

    def _start_lookup(self, host: str) -> _CacheEntry:
        self._cache.pop(host, None)  # replace an expired entry, so that no other is evicted
        while len(self._cache) >= _MAX_CACHED_NAMES:
            del self._cache[next(iter(self._cache))]
        entry = self._cache[host] = _CacheEntry(self._threads.submit(lambda: self._look_up(host)))
        loop = asyncio.get_running_loop()

        def finish(lookup: asyncio.Future[list[AddressInfo]]) -> None:
            if not lookup.cancelled() and lookup.exception() is None:
                entry.expires_at = loop.time() + _CACHE_SECONDS
            elif self._cache.get(host) is entry:
                del self._cache[host]

        entry.addresses.add_done_callback(finish)
        return entry

    def _look_up(self, host: str) -> list[AddressInfo]:
        # Bytes, because Python encodes a str with its own IDNA codec, which may convert it to another host.
        try:
            infos = socket.getaddrinfo(host.encode("ascii"), 0, 0, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        except socket.gaierror as error:
            if has_descriptor():
                raise
            # getaddrinfo does not say why it could not ask a server.
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE)) from error
        if not infos:
            raise socket.gaierror(socket.EAI_NONAME, "No address")
        if self._check_address is not None:
            for *_, address in infos:  # in this thread: some names have thousands of addresses
                self._check_address(host, str(address[0]))
        return list(infos[:_MAX_ADDRESSES])


def _parse_literal(host: str, port: int) -> AddressInfo | None:
    try:
        version = ip_address(host).version
    except ValueError:
        return None
    family, rest = (socket.AF_INET, ()) if version == 4 else (socket.AF_INET6, (0, 0))  # noqa: PLR2004 - of IP
    return (family, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (host, port, *rest))
