"""SystemResolver looked up: in threads of our own, each name once at a time, and remembered for some seconds."""

import asyncio
import socket
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from math import inf

from aiohappyeyeballs import AddrInfoType

from intake.http_client.resolver_threads import ResolverThreads

_REMEMBERED_SECONDS = 10.0
_MAX_ADDRESSES = 8
"""Of a name are tried; all are judged."""

_MAX_NAMES = 1024


@dataclass(slots=True)
class _Name:
    """What is known of a name, or will be.

    Attributes:
        addresses: family, protocol and socket address of each.
        until: when it is to be asked again, on the loop's clock.
    """

    addresses: asyncio.Future[list[AddrInfoType]]
    until: float = inf


class SystemResolver:
    """Resolves hosts."""

    def __init__(self, require: Callable[[str, str], None] | None = None) -> None:
        """Ask nobody yet.

        Args:
            require: is called with a host and every one of its addresses, and raises where it is not to be used.
        """
        self._threads = ResolverThreads()
        self._require = require
        self._names: dict[str, _Name] = {}

    async def resolve(self, host: str, port: int) -> list[AddrInfoType]:
        """See `Network.resolve`. A name that fails is asked again by whoever comes next."""
        if (literal := _literal(host, port)) is not None:
            return [literal]
        name = self._names.get(host)
        if name is None or name.until < asyncio.get_running_loop().time():
            name = self._ask(host)
        # Shielded: others may wait for the same name, and the next attempt finds what comes late.
        addresses = await asyncio.shield(name.addresses)
        return [(family, kind, proto, "", (at[0], port, *at[2:])) for family, kind, proto, _, at in addresses]

    def open_socket(self, info: AddrInfoType) -> socket.socket:
        """See `Network.open_socket`."""
        family, kind, proto, *_ = info
        return socket.socket(family, kind, proto)

    def _ask(self, host: str) -> _Name:
        self._names.pop(host, None)  # what was known of it: no other makes room, and it is the youngest now
        while len(self._names) >= _MAX_NAMES:
            del self._names[next(iter(self._names))]
        name = self._names[host] = _Name(self._threads.start(lambda: self._look_up(host)))
        loop = asyncio.get_running_loop()

        def remember(done: asyncio.Future[list[AddrInfoType]]) -> None:
            if done.cancelled() or done.exception() is not None:
                if self._names.get(host) is name:
                    del self._names[host]
            else:
                name.until = loop.time() + _REMEMBERED_SECONDS

        name.addresses.add_done_callback(remember)
        return name

    def _look_up(self, host: str) -> list[AddrInfoType]:
        # As bytes: a str would go through Python's own IDNA codec, a second reading of the host.
        answers = socket.getaddrinfo(host.encode("ascii"), 0, 0, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        if not answers:
            raise socket.gaierror(socket.EAI_NONAME, "No address")
        if self._require is not None:
            # In the thread: there are names with thousands of addresses.
            for *_, address in answers:
                self._require(host, str(address[0]))
        return list(answers[:_MAX_ADDRESSES])


def _literal(host: str, port: int) -> AddrInfoType | None:
    try:
        version = ip_address(host).version
    except ValueError:
        return None
    family, rest = (socket.AF_INET, ()) if version == 4 else (socket.AF_INET6, (0, 0))  # noqa: PLR2004 - of the protocol
    return (family, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (host, port, *rest))
