"""Connects to the first address of a host that accepts a connection (Happy Eyeballs, RFC 8305)."""

import asyncio
import socket
from collections import deque
from collections.abc import Callable, Sequence
from itertools import chain, zip_longest
from typing import Protocol

from intake.http_client.descriptors import require_descriptor
from intake.http_client.resolver import AddressInfo

_ATTEMPT_DELAY = 0.25
"""Seconds before the next address is tried beside one that does not respond (RFC 8305, 8)."""


class SocketAllowance(Protocol):
    """Says how many sockets may be open. Its caller is allowed one already."""

    def try_acquire_extra(self) -> bool:
        """Return whether one more socket is allowed now."""
        ...

    def release_extra(self, count: int) -> None:
        """Give back `count` sockets that `try_acquire_extra` allowed."""
        ...


async def connect_to_any(
    addresses: Sequence[AddressInfo], open_socket: Callable[[AddressInfo], socket.socket], allowance: SocketAllowance
) -> socket.socket:
    """Return a socket that is connected to one of the addresses.

    Args:
        addresses: at least one, in the order in which to try them.
        open_socket: creates the socket for an address.
        allowance: limits the addresses that are tried at the same time.

    Raises:
        OSError: no address accepts a connection.
        OutOfDescriptors: there is no descriptor for a socket.
        Exception: raised by `open_socket`.
    """
    if len(addresses) == 1:
        return await _connect(open_socket(addresses[0]), addresses[0])
    return await _Race(allowance).run(_alternate_families(addresses), open_socket)


class _Race:
    """Tries the addresses of one host, each a while after the one before."""

    def __init__(self, allowance: SocketAllowance) -> None:
        self._allowance = allowance
        self._allowed_sockets = 1
        self._attempts: deque[asyncio.Task[socket.socket]] = deque()  # oldest first
        self._errors: list[BaseException] = []

    async def run(
        self, addresses: Sequence[AddressInfo], open_socket: Callable[[AddressInfo], socket.socket]
    ) -> socket.socket:
        try:
            for address in addresses:
                await self._prepare_socket()
                try:
                    sock = open_socket(address)
                except OSError as error:
                    self._note(error)
                    continue
                self._attempts.append(asyncio.create_task(_connect(sock, address)))
                if winner := await self._wait(_ATTEMPT_DELAY):
                    return winner
            while self._attempts:
                if winner := await self._wait(None):
                    return winner
            raise _merge(self._errors)
        finally:
            self._errors.clear()  # their tracebacks refer to this frame
            for attempt in self._attempts:
                _abandon(attempt)
            self._allowance.release_extra(self._allowed_sockets - 1)

    async def _prepare_socket(self) -> None:
        """Let the next attempt have a socket: an extra one, or else that of the oldest attempt."""
        if len(self._attempts) < self._allowed_sockets:
            return
        if self._allowance.try_acquire_extra():
            self._allowed_sockets += 1
            return
        oldest = self._attempts.popleft()
        _abandon(oldest)
        await asyncio.wait([oldest])  # its socket is closed then

    async def _wait(self, seconds: float | None) -> socket.socket | None:
        """Wait until an attempt ends, or for some seconds; return a connected socket, if there is one."""
        done, _ = await asyncio.wait(self._attempts, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for attempt in done:
            self._attempts.remove(attempt)
        connected = [attempt.result() for attempt in done if attempt.exception() is None]
        for spare in connected[1:]:
            spare.close()
        if connected:
            return connected[0]
        for error in filter(None, [attempt.exception() for attempt in done]):
            self._note(error)
        return None

    def _note(self, error: BaseException) -> None:
        """Remember why an address failed."""
        if isinstance(error, OSError):
            require_descriptor(error)
        self._errors.append(error)


async def _connect(sock: socket.socket, address: AddressInfo) -> socket.socket:
    try:
        sock.settimeout(0)
        await asyncio.get_running_loop().sock_connect(sock, address[-1])
    except BaseException:
        sock.close()  # here, in the task that waited: asyncio has stopped watching the descriptor
        raise
    return sock


def _abandon(attempt: asyncio.Task[socket.socket]) -> None:
    attempt.add_done_callback(_close_socket)
    attempt.cancel()


def _close_socket(attempt: asyncio.Task[socket.socket]) -> None:
    if not attempt.cancelled() and attempt.exception() is None:
        attempt.result().close()


def _alternate_families(addresses: Sequence[AddressInfo]) -> list[AddressInfo]:
    """Alternate IPv6 and IPv4, so that a broken family delays no connection for long (RFC 8305, 4)."""
    families: dict[int, list[AddressInfo]] = {}
    for address in addresses:
        families.setdefault(address[0], []).append(address)
    return [address for address in chain.from_iterable(zip_longest(*families.values())) if address is not None]


def _merge(errors: list[BaseException]) -> BaseException:
    """Return one error for all addresses: a bug, or else an OSError without tracebacks."""
    for error in errors:
        if not isinstance(error, OSError):
            return error
    texts = list(dict.fromkeys(map(str, errors)))
    return OSError(*errors[0].args) if len(texts) == 1 else OSError("; ".join(texts))
