"""FairLimit: allows a number of tasks at once, and shares them fairly among those that wait."""

from intake.http_client.wait_queue import WaitQueue


class FairLimit:
    """Allows at most `limit` tasks at once; the others wait.

    Each task belongs to a share. A free slot goes to the waiting share that holds the fewest, so tasks that hang do not
    keep those of another share waiting for long. Shares that hold as many take turns. Within a share, the task that has
    waited longest is first.

    Attributes:
        limit: the tasks that are allowed at once, rounded down; at least 1.
        active: the tasks that hold a slot.
    """

    def __init__(self, limit: float) -> None:
        self.limit = limit
        self.active = 0
        self._held: dict[str, int] = {}
        self._waiting: dict[str, WaitQueue[None, None]] = {}

    async def acquire(self, share: str) -> None:
        """Wait for a slot."""
        if self.active < int(self.limit):  # no task waits: `release` has started all that fit
            self.active += 1
            self._held[share] = self._held.get(share, 0) + 1
        else:
            self._held.setdefault(share, 0)
            queue = self._waiting.setdefault(share, WaitQueue())
            await queue.wait(None, lambda _: self.release(share))

    def release(self, share: str) -> None:
        """Return a slot of a share, and start the waiting tasks that fit."""
        self.active -= 1
        self._held[share] -= 1
        while self._waiting and self.active < int(self.limit):
            self._start_next()
        if not self._held.get(share, 1) and share not in self._waiting:
            del self._held[share]  # callers choose the names of shares

    def _start_next(self) -> None:
        share = min(self._waiting, key=self._held.__getitem__)
        queue = self._waiting.pop(share)
        if queue.offer(None):
            self.active += 1
            self._held[share] += 1
            self._waiting[share] = queue  # last: shares that hold as many take turns
        elif not self._held[share]:  # its tasks have started, or were cancelled
            del self._held[share]
