"""Limits the concurrent requests to each origin."""

import asyncio
from collections import OrderedDict, deque
from dataclasses import dataclass, field
from typing import Self

from intake.model.errors import ConnectFailed, HttpServerError, Throttled

_KNOWN_ORIGINS = 1024


@dataclass(slots=True)
class OriginState:
    """One origin: how many requests it gets at once.

    Attributes:
        limit: grows by one for each `limit` answers, halves when the origin is overrun (as TCP does, RFC 5681).
        era: counts the halvings; requests that began in an earlier era tell nothing new about this one.
    """

    limit: float
    active: int = 0
    era: int = 0
    queue: deque[asyncio.Future[None]] = field(default_factory=deque)

    async def acquire(self) -> int:
        if self.queue or self.active >= int(self.limit):
            turn = asyncio.get_running_loop().create_future()
            self.queue.append(turn)
            try:
                await turn
            except asyncio.CancelledError:
                if turn.done() and not turn.cancelled():
                    self.release()
                raise
        else:
            self.active += 1
        return self.era

    def release(self) -> None:
        self.active -= 1
        while self.queue and self.active < int(self.limit):
            turn = self.queue.popleft()
            if not turn.done():
                self.active += 1
                turn.set_result(None)


class OriginSlot:
    """One request's place at an origin; how it went decides how many the origin gets from then on."""

    def __init__(self, lane: OriginState, era: int, most: int) -> None:
        self._lane = lane
        self._era = era
        self._most = most

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        lane = self._lane
        if error is None:
            lane.limit = min(float(self._most), lane.limit + 1 / lane.limit)
        elif _shows_overrun(error) and self._era == lane.era:
            # A burst that fails together halves it once: only requests of this era have something new to tell.
            lane.era += 1
            lane.limit = max(1.0, lane.limit / 2)
        lane.release()


def _shows_overrun(error: BaseException) -> bool:
    match error:
        case Throttled() | ConnectFailed() | HttpServerError(status=503):
            return True
        case _:
            return False


class OriginLimiter:
    """At most `most` requests at once per origin, fewer where the origin shows that it is overrun."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lanes: OrderedDict[str, OriginState] = OrderedDict()

    async def acquire(self, origin: str) -> OriginSlot:
        """Wait for a place at the origin; leaving the context of the place gives it back."""
        lane = self._lanes.setdefault(origin, OriginState(limit=self._most))
        self._lanes.move_to_end(origin)
        if len(self._lanes) > _KNOWN_ORIGINS:
            self._forget_one()
        return OriginSlot(lane, await lane.acquire(), self._most)

    def limit(self, origin: str) -> int:
        """How many requests the origin gets at once, now."""
        lane = self._lanes.get(origin)
        return self._most if lane is None else int(lane.limit)

    def _forget_one(self) -> None:
        idle = next((name for name, lane in self._lanes.items() if not lane.active and not lane.queue), None)
        if idle is not None:
            del self._lanes[idle]
