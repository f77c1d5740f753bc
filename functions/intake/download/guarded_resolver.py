"""Resolves host names for downloads, and refuses every address that the policy does not allow.

Each connection goes to an address that was checked: `GuardedResolver.open_socket` checks the very address that is
connected to, for redirects too, whether the address comes from DNS or is part of the URL.
"""

import socket

from intake.download.address_policy import classify
from intake.http_client.resolver import AddressInfo, SystemResolver
from intake.model.error_codes import Blocked
from intake.model.limits import Limits


class GuardedResolver:
    """A `Resolver` that raises `Blocked` for addresses that are not public."""

    def __init__(self, limits: Limits) -> None:
        self._allowed_networks = limits.allowed_networks
        self._resolver = SystemResolver(self._require_allowed)

    async def resolve(self, host: str, port: int) -> list[AddressInfo]:
        """Return the addresses of a host.

        Raises:
            Blocked: at least one address is not allowed. A name with allowed and refused addresses is suspicious.
            OSError: the name does not resolve.
        """
        addresses = await self._resolver.resolve(host, port)
        for *_, address in addresses:  # SystemResolver does not check an address in the URL
            self._require_allowed(host, str(address[0]))
        return addresses

    def open_socket(self, info: AddressInfo) -> socket.socket:
        """Create the socket for one address.

        Raises:
            Blocked: the address is not allowed. It is not an OSError, so the client tries no other address.
        """
        *_, address = info
        self._require_allowed("", str(address[0]))
        return self._resolver.open_socket(info)

    def _require_allowed(self, host: str, address: str) -> None:
        verdict = classify(address, self._allowed_networks)
        if not verdict.is_allowed:
            raise Blocked(reason=f"{host or 'address'} {address}: {verdict}")
