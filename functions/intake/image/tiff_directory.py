"""Reads the directories of a TIFF: their fields, and the numbers in the fields (TIFF 6.0, section 2; BigTIFF)."""

from array import array
from struct import Struct, unpack_from
from sys import byteorder
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from intake.image.byte_reader import Reader

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
"""Bytes of one value by field type. 13 (IFD) is from technical note 1, 16 to 18 are from BigTIFF."""
UNSIGNED = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}
"""The field types that sizes and offsets have, with their type codes in `array`."""
MIN_ITEM_BYTES = 2
CHUNK_VALUES = 16 * 1024
"""Numbers that are in memory at once. The arrays of a hostile file are as large as the file."""


class Field(NamedTuple):
    """One field of a directory.

    Attributes:
        type: the type of its values, a key of TYPE_BYTES or unknown.
        length: the number of values.
        position: the position of the first value.
    """

    type: int
    length: int
    position: int


type Fields = dict[int, Field]
"""The fields of a directory by tag."""


class Directory(NamedTuple):
    """The fields of one directory by tag, and the position of the next directory; 0 if it is the last."""

    fields: Fields
    next: int


class Directories:
    """Reads the directories and values of one TIFF, of either byte order and either offset width.

    Attributes:
        reader: the reader of the whole file.
        first: the position of the first directory.
    """

    def __init__(self, reader: "Reader") -> None:
        order = "<" if reader.view[:2] == LITTLE_ENDIAN else ">"
        reader.skip(2)
        (version,) = reader.unpack(Struct(order + "H"))
        is_big = version == BIG_TIFF
        self.reader = reader
        self._order = order
        self._must_swap = (order == "<") != (byteorder == "little")
        self._count = Struct(order + ("Q" if is_big else "H"))
        self._entry = Struct(order + ("HHQ" if is_big else "HHI"))  # tag, type, number of values
        self._offset = Struct(order + ("Q" if is_big else "I"))
        self._array_bytes_left = len(reader.view)
        if is_big and reader.unpack(Struct(order + "HH")) != BIG_HEADER:
            raise reader.malformed("its BigTIFF header is invalid")
        (self.first,) = reader.unpack(self._offset)

    def read(self, position: int) -> Directory:
        """Read the directory at a position, and check that the values of all of its fields lie inside the file."""
        reader = self.reader
        reader.seek(position)
        (count,) = reader.unpack(self._count)
        reader.count_parts(count + 1)
        fields = dict(self._read_field() for _ in range(count))
        (next_position,) = reader.unpack(self._offset)
        return Directory(fields, next_position)

    def is_garbage(self, position: int) -> bool:
        """Whether the bytes at a position are no directory: most of the entries have a type that does not exist.

        Only entries inside the file count, so that a truncated directory is not taken for garbage.
        """
        first, entry_bytes = position + self._count.size, self._entry.size + self._offset.size
        if first > self.reader.end:
            return False
        (announced,) = self._count.unpack_from(self.reader.view, position)
        count: int = min(announced, (self.reader.end - first) // entry_bytes)
        self.reader.count_parts(count)
        entries = (self._entry.unpack_from(self.reader.view, first + at * entry_bytes) for at in range(count))
        return sum(kind not in TYPE_BYTES for _, kind, _ in entries) > count // 2

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

    def read_values(self, field: Field) -> "Iterator[array[int]]":
        """Yield the unsigned numbers of a field, at most CHUNK_VALUES at once.

        All arrays together may have at most as many bytes as the file. Otherwise, pages that share one huge array would
        multiply the work. Values of one byte count as two, because each value takes time.
        """
        if field.type not in UNSIGNED:
            raise self.reader.malformed("a field has the wrong type", str(field))
        item_bytes = TYPE_BYTES[field.type]
        end = field.position + field.length * item_bytes
        self._array_bytes_left -= max(item_bytes, MIN_ITEM_BYTES) * field.length
        if self._array_bytes_left < 0:
            raise self.reader.malformed("its directories share the same arrays too often")
        for start in range(field.position, end, CHUNK_VALUES * item_bytes):
            numbers = array(UNSIGNED[field.type])
            numbers.frombytes(self.reader.view[start : min(end, start + CHUNK_VALUES * item_bytes)])
            if self._must_swap:
                numbers.byteswap()
            yield numbers

    def read_number(self, fields: Fields, tag: int, default: int | None = None) -> int:
        """Return the first number of a field, or the default if it is missing; without a default it is required."""
        field = fields.get(tag)
        if field is None and default is not None:
            return default
        if field is None or not field.length:
            raise self.reader.malformed("a required field is missing", f"tag {tag}")
        if field.type not in UNSIGNED:
            raise self.reader.malformed("a field has the wrong type", f"tag {tag}: {field}")
        number: int = unpack_from(self._order + UNSIGNED[field.type], self.reader.view, field.position)[0]
        return number
