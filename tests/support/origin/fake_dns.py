"""A replacement for the system's DNS lookup."""

import socket
from collections.abc import Callable
from typing import Any

type Addresses = list[str] | Callable[[], list[str]]


class FakeDns:
    """Resolves the names that a test defines; every other name does not exist.

    Attributes:
        addresses: the addresses of each name, or a function that returns them.
        lookups: the names that were looked up, in order.
    """

    def __init__(self) -> None:
        self.addresses: dict[str, Addresses] = {}
        self.lookups: list[str] = []

    def __setitem__(self, name: str, addresses: Addresses) -> None:
        self.addresses[name] = addresses

    def getaddrinfo(self, host: bytes | str, port: int, *_: Any) -> list[Any]:
        """See `socket.getaddrinfo`."""
        name = host.decode() if isinstance(host, bytes) else host
        self.lookups.append(name)
        found = self.addresses.get(name)
        if found is None:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        addresses = found() if callable(found) else found
        return [_address_info(address, port) for address in addresses]


def _address_info(address: str, port: int) -> tuple[Any, ...]:
    if ":" in address:
        return (socket.AF_INET6, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (address, port, 0, 0))
    return (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (address, port))
