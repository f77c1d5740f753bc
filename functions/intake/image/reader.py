"""The one way in which a walk reads: nothing past the end, and never more steps than a real file needs."""

from struct import Struct
from typing import Any

from intake.model.errors import InvalidImage

MAX_STEPS = 100_000
"""Segments, chunks, blocks, directory entries and boxes in one body.

The largest real files have some thousands; 20 MiB can hold seven million, which would take seconds to walk. With the
limits as they come it leaves a hundred parts for each frame.
"""


class Steps:
    """How many parts may still be looked at; a reader shares it with every reader made of it."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = MAX_STEPS


class Reader:
    """A cursor over the whole body or over one part of it. Positions are those of the body.

    Attributes:
        view: the whole body.
        name: the format, as people write it.
        at: the next byte.
        end: one past the last byte of the part.
        last: what the whole body must end with, in words.
        steps: how many parts may still be looked at.
    """

    __slots__ = ("_part", "at", "end", "last", "name", "steps", "view")

    def __init__(self, view: memoryview, name: str, last: str, whole: "Reader | None" = None) -> None:
        self.view = view
        self.name = name
        self.last = last
        self.at = 0
        self.end = len(view)
        self._part = b""
        self.steps: Steps = whole.steps if whole else Steps()

    @property
    def left(self) -> int:
        """Bytes from the cursor to the end."""
        return self.end - self.at

    def step(self, count: int = 1) -> None:
        """Account for parts about to be looked at."""
        self.steps.left -= count
        if self.steps.left < 0:
            raise self.malformed("it has more parts than any real one", f"limit {MAX_STEPS}")

    def take(self, layout: Struct) -> tuple[Any, ...]:
        """Read fixed fields."""
        start = self.at
        self.skip(layout.size)
        return layout.unpack_from(self.view, start)

    def byte(self) -> int:
        start = self.at
        self.skip(1)
        return self.view[start]

    def number(self, size: int) -> int:
        """Read a big-endian unsigned number of any size, 0 bytes too."""
        start = self.at
        self.skip(size)
        return int.from_bytes(self.view[start : self.at])

    def skip(self, size: int) -> None:
        if size > self.end - self.at:
            raise self.truncated(f"{size} bytes wanted at {self.at}, the end is at {self.end}")
        self.at += size

    def seek(self, position: int) -> None:
        if position > self.end:
            raise self.truncated(f"position {position} is past the end at {self.end}")
        self.at = position

    def part(self, size: int, kind: bytes) -> "Reader":
        """Split off the next bytes as a reader of their own, and go past them."""
        start = self.at
        if size > self.end - start:
            raise self.truncated(f"{kind!r} at {start} announces {size} bytes, {self.left} are there")
        self.at += size
        part = Reader(self.view, self.name, self.last, self)
        part.at, part.end, part._part = start, start + size, kind
        return part

    def truncated(self, reason: str) -> InvalidImage:
        """What to raise where bytes are missing: at the end of the body, or inside of a part that is all there."""
        if not self._part:
            return InvalidImage(f"The {self.name} ends before {self.last}.", reason=reason)
        return self.malformed("one of its parts is too short", f"{self._part!r}: {reason}")

    def malformed(self, what: str, reason: str | None = None) -> InvalidImage:
        """What to raise where bytes are wrong."""
        return InvalidImage(f"The {self.name} is damaged: {what}.", reason=reason or f"near byte {self.at}")
