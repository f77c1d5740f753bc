"""GroupPauses: lets groups wait for origins that asked everybody to wait, while other groups use their places."""

import asyncio
import random
from collections.abc import Iterable

MAX_SECONDS = 60.0
"""How long a group waits without getting any image. What needs longer is in retryable.jsonl."""

_MAX_WAITING = 100
"""Groups that wait at once. Each keeps its rows and receipts in memory: about a third of a MB."""

_JITTER_SECONDS = 1.0


class GroupPauses:
    """Knows which Files failed because an origin asked to wait, and pauses their groups."""

    def __init__(self, places: asyncio.Semaphore) -> None:
        """Take the places of the groups that a process works on at once; a group that waits gives its place away."""
        self._places = places
        self._seconds: dict[str, float] = {}
        self._waiting = 0

    def note(self, file_id: str, seconds: float) -> None:
        """Note that images of a File may succeed after some seconds."""
        self._seconds[file_id] = max(seconds, self._seconds.get(file_id, 0.0))

    def take(self, file_ids: Iterable[str]) -> dict[str, float]:
        """Return, and forget, the seconds of the Files that have to wait."""
        seconds = ((file_id, self._seconds.pop(file_id, None)) for file_id in file_ids)
        return {file_id: value for file_id, value in seconds if value is not None}

    async def wait(self, seconds: float) -> bool:
        """Wait some seconds without a place. Return whether the group may try again."""
        if self._waiting >= _MAX_WAITING:
            return False
        self._waiting += 1
        self._places.release()
        try:
            await asyncio.sleep(seconds + random.random() * _JITTER_SECONDS)  # noqa: S311 - jitter, not a secret
        finally:
            self._waiting -= 1
            await self._places.acquire()
        return True
