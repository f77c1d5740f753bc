"""JoinedExtents: bytes at several places of a file, read as one sequence."""

from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class JoinedExtents:
    """Several parts of a file in order, without a copy of them.

    Attributes:
        size: the bytes of all parts.
    """

    __slots__ = ("_extents", "_starts", "_view", "size")

    def __init__(self, view: memoryview, extents: "Sequence[tuple[int, int]]") -> None:
        """Join the parts.

        Args:
            view: the file.
            extents: the position of the first byte of each part, and one past its last byte.
        """
        self._view = view
        self._extents = extents
        *self._starts, self.size = accumulate((end - start for start, end in extents), initial=0)

    def read(self, position: int, size: int) -> bytes:
        """Copy some bytes, fewer if the end comes before."""
        return b"".join(self._view[start:end] for start, end in self.locate(position, position + size))

    def locate(self, start: int, end: int) -> "Iterator[tuple[int, int]]":
        """Yield where the bytes between two positions are in the file."""
        number = bisect_right(self._starts, start) - 1
        while start < min(end, self.size):
            first, last = self._extents[number]
            at = first + start - self._starts[number]
            stop = min(last, at + end - start)
            if at < stop:
                yield at, stop
                start += stop - at
            number += 1
