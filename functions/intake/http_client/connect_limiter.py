"""Limits how many connections to one origin are opened at once.

When many requests start together and the origin is near, as S3 is, a connection in use becomes idle before a new one
has completed its TLS handshake, and a handshake costs more than a request. A task that waits for permission to open a
connection gets an idle one instead if one is released first.
"""

from dataclasses import dataclass, field

from intake.http_client.connection import Connection
from intake.http_client.wait_queue import WaitQueue


@dataclass(slots=True)
class _OriginState:
    """One origin where a connection is being opened.

    Attributes:
        opening: the number of connections that are being opened.
        waiting: tasks that wait; each is granted an idle connection, or None as the permission to open one.
    """

    opening: int = 0
    waiting: WaitQueue[None, Connection | None] = field(default_factory=WaitQueue)


class ConnectLimiter[Origin]:
    """Allows at most `limit` connections to each origin to be opened at once."""

    def __init__(self, limit: float) -> None:
        self._limit = limit
        self._origins: dict[Origin, _OriginState] = {}

    async def acquire(self, origin: Origin) -> Connection | None:
        """Wait, in the order of calls, for permission to open a connection or for an idle one.

        Returns:
            An idle connection. Or None: the caller opens one, and calls `release` when that has succeeded or failed.
        """
        state = self._origins.setdefault(origin, _OriginState())
        if state.opening < self._limit:
            state.opening += 1
            return None
        return await state.waiting.wait(None, lambda granted: self._pass_on(origin, granted))

    def release(self, origin: Origin, *, failed: bool = False) -> None:
        """Pass the permission to the next task; after a failure to all tasks, because no idle connection will come."""
        state = self._origins[origin]
        while failed and state.waiting.offer(None):
            state.opening += 1
        if not state.waiting.offer(None):
            state.opening -= 1
            if not state.opening:
                del self._origins[origin]

    def offer(self, origin: Origin, connection: Connection) -> bool:
        """Give an idle connection to the task that has waited longest; return whether any task waited."""
        state = self._origins.get(origin)
        return state is not None and state.waiting.offer(connection)

    def _pass_on(self, origin: Origin, granted: Connection | None) -> None:
        """Give the grant of a cancelled task to the next one."""
        if granted is None:
            self.release(origin)
        elif not self.offer(origin, granted):
            granted.close()
