"""How many connections are opened at once to one origin; whoever comes later takes the first that is free instead.

Where many requests begin together and the network is near, as it is to S3, most connections that are opened for them
would be opened in vain: others are free again before TLS is agreed on, and that costs more than a request.
"""

import asyncio
from collections import deque
from dataclasses import dataclass, field

from intake.http_client.connection import Connection


@dataclass(slots=True)
class _Lane:
    dialling: int = 0
    waiting: deque[asyncio.Future[Connection | None]] = field(default_factory=deque)


class ConnectLimiter[Origin]:
    """Leave to open connections, at most so many at once to one origin."""

    def __init__(self, most: float) -> None:
        """Let `most` be opened at once."""
        self._most = most
        self._lanes: dict[Origin, _Lane] = {}

    async def acquire(self, origin: Origin) -> Connection | None:
        """Wait for leave to open a connection, or for one that is free by then: in the order of asking.

        Returns:
            A connection, or None: open one, and call `leave` whatever comes of it.
        """
        lane = self._lanes.setdefault(origin, _Lane())
        if lane.dialling < self._most:
            lane.dialling += 1
            return None
        turn: asyncio.Future[Connection | None] = asyncio.get_running_loop().create_future()
        lane.waiting.append(turn)
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._pass_on(origin, turn.result())
            raise

    def release(self, origin: Origin, *, in_vain: bool = False) -> None:
        """Give leave to the next, or to all who wait where no connection could be had: waiting spares nothing then."""
        lane = self._lanes[origin]
        while in_vain and self.offer(origin, None):
            lane.dialling += 1
        if not self.offer(origin, None):
            lane.dialling -= 1
            if not lane.dialling:
                del self._lanes[origin]

    def offer(self, origin: Origin, connection: Connection | None) -> bool:
        """Hand what is free to whoever waits longest; False where nobody waits."""
        lane = self._lanes.get(origin)
        while lane is not None and lane.waiting:
            turn = lane.waiting.popleft()
            if not turn.done():
                turn.set_result(connection)
                return True
        return False

    def _pass_on(self, origin: Origin, connection: Connection | None) -> None:
        """What was handed to somebody who was cut off at that moment."""
        if connection is None:
            self.release(origin)
        elif not self.offer(origin, connection):
            connection.close()
