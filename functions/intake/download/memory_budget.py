"""How much may go on at once: in bytes, and per origin. Waiting, never failing, for room."""

import asyncio
from collections import Counter
from dataclasses import dataclass


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

    async def acquire(self, size: int, owner: str) -> None:
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
                self.release(size, owner)
            raise

    def release(self, size: int, owner: str) -> None:
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

    async def acquire_slot(self) -> None:
        """Wait for a turn."""
        if self._turns is not None and not self._at_work:
            await self._turns.acquire()
        self._at_work = True

    def release_slot(self) -> None:
        """Give the turn back, while there is nothing to do but to wait."""
        if self._turns is not None and self._at_work:
            self._turns.release()
        self._at_work = False

    async def reserve(self, size: int, owner: str) -> None:
        """Wait for room for `size` bytes of a body; one that is larger than the whole budget waits to be alone.

        Args:
            size: in bytes.
            owner: the host that it comes from, which gets no more than its share.
        """
        size = min(size, self._budget.size)
        await self._budget.acquire(size, owner)
        self._held, self._owner = size, owner

    def shrink(self, size: int) -> None:
        """Keep `size` bytes and give the rest back."""
        if size < self._held:
            self._budget.release(self._held - size, self._owner)
            self._held = size

    def release(self) -> None:
        """Give everything back."""
        self.shrink(0)
        self.release_slot()
