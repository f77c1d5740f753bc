"""PackedCodes: reads numbers of any width that are packed without gaps."""

from typing import Literal

CODES_PER_GROUP = 8
"""Eight codes fill whole bytes, whatever their width is."""


class PackedCodes:
    """Reads codes one after the other.

    Attributes:
        position: the number of bits that were read.
    """

    def __init__(self, data: bytes, order: Literal["little", "big"]) -> None:
        """Begin with the first bit: the lowest one of a byte for `little` (GIF), the highest one for `big` (TIFF)."""
        self.position = 0
        self._data = data
        self._order = order

    @property
    def whole_bytes_left(self) -> int:
        """The bytes after the one that was read last."""
        return len(self._data) - -(-self.position // 8)

    def read(self, width: int, count: int) -> list[int]:
        """Return the next codes, fewer at the end of the data."""
        count = min(count, (8 * len(self._data) - self.position) // width)
        start, end = self.position, self.position + count * width
        self.position = end
        last = -(-end // 8)
        number = int.from_bytes(self._data[start // 8 : last], self._order)
        missing = -count % CODES_PER_GROUP * width
        if self._order == "little":
            number = (number >> start % 8) & ((1 << end - start) - 1)
        else:
            number = (number >> 8 * last - end & (1 << end - start) - 1) << missing
        return self._split(number.to_bytes((end - start + missing) // 8, self._order), width)[:count]

    def _split(self, packed: bytes, width: int) -> list[int]:
        mask = (1 << width) - 1
        shifts = range(0, CODES_PER_GROUP * width, width)
        if self._order == "big":
            shifts = shifts[::-1]
        groups = [int.from_bytes(packed[at : at + width], self._order) for at in range(0, len(packed), width)]
        return [group >> shift & mask for group in groups for shift in shifts]
