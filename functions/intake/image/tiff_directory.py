"""The directories of a TIFF: their fields, and the numbers in them (TIFF 6.0, section 2; BigTIFF)."""

from array import array
from struct import Struct
from sys import byteorder
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from intake.image.reader import Reader

LITTLE_ENDIAN, BIG_TIFF = b"II", 43
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
"""The field types that sizes and offsets have, with their type codes in `array`."""


class Field(NamedTuple):
    """One field of a directory.

    Attributes:
        type: of its values, a key of TYPE_BYTES or unknown.
        length: number of values.
        position: of the first value.
    """

    type: int
    length: int
    position: int


class Directory(NamedTuple):
    """The fields of one directory by tag, and the position of the next directory, 0 after the last."""

    fields: dict[int, Field]
    next: int


class Directories:
    """Reads the directories and values of one TIFF, of either byte order and either offset width.

    Attributes:
        reader: over the whole file.
        first: the position of the first directory.
    """

    def __init__(self, reader: "Reader") -> None:
        order = "<" if reader.view[:2] == LITTLE_ENDIAN else ">"
        reader.skip(2)
        (version,) = reader.unpack(Struct(order + "H"))
        is_big = version == BIG_TIFF
        self.reader = reader
        self._must_swap = (order == "<") != (byteorder == "little")
        self._count = Struct(order + ("Q" if is_big else "H"))
        self._entry = Struct(order + ("HHQ" if is_big else "HHI"))  # tag, type, number of values
        self._offset = Struct(order + ("Q" if is_big else "I"))
        self._array_bytes_left = len(reader.view)
        if is_big and reader.unpack(Struct(order + "HH")) != BIG_HEADER:
            raise reader.malformed("its BigTIFF header is invalid")
        (self.first,) = reader.unpack(self._offset)

    def read(self, position: int) -> Directory:
        """Read the directory at a position. The values of all of its fields must lie inside the file."""
        reader = self.reader
        reader.seek(position)
        (count,) = reader.unpack(self._count)
        reader.count_parts(count + 1)
        fields = dict(self._read_field() for _ in range(count))
        (next_position,) = reader.unpack(self._offset)
        return Directory(fields, next_position)

    def _read_field(self) -> tuple[int, Field]:
        reader, inline_bytes = self.reader, self._offset.size
        tag, kind, count = reader.unpack(self._entry)
        position = reader.position
        (offset,) = reader.unpack(self._offset)
        size = TYPE_BYTES.get(kind, 0) * count
        if size > inline_bytes:
            position = offset
            if position + size > reader.end:
                raise reader.truncated(f"field {tag}: {size} bytes at {position}")
        return tag, Field(kind, count, position)

    def read_values(self, field: Field) -> "array[int]":
        """Return the unsigned numbers of a field.

        All arrays together may have at most as many bytes as the file: pages that share one huge array would otherwise
        multiply the work.
        """
        if field.type not in UNSIGNED:
            raise self.reader.malformed("a field has the wrong type", str(field))
        numbers = array(UNSIGNED[field.type])
        size = field.length * numbers.itemsize
        self._array_bytes_left -= size
        if self._array_bytes_left < 0:
            raise self.reader.malformed("its directories share the same arrays too often")
        numbers.frombytes(self.reader.view[field.position : field.position + size])
        if self._must_swap:
            numbers.byteswap()
        return numbers

    def read_number(self, fields: dict[int, Field], tag: int, default: int | None = None) -> int:
        """Return the first number of a field; without a default the field is required."""
        field = fields.get(tag)
        if field is None and default is not None:
            return default
        if field is None or not field.length:
            raise self.reader.malformed("a required field is missing", f"tag {tag}")
        return self.read_values(field._replace(length=1))[0]
