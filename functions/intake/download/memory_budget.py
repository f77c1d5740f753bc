"""How much may go on at once: in bytes, and per origin. Waiting, never failing, for room."""

import asyncio
from collections import Counter, OrderedDict, deque
from dataclasses import dataclass, field
from typing import Self

from intake.model.errors import ConnectFailed, HttpServerError, Throttled

_KNOWN_ORIGINS = 1024


class MemoryBudget:
    """Bytes that may be held at once, given out in the order of asking, so that a large body never starves.

    No owner gets more than half of them, but for a single body that is larger: an origin whose bodies never end would
    hold all there is, and every other would wait for it. Who waits for its own owner's share holds up nobody else.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._free = size
        self._held: Counter[str] = Counter()
        self._queue: list[_Asked] = []

    async def take(self, size: int, owner: str) -> None:
        if not size:
            return
        asked = _Asked(asyncio.get_running_loop().create_future(), size, owner)
        self._queue.append(asked)
        self._serve()
        try:
            await asked.turn
        except asyncio.CancelledError:
            if asked.turn.cancelled():
                self._serve()
            else:
                self.give(size, owner)
            raise

    def give(self, size: int, owner: str) -> None:
        self._free += size
        self._held[owner] -= size
        if not self._held[owner]:
            del self._held[owner]
        self._serve()

    def _serve(self) -> None:
        waiting: list[_Asked] = []
        over: set[str] = set()
        for place, asked in enumerate(self._queue):
            if asked.turn.done():
                continue  # given up
            if asked.owner in over or not self._has_share(asked):
                over.add(asked.owner)
                waiting.append(asked)
            elif asked.size > self._free:
                waiting += self._queue[place:]
                break
            else:
                self._free -= asked.size
                self._held[asked.owner] += asked.size
                asked.turn.set_result(None)
        self._queue = waiting

    def _has_share(self, asked: "_Asked") -> bool:
        held = self._held[asked.owner]  # asking a Counter leaves nothing in it
        return not held or held + asked.size <= self.size // 2


@dataclass(slots=True, eq=False)
class _Asked:
    """Somebody who waits for room."""

    turn: asyncio.Future[None]
    size: int
    owner: str


class Reservation:
    """What one image holds of what all share: its turn among those at work, and memory for its body.

    Memory is taken once, before the body (piecewise taking can deadlock). A turn is given back while the image waits
    for its origin, so that one slow origin does not hold up every other.
    """

    def __init__(self, budget: MemoryBudget, turns: asyncio.Semaphore | None = None) -> None:
        """Hold nothing yet.

        Args:
            budget: of memory.
            turns: as many as images may be at work at once; None for any number.
        """
        self._budget = budget
        self._turns = turns
        self._held = 0
        self._owner = ""
        self._at_work = False

    async def begin(self) -> None:
        """Wait for a turn."""
        if self._turns is not None and not self._at_work:
            await self._turns.acquire()
        self._at_work = True

    def pause(self) -> None:
        """Give the turn back, while there is nothing to do but to wait."""
        if self._turns is not None and self._at_work:
            self._turns.release()
        self._at_work = False

    async def take(self, size: int, owner: str) -> None:
        """Wait for room for `size` bytes of a body; one that is larger than the whole budget waits to be alone.

        Args:
            size: in bytes.
            owner: the host that it comes from, which gets no more than its share.
        """
        size = min(size, self._budget.size)
        await self._budget.take(size, owner)
        self._held, self._owner = size, owner

    def shrink(self, size: int) -> None:
        """Keep `size` bytes and give the rest back."""
        if size < self._held:
            self._budget.give(self._held - size, self._owner)
            self._held = size

    def release(self) -> None:
        """Give everything back."""
        self.shrink(0)
        self.pause()


@dataclass(slots=True)
class _Lane:
    """One origin: how many requests it gets at once.

    Attributes:
        limit: grows by one for each `limit` answers, halves when the origin is overrun (as TCP does, RFC 5681).
        era: counts the halvings; requests that began in an earlier era tell nothing new about this one.
    """

    limit: float
    active: int = 0
    era: int = 0
    queue: deque[asyncio.Future[None]] = field(default_factory=deque)

    async def enter(self) -> int:
        if self.queue or self.active >= int(self.limit):
            turn = asyncio.get_running_loop().create_future()
            self.queue.append(turn)
            try:
                await turn
            except asyncio.CancelledError:
                if turn.done() and not turn.cancelled():
                    self.leave()
                raise
        else:
            self.active += 1
        return self.era

    def leave(self) -> None:
        self.active -= 1
        while self.queue and self.active < int(self.limit):
            turn = self.queue.popleft()
            if not turn.done():
                self.active += 1
                turn.set_result(None)


class Place:
    """One request's place at an origin; how it went decides how many the origin gets from then on."""

    def __init__(self, lane: _Lane, era: int, most: int) -> None:
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
        lane.leave()


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
        self._lanes: OrderedDict[str, _Lane] = OrderedDict()

    async def enter(self, origin: str) -> Place:
        """Wait for a place at the origin; leaving the context of the place gives it back."""
        lane = self._lanes.setdefault(origin, _Lane(limit=self._most))
        self._lanes.move_to_end(origin)
        if len(self._lanes) > _KNOWN_ORIGINS:
            self._forget_one()
        return Place(lane, await lane.enter(), self._most)

    def limit(self, origin: str) -> int:
        """How many requests the origin gets at once, now."""
        lane = self._lanes.get(origin)
        return self._most if lane is None else int(lane.limit)

    def _forget_one(self) -> None:
        idle = next((name for name, lane in self._lanes.items() if not lane.active and not lane.queue), None)
        if idle is not None:
            del self._lanes[idle]
