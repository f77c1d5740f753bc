"""The cursor that every parser reads through: it never reads past the end, and it limits the number of parts."""

from struct import Struct
from typing import Any

from intake.model.errors import InvalidImage

MAX_PARTS = 100_000
"""Segments, chunks, blocks, directory entries and boxes in one image.

The largest real files have a few thousand. 20 MiB can hold seven million, which would take seconds to parse. With the
default limits, 100,000 parts are a hundred for each frame.
"""


class _PartCounter:
    """How many parts may still be parsed. A reader shares it with every reader made from it."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = MAX_PARTS


class Reader:
    """A cursor over a whole image or over one part of it. Positions count from the first byte of the image.

    Attributes:
        view: the whole image.
        format_name: the format, as people write it; error messages begin with it.
        ending: what a complete image ends with, in words; the message of a truncated image names it.
        position: of the next byte.
        end: one past the last byte of the image or part.
    """

    __slots__ = ("_counter", "_part_name", "end", "ending", "format_name", "position", "view")

    def __init__(self, view: memoryview, format_name: str, ending: str, counter: _PartCounter | None = None) -> None:
        self.view = view
        self.format_name = format_name
        self.ending = ending
        self.position = 0
        self.end = len(view)
        self._part_name = b""
        self._counter = counter or _PartCounter()

    @property
    def remaining(self) -> int:
        """Bytes from the position to the end."""
        return self.end - self.position

    @property
    def parts_left(self) -> int:
        """How many parts may still be parsed."""
        return self._counter.left

    def count_parts(self, count: int = 1) -> None:
        """Count parts before they are parsed.

        Raises:
            InvalidImage: the image has more than MAX_PARTS.
        """
        self._counter.left -= count
        if self._counter.left < 0:
            raise self.malformed("it has more parts than any real file", f"limit {MAX_PARTS}")

    def unpack(self, layout: Struct) -> tuple[Any, ...]:
        """Read fixed fields."""
        start = self.position
        self.skip(layout.size)
        return layout.unpack_from(self.view, start)

    def read_byte(self) -> int:
        start = self.position
        self.skip(1)
        return self.view[start]

    def read_number(self, size: int) -> int:
        """Read a big-endian unsigned number of `size` bytes; of 0 bytes it is 0."""
        start = self.position
        self.skip(size)
        return int.from_bytes(self.view[start : self.position])

    def read_part(self, size: int, name: bytes) -> "Reader":
        """Return the next `size` bytes as a reader of their own, and skip them."""
        start = self.position
        if size > self.end - start:
            raise self.truncated(f"{name!r} at {start} announces {size} bytes, {self.remaining} are there")
        self.position += size
        part = Reader(self.view, self.format_name, self.ending, self._counter)
        part.position, part.end, part._part_name = start, start + size, name
        return part

    def skip(self, size: int) -> None:
        if size > self.end - self.position:
            raise self.truncated(f"{size} bytes expected at {self.position}, the end is at {self.end}")
        self.position += size

    def seek(self, position: int) -> None:
        if position > self.end:
            raise self.truncated(f"position {position} is past the end at {self.end}")
        self.position = position

    def truncated(self, reason: str) -> InvalidImage:
        """Return the error for missing bytes: the image is truncated, or a part is shorter than its content."""
        if not self._part_name:
            return InvalidImage(f"The {self.format_name} ends before {self.ending}.", reason=reason)
        return self.malformed("one of its parts is too short", f"{self._part_name!r}: {reason}")

    def malformed(self, fault: str, reason: str | None = None) -> InvalidImage:
        """Return the error for bytes that the format does not allow."""
        message = f"The {self.format_name} is damaged: {fault}."
        return InvalidImage(message, reason=reason or f"near byte {self.position}")
