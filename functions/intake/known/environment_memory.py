"""EnvironmentMemory: what one Lambda execution environment remembers between its invocations."""

from collections.abc import Callable
from time import time

from intake.known.known_image import KnownImage
from intake.known.lru_dict import LruDict

MAX_ENTRIES = 4096
"""The maximum number of URLs, and of object keys.

A URL takes less than 1.2 KB, whatever its origin sent; an object key takes 400 bytes.
"""

SEEN_SECONDS = 300
"""How long an object counts as seen. Only the owner of the bucket deletes images, so it is hardly ever gone by then."""


class EnvironmentMemory:
    """What is known of the last MAX_ENTRIES URLs, and when each of the last MAX_ENTRIES objects was seen.

    Args:
        now: the clock, in Unix seconds. A monotonic clock stands still while the environment is frozen.
    """

    def __init__(self, now: Callable[[], float] = time) -> None:
        self._now = now
        self._known: LruDict[bytes, KnownImage] = LruDict(MAX_ENTRIES)
        self._seen: LruDict[str, float] = LruDict(MAX_ENTRIES)

    def find(self, key: bytes) -> KnownImage | None:
        """Return what is known of the URL with this `url_key`."""
        known = self._known.get(key)
        if known is not None:
            self._known.move_to_end(key)
        return known

    def remember(self, key: bytes, known: KnownImage) -> None:
        """Replace what is known of the URL with this `url_key`."""
        self._known[key] = known

    def drop(self, key: bytes) -> None:
        """Remove what is known of the URL with this `url_key`."""
        self._known.pop(key, None)

    def has_seen(self, object_key: str) -> bool:
        """Whether the object was in the bucket within the last SEEN_SECONDS; False after the clock went back."""
        seen_at = self._seen.get(object_key)
        return seen_at is not None and 0 <= self._now() - seen_at <= SEEN_SECONDS

    def mark_seen(self, object_key: str) -> None:
        """Remember that the object is in the bucket now."""
        self._seen[object_key] = self._now()

    def mark_missing(self, object_key: str) -> None:
        """Remember that the object is not in the bucket."""
        self._seen.pop(object_key, None)
