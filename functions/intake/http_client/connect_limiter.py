"""Limits the sockets of a connection pool, and how many connections to one origin are opened at once.

When many requests start together and the origin is near, as S3 is, a connection in use becomes idle before a new one
has completed its TLS handshake, and a handshake costs more than a request. And the descriptors of a process are
limited. So a task may have to wait for permission to open a connection. It gets an idle one instead if one is released
first.
"""

from collections import Counter
from collections.abc import Callable
from math import inf
from typing import NamedTuple

from intake.http_client.connection import Connection
from intake.http_client.wait_queue import WaitQueue


class _Request[Origin](NamedTuple):
    """What a task waits for.

    Attributes:
        origin: where it needs a connection to.
        must_be_new: whether only a permission helps, and no idle connection.
    """

    origin: Origin
    must_be_new: bool


class ConnectLimiter[Origin]:
    """Allows so many sockets, and so many connections to each origin that are being opened.

    A permission to open a connection includes one socket. Connecting to several addresses at once takes extra sockets,
    at most half of all: names with many dead addresses must leave sockets for others.

    Attributes:
        waiting: the number of tasks that wait.
    """

    def __init__(self, limit: float, max_sockets: float = inf, close_idle: Callable[[], object] = lambda: None) -> None:
        """Create a limiter of a pool without connections.

        Args:
            limit: how many connections to one origin may be opened at once.
            max_sockets: how many sockets may be open.
            close_idle: called when a task needs a socket and all are in use. It closes an idle connection, if there
                is one; `release_socket` follows when its socket is closed.
        """
        self._limit = limit
        self._free_sockets = max_sockets
        self._allowed_extra = max_sockets / 2
        self._close_idle = close_idle
        self._opening = Counter[Origin]()
        self._queue = WaitQueue[_Request[Origin], Connection | None]()
        self.waiting = 0

    async def acquire(self, origin: Origin, *, must_be_new: bool = False) -> Connection | None:
        """Wait, in the order of calls, for permission to open a connection or for an idle one.

        Args:
            origin: where the connection leads.
            must_be_new: wait for the permission only.

        Returns:
            An idle connection. Or None: the caller opens one, and calls `release` when that has succeeded or failed,
            and `release_socket` when the socket is closed.
        """
        if self._opening[origin] < self._limit:
            if self._free_sockets >= 1:
                self._begin(origin)
                return None
            self._close_idle()
        waiter = self._queue.enqueue(_Request(origin, must_be_new))
        self.waiting += 1
        try:
            return await self._queue.wait_for_grant(waiter, lambda granted: self._pass_on(origin, granted))
        finally:
            self.waiting -= 1
            if not self.waiting:
                self._queue = WaitQueue()  # the old one refers to the connections that it granted

    def release(self, origin: Origin, *, failed: bool = False) -> None:
        """Pass the permission to the next task; after a failure to all tasks, because no idle connection will come."""
        self._opening[origin] -= 1
        if not self._opening[origin]:
            del self._opening[origin]
        self.grant(origin if failed else None)

    def release_socket(self) -> None:
        """Take back a socket that is closed."""
        self._free_sockets += 1
        self.grant()

    def try_acquire_extra(self) -> bool:
        """Return whether an extra socket is allowed now."""
        is_allowed = self._free_sockets >= 1 and self._allowed_extra >= 1
        if is_allowed:
            self._free_sockets -= 1
            self._allowed_extra -= 1
        return is_allowed

    def release_extra(self, count: int) -> None:
        """Take back `count` extra sockets that are closed."""
        self._free_sockets += count
        self._allowed_extra += count
        self.grant()

    def offer(self, origin: Origin, connection: Connection) -> bool:
        """Give an idle connection to the task that has waited longest; return whether any task accepts one."""
        for waiter in self._queue:
            if waiter.request == (origin, False):
                waiter.grant(connection)
                return True
        return False

    def grant(self, failed: Origin | None = None) -> None:
        """Permit every waiting task that may open a connection to do so.

        Args:
            failed: an origin whose limit does not count, because a connection to it failed.
        """
        if not self.waiting:
            return
        for waiter in self._queue:
            origin = waiter.request.origin
            if self._opening[origin] < self._limit or origin == failed:
                if self._free_sockets < 1:
                    self._close_idle()
                    return
                self._begin(origin)
                waiter.grant(None)

    def _begin(self, origin: Origin) -> None:
        self._opening[origin] += 1
        self._free_sockets -= 1

    def _pass_on(self, origin: Origin, granted: Connection | None) -> None:
        """Give the grant of a cancelled task to the next one."""
        if granted is None:
            self.release_socket()
            self.release(origin)
        elif not self.offer(origin, granted):
            granted.close()
