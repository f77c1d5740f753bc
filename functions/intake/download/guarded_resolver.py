"""Resolve, classify, connect: the one place through which every connection to an origin is made.

The address that is judged is the address that is dialled: sockets are made by `GuardedResolver.open_socket`, which is given
the very address that the connection goes to, on every hop, whether it came from DNS or stood in the URL.
"""

import socket

from aiohappyeyeballs import AddrInfoType

from intake.download.address_policy import classify
from intake.http_client.resolver import SystemResolver
from intake.model.errors import Blocked
from intake.model.limits import Limits


class GuardedResolver:
    """The network, less what is not to be dialled."""

    def __init__(self, limits: Limits) -> None:
        self._allowed = limits.allowed_networks
        self._names = SystemResolver(self._require_dialled)

    async def resolve(self, host: str, port: int) -> list[AddrInfoType]:
        """Return the addresses of a host, unless one of them may not be dialled.

        Raises:
            Blocked: a name that mixes them is no honest origin.
            OSError: the name does not resolve.
        """
        addresses = await self._names.resolve(host, port)
        for *_, address in addresses:  # a literal was not looked up, and thus not judged
            self._require_dialled(host, str(address[0]))
        return addresses

    def open_socket(self, info: AddrInfoType) -> socket.socket:
        """Make the socket for one address, unless it may not be dialled.

        Raises:
            Blocked: not an OSError, so that no other address is tried in its place.
        """
        *_, address = info
        self._require_dialled("", str(address[0]))
        return self._names.open_socket(info)

    def _require_dialled(self, host: str, address: str) -> None:
        verdict = classify(address, self._allowed)
        if not verdict.is_allowed:
            raise Blocked(reason=f"{host or 'address'} {address}: {verdict}")
