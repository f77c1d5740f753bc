"""Resolves host names for downloads, and refuses every address that the policy does not allow.

The connection goes to the address that was checked: `GuardedResolver.open_socket` receives the very address of
the connection, on every redirect, whether it comes from DNS or is part of the URL.
"""

import socket

from aiohappyeyeballs import AddrInfoType

from intake.download.address_policy import classify
from intake.http_client.resolver import SystemResolver
from intake.model.errors import Blocked
from intake.model.limits import Limits


class GuardedResolver:
    """A `Resolver` that raises `Blocked` for addresses that are not public."""

    def __init__(self, limits: Limits) -> None:
        self._allowed_networks = limits.allowed_networks
        self._resolver = SystemResolver(self._require_allowed)

    async def resolve(self, host: str, port: int) -> list[AddrInfoType]:
        """Return the addresses of a host.

        Raises:
            Blocked: any of them is not allowed; a name that mixes them is no honest origin.
            OSError: the name does not resolve.
        """
        addresses = await self._resolver.resolve(host, port)
        for *_, address in addresses:  # an address in the URL is not looked up, so it is not checked yet
            self._require_allowed(host, str(address[0]))
        return addresses

    def open_socket(self, info: AddrInfoType) -> socket.socket:
        """Create the socket for one address.

        Raises:
            Blocked: the address is not allowed. It is no OSError, so no other address is tried instead.
        """
        *_, address = info
        self._require_allowed("", str(address[0]))
        return self._resolver.open_socket(info)

    def _require_allowed(self, host: str, address: str) -> None:
        verdict = classify(address, self._allowed_networks)
        if not verdict.is_allowed:
            raise Blocked(reason=f"{host or 'address'} {address}: {verdict}")
