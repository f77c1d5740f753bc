"""BitReader: reads the fields of a JPEG XL codestream, the lowest bit of each byte first (ISO/IEC 18181-1, annex B)."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from intake.image.byte_reader import Reader
    from intake.image.joined_extents import JoinedExtents
    from intake.model.error_codes import InvalidImage

WINDOW_BYTES = 64
"""Bytes that are copied at once."""
LAST_SHIFT = 60
"""The shift of the last four bits of a 64-bit number: 12 bits and six times 8 precede them."""


class BitReader:
    """A cursor over bits.

    Attributes:
        position: the position of the next bit, from the first byte of the codestream.
    """

    __slots__ = ("_data", "_reader", "_window", "_window_end", "_window_start", "position")

    def __init__(self, data: "JoinedExtents", reader: "Reader") -> None:
        """Begin with the first bit.

        Args:
            data: the bytes.
            reader: creates the errors, and counts parts.
        """
        self._data = data
        self._reader = reader
        self._window = self._window_start = self._window_end = self.position = 0

    def read(self, count: int) -> int:
        """Read an unsigned number of at most 32 bits."""
        start, self.position = self.position, self.position + count
        if start < self._window_start or self.position > self._window_end:
            self._move_window(start, self.position)
        return self._window >> start - self._window_start & (1 << count) - 1

    def _move_window(self, start: int, end: int) -> None:
        first = start >> 3
        window = self._data.read(first, WINDOW_BYTES)
        self._window_start, self._window_end = first << 3, first + len(window) << 3
        if end > self._window_end:
            raise self._fail()
        self._window = int.from_bytes(window, "little")

    def _fail(self) -> "InvalidImage":
        reason = f"a field or a section ends at bit {self.position} of {self._data.size} bytes"
        return self._reader.malformed("its codestream ends too early", reason)

    def read_flag(self) -> bool:
        return bool(self.read(1))

    def choose(self, *choices: tuple[int, int]) -> int:
        """Read a number as one of four choices, each a first value and a number of bits to add (U32, B.2.2)."""
        first, bits = choices[self.read(2)]
        return first + (self.read(bits) if bits else 0)

    def read_enum(self) -> int:
        """Read a number from an enumeration (Enum, B.2.6)."""
        return self.choose((0, 0), (1, 0), (2, 4), (18, 6))

    def read_long(self) -> int:
        """Read a number of up to 64 bits (U64, B.2.4)."""
        match self.read(2):
            case 0:
                return 0
            case 1:
                return 1 + self.read(4)
            case 2:
                return 17 + self.read(8)
        value, shift = self.read(12), 12
        while self.read_flag():
            if shift == LAST_SHIFT:
                return value | self.read(4) << shift
            value |= self.read(8) << shift
            shift += 8
        return value

    def skip(self, count: int) -> None:
        """Skip bits."""
        self.position += count
        if self.position > self._data.size << 3:
            raise self._fail()

    def skip_to_byte(self) -> None:
        """Skip to the first bit of a byte."""
        self.position = self.position + 7 & ~7

    def count_parts(self, count: int) -> None:
        """Count parts before they are read, as `Reader` does."""
        self._reader.count_parts(count)

    def skip_extensions(self) -> None:
        """Skip the extensions of a header: a bit for each, their sizes in bits, their content."""
        present = self.read_long().bit_count()
        self.count_parts(present)
        self.skip(sum([self.read_long() for _ in range(present)]))

    def skip_name(self) -> None:
        """Skip the name of a frame or a channel."""
        self.skip(8 * self.choose((0, 0), (0, 4), (16, 5), (48, 10)))
