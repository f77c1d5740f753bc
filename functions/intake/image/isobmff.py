"""Boxes of the ISO base media file format, which AVIF is made of (ISO/IEC 14496-12, 4.2)."""

from struct import Struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from intake.image.reader import Reader

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
    """Return the boxes inside another by type; of several boxes of one type, the first."""
    found: dict[bytes, Reader] = {}
    for kind, box in read_boxes(reader):
        found.setdefault(kind, box)
    return found


def require_child(children: "dict[bytes, Reader]", kind: bytes, reader: "Reader") -> "Reader":
    """Return the box of a type, or raise that it is missing."""
    if kind not in children:
        raise reader.malformed(f"its {kind.decode()} box is missing")
    return children[kind]


def read_version_and_flags(reader: "Reader") -> tuple[int, int]:
    """Read the beginning of a full box."""
    (both,) = reader.unpack(FULL_BOX)
    return both >> 24, both & FLAGS
