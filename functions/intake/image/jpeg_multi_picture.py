"""Finds the further pictures of a JPEG: those that its index names behind the first one.

There are two kinds of index: the MP index in APP2 (CIPA DC-007, "MPF") and the container directory in the XMP of APP1
(Android, "Ultra HDR image format" and "Motion photo format"). Edited photos often carry the index of the original.
"""

import re
from struct import Struct, error
from typing import TYPE_CHECKING, NamedTuple

from intake.image.jpeg_segments import APP1, APP2, read_segments
from intake.model.error_codes import InvalidImage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from intake.image.byte_reader import Reader

MPF = b"MPF\0"
XMP = b"http://ns.adobe.com/xap/1.0/\0"
INDEX_NAMES = {APP1: XMP, APP2: MPF}
"""The first bytes of the segments that may hold an index, by marker."""

MP_ENTRY = 0xB002
START = b"\xff\xd8"

NUMBERS = b"Length", b"Padding"
MAX_DIGITS = 10
ITEM = re.compile(rb"<[\w.-]+:Item\b")
FIELD = re.compile(rb":(Length|Padding|Mime)\s*(?:=\s*[\"']|>)\s*([^\"'<\s]+)")


class Picture(NamedTuple):
    """A part of the file that an index names.

    Attributes:
        start: the position of its first byte.
        end: one past the last byte, according to the index.
        is_jpeg: whether it is another picture, and no video or sound.
    """

    start: int
    end: int
    is_jpeg: bool

    @property
    def size(self) -> int:
        """The number of bytes, according to the index."""
        return self.end - self.start


def is_index(view: memoryview, marker: int, start: int) -> bool:
    """Whether a segment of one of these markers may hold an index of pictures. Its content begins at `start`."""
    name = INDEX_NAMES[marker]
    return view[start : start + len(name)] == name


def find_end(reader: "Reader", indexes: dict[int, tuple[int, int]]) -> tuple[int, bool]:
    """Find the end of the last picture.

    Args:
        reader: a reader of the JPEG, at the end of the first picture.
        indexes: the content of the first segment of each kind that may hold an index, by marker.

    Returns:
        One past the last byte of all parts that are named and held, and whether a picture is missing.
    """
    pictures: list[Picture] = []
    if APP1 in indexes:
        start, end = indexes[APP1]
        pictures += _list_container(bytes(reader.view[start:end]), reader.position)
    if APP2 in indexes:
        start, end = indexes[APP2]
        sizes = {picture.size for picture in pictures if picture.is_jpeg}
        index = _list_mp_index(bytes(reader.view[start + len(MPF) : end]), start + len(MPF))
        # Both may name the same picture, and segments that an editor adds only make the offset in this one wrong.
        pictures += (picture for picture in index if picture.size not in sizes)
    end = reader.position
    for _, picture in sorted({picture.start: picture for picture in pictures}.items()):
        found = _find_picture_end(reader, picture, end)
        if not found and picture.is_jpeg:
            return end, True  # the first that is missing: to look for all of them may take long
        end = max(end, found or 0)
    return end, False


def _find_picture_end(reader: "Reader", picture: Picture, previous_end: int) -> int | None:
    """Return one past the last byte of a picture, or None if the file does not hold all of it.

    Encoders write wrong lengths, so a picture is what its own markers say. Pictures must not overlap: many that share
    their bytes would multiply the work.
    """
    if not picture.is_jpeg:
        return picture.end if picture.end <= len(reader.view) else None
    if picture.start < previous_end or reader.view[picture.start : picture.start + len(START)] != START:
        return None
    part = reader.read_part(0, b"picture")
    part.position, part.end = picture.start + len(START), len(part.view)
    try:
        for _ in read_segments(part):
            pass
    except InvalidImage:
        return None
    return part.position


def _list_mp_index(content: bytes, start: int) -> "Iterator[Picture]":
    """Yield the pictures after the first one. Offsets count from the byte order mark at `start` (5.2.3.3.3).

    An index that cannot be read names no pictures.
    """
    order = "<" if content[:2] == b"II" else ">"
    field = Struct(order + "HHII")  # tag, type, number of values, position of the values
    entry = Struct(order + "IIII")  # attributes, bytes, offset, numbers of dependent pictures
    try:
        (directory,) = Struct(order + "I").unpack_from(content, 4)
        (count,) = Struct(order + "H").unpack_from(content, directory)
        for number in range(count):
            tag, _, size, position = field.unpack_from(content, directory + 2 + field.size * number)
            if tag == MP_ENTRY:
                for at in range(position, position + size, entry.size):
                    _, picture_bytes, offset, _ = entry.unpack_from(content, at)
                    if offset:  # it is 0 for the first picture
                        yield Picture(start + offset, start + offset + picture_bytes, is_jpeg=True)
                return  # a directory has one such field; many that share their entries would multiply the work
    except error:
        return


def _list_container(text: bytes, end: int) -> "Iterator[Picture]":
    """Yield the items after the first picture. They follow it, one after the other; it may be padded."""
    for number, item in enumerate(ITEM.split(text)[1:]):
        fields: dict[bytes, bytes] = dict(FIELD.findall(item))
        length, padding = (_parse_number(fields.get(name, b"")) for name in NUMBERS)
        if number:
            yield Picture(end, end + length, is_jpeg=fields.get(b"Mime") == b"image/jpeg" and length > 0)
        end += (length if number else 0) + padding


def _parse_number(digits: bytes) -> int:
    """Return a number of bytes; 0 if it is none, or larger than any file."""
    return int(digits) if digits.isdigit() and len(digits) <= MAX_DIGITS else 0
