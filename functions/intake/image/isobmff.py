"""The boxes of the ISO base media file format, which HEIF and JPEG XL consist of (ISO/IEC 14496-12, 4.2)."""

from struct import Struct
from typing import TYPE_CHECKING

from intake.model.error_codes import InvalidImage

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from intake.image.byte_reader import Reader

HEADER = Struct(">I4s")  # bytes of the box, its type
LARGE_SIZE = Struct(">Q")
FULL_BOX = Struct(">I")
TO_THE_END, LARGE = 0, 1
FLAGS = 0xFFFFFF


def read_box(reader: "Reader") -> "tuple[bytes, Reader]":
    """Read one box, which must fit its container; return its type and its content."""
    reader.count_parts()
    start = reader.position
    size, kind = reader.unpack(HEADER)
    if size == LARGE:
        (size,) = reader.unpack(LARGE_SIZE)
    elif size == TO_THE_END:
        size = reader.end - start
    header_bytes = reader.position - start
    if size < header_bytes:
        raise reader.malformed("a box is smaller than its own header", f"{kind!r} at {start}")
    return kind, reader.read_part(size - header_bytes, kind)


def read_boxes(reader: "Reader") -> "Iterator[tuple[bytes, Reader]]":
    """Yield every box inside another."""
    while reader.remaining:
        yield read_box(reader)


def read_children(reader: "Reader") -> "dict[bytes, Reader]":
    """Return the boxes inside another by type; the first one if several have the same type."""
    children: dict[bytes, Reader] = {}
    for kind, box in read_boxes(reader):
        children.setdefault(kind, box)
    return children


def require_child(children: "dict[bytes, Reader]", kind: bytes, reader: "Reader") -> "Reader":
    """Return the box of a type, or raise InvalidImage if it is missing."""
    if kind not in children:
        raise reader.malformed(f"its {kind.decode()} box is missing")
    return children[kind]


def read_version_and_flags(reader: "Reader") -> tuple[int, int]:
    """Read the beginning of a full box."""
    (both,) = reader.unpack(FULL_BOX)
    return both >> 24, both & FLAGS


def read_top_level(
    reader: "Reader", known: "Collection[bytes]", required: "Collection[bytes]"
) -> "Iterator[tuple[bytes, Reader]]":
    """Yield the boxes of a file, and leave the reader at the end of the last one.

    Args:
        reader: the file.
        known: a truncated box of one of these types is a fault.
        required: after a box of one of these types, a truncated box of an unknown type is ignored.
    """
    is_optional = False
    while reader.remaining:
        start = reader.position
        name = bytes(reader.view[start + 4 : start + HEADER.size])
        if name == bytes(4):  # padding, not a box up to the end of the file
            return
        try:
            kind, box = read_box(reader)
        except InvalidImage:
            if name in known or not is_optional:
                raise
            reader.position = start
            return
        is_optional = is_optional or kind in required
        yield kind, box
