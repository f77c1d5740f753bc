"""GroupPauses: lets groups wait for origins that answered with Retry-After, while other groups use their slots."""

import asyncio
import random
from collections.abc import Iterable

MAX_SECONDS = 60.0
"""How long a group waits without getting any image. Rows that need longer are in retryable.jsonl."""

_MAX_WAITING = 100
"""Groups that wait at once. Each keeps its rows and receipts in memory: about a third of a MB."""

_JITTER_SECONDS = 1.0


class GroupPauses:
    """Remembers which Files failed because an origin asked to wait, and pauses their groups."""

    def __init__(self, group_slots: asyncio.Semaphore) -> None:
        """Use the slots of the groups that a process works on at once; a group that waits releases its slot."""
        self._group_slots = group_slots
        self._seconds: dict[str, float] = {}
        self._waiting = 0

    def add(self, file_id: str, seconds: float) -> None:
        """Remember that images of a File may succeed after some seconds."""
        self._seconds[file_id] = max(seconds, self._seconds.get(file_id, 0.0))

    def pop(self, file_ids: Iterable[str]) -> dict[str, float]:
        """Remove and return the seconds of those Files that have to wait."""
        seconds = ((file_id, self._seconds.pop(file_id, None)) for file_id in file_ids)
        return {file_id: value for file_id, value in seconds if value is not None}

    async def wait(self, seconds: float) -> bool:
        """Wait some seconds without a slot. Return whether the group may try again."""
        if self._waiting >= _MAX_WAITING:
            return False
        self._waiting += 1
        self._group_slots.release()
        try:
            await asyncio.sleep(seconds + random.random() * _JITTER_SECONDS)  # noqa: S311 - jitter, not a secret
        finally:
            self._waiting -= 1
            await self._group_slots.acquire()
        return True
