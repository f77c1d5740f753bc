"""GroupPauses: lets groups wait for origins that answered with Retry-After, while other groups use their slots."""

import asyncio
import random
from collections.abc import Callable, Collection, Iterable

from infra.run.origin_waits import OriginWait

MAX_SECONDS = 60.0
"""How long a group waits without getting any image. Rows that need longer are in retryable.jsonl."""

_MAX_WAITING = 100
"""Groups that wait at once. Each keeps its rows and receipts in memory: about a third of a MB."""

_JITTER_SECONDS = 1.0


class GroupPauses:
    """Remembers which Files failed because an origin asked to wait, and pauses their groups."""

    def __init__(
        self, group_slots: asyncio.Semaphore, report: Callable[[Collection[OriginWait]], object] = lambda _: None
    ) -> None:
        """Pause groups.

        Args:
            group_slots: the slots of the groups that a process works on at once; a group that waits releases its slot.
            report: is told what a group waits for.
        """
        self._group_slots = group_slots
        self._report = report
        self._waits: dict[str, dict[str, OriginWait]] = {}
        self._waiting = 0
        self._stopped = asyncio.Event()

    def add(self, file_id: str, wait: OriginWait) -> None:
        """Remember that images of a File may succeed after a wait for their origin."""
        waits = self._waits.setdefault(file_id, {})
        before = waits.get(wait.host)
        if before is None or wait.seconds > before.seconds:
            waits[wait.host] = wait

    def pop(self, file_ids: Iterable[str]) -> dict[str, Collection[OriginWait]]:
        """Remove and return the waits of those Files that have any, one for each origin."""
        waits = ((file_id, self._waits.pop(file_id, None)) for file_id in file_ids)
        return {file_id: of_file.values() for file_id, of_file in waits if of_file}

    async def wait(self, waits: Collection[OriginWait]) -> bool:
        """Wait without a slot, as long as the longest of the waits. Return whether the group may try again."""
        if self._waiting >= _MAX_WAITING:
            return False
        self._report(waits)
        seconds = longest(waits)
        self._waiting += 1
        self._group_slots.release()
        try:
            async with asyncio.timeout(seconds + random.random() * _JITTER_SECONDS):  # noqa: S311 - jitter, not a secret
                await self._stopped.wait()
        except TimeoutError:
            return True
        finally:
            self._waiting -= 1
            await self._group_slots.acquire()
        return False

    def stop(self) -> None:
        """End every wait, and let no group wait any more."""
        self._stopped.set()


def longest(waits: Iterable[OriginWait]) -> float:
    """Return the seconds of the longest wait; 0 if there is none."""
    return max((wait.seconds for wait in waits), default=0.0)
