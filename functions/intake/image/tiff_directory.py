"""The directories of a TIFF: their fields, and the numbers in them (TIFF 6.0, section 2; BigTIFF)."""

from array import array
from struct import Struct
from sys import byteorder
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from intake.image.reader import Reader

LITTLE_ENDIAN, BIG_TIFF = b"II", 43
SIGNATURE_BYTES = 4
BIG_HEADER = 8, 0  # bytes of an offset, reserved

TYPE_BYTES = {
    1: 1,
    2: 1,
    3: 2,
    4: 4,
    5: 8,
    6: 1,
    7: 1,
    8: 2,
    9: 4,
    10: 8,
    11: 4,
    12: 8,
    13: 4,
    16: 8,
    17: 8,
    18: 8,
}
"""Bytes of one value by field type (13, IFD, is from technical note 1; 16 to 18 are BigTIFF's)."""
UNSIGNED = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}
"""The types that sizes and offsets come in, as `array` calls them."""


class Field(NamedTuple):
    type: int
    length: int
    at: int


class Directory(NamedTuple):
    fields: dict[int, Field]
    after: int


class Directories:
    """Reads directories and values of one TIFF, of either byte order and either width."""

    def __init__(self, reader: "Reader") -> None:
        order = "<" if reader.view[:2] == LITTLE_ENDIAN else ">"
        reader.skip(2)
        (version,) = reader.take(Struct(order + "H"))
        big = version == BIG_TIFF
        self.reader = reader
        self._swapped = (order == "<") != (byteorder == "little")
        self._count = Struct(order + ("Q" if big else "H"))
        self._entry = Struct(order + ("HHQ" if big else "HHI"))
        self._offset = Struct(order + ("Q" if big else "I"))
        self._array_bytes_left = len(reader.view)
        if big and reader.take(Struct(order + "HH")) != BIG_HEADER:
            raise reader.malformed("its BigTIFF header does not exist")
        (self.first,) = reader.take(self._offset)

    def read(self, at: int) -> Directory:
        """Read the directory at a position; all that its fields point at must be inside of the body."""
        reader = self.reader
        reader.seek(at)
        (count,) = reader.take(self._count)
        reader.step(count + 1)
        fields = dict(self._field() for _ in range(count))
        (after,) = reader.take(self._offset)
        return Directory(fields, after)

    def _field(self) -> tuple[int, Field]:
        reader, inline = self.reader, self._offset.size
        tag, kind, count = reader.take(self._entry)
        at = reader.at
        (pointer,) = reader.take(self._offset)
        size = TYPE_BYTES.get(kind, 0) * count
        if size > inline:
            at = pointer
            if at + size > reader.end:
                raise reader.truncated(f"field {tag}: {size} bytes at {at}")
        return tag, Field(kind, count, at)

    def values(self, field: Field) -> "array[int]":
        """The unsigned numbers of a field.

        The bytes of all arrays together are at most those of the body: pages that share one huge array would
        otherwise multiply the work.
        """
        if field.type not in UNSIGNED:
            raise self.reader.malformed("a field has a type that it cannot have", str(field))
        numbers = array(UNSIGNED[field.type])
        size = field.length * numbers.itemsize
        self._array_bytes_left -= size
        if self._array_bytes_left < 0:
            raise self.reader.malformed("its directories point at the same arrays again and again")
        numbers.frombytes(self.reader.view[field.at : field.at + size])
        if self._swapped:
            numbers.byteswap()
        return numbers

    def number(self, fields: dict[int, Field], tag: int, default: int | None = None) -> int:
        """The first number of a field; without a default the field is required."""
        field = fields.get(tag)
        if field is None and default is not None:
            return default
        if field is None or not field.length:
            raise self.reader.malformed("a required field is missing", f"tag {tag}")
        return self.values(field._replace(length=1))[0]
