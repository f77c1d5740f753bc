"""The boxes that AVIF is made of (ISO/IEC 14496-12, 4.2)."""

from struct import Struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from intake.image.reader import Reader

HEADER = Struct(">I4s")
LARGE_SIZE = Struct(">Q")
FULL_BOX = Struct(">I")
TO_THE_END, LARGE = 0, 1
FLAGS = 0xFFFFFF


def next_box(reader: "Reader") -> "tuple[bytes, Reader]":
    """Read one box, its size held against what contains it."""
    reader.step()
    start = reader.at
    size, kind = reader.take(HEADER)
    if size == LARGE:
        (size,) = reader.take(LARGE_SIZE)
    elif size == TO_THE_END:
        size = reader.end - start
    header = reader.at - start
    if size < header:
        raise reader.malformed("a box is smaller than its own header", f"{kind!r} at {start}")
    return kind, reader.part(size - header, kind)


def boxes(reader: "Reader") -> "Iterator[tuple[bytes, Reader]]":
    """Every box inside of another."""
    while reader.left:
        yield next_box(reader)


def children(reader: "Reader") -> "dict[bytes, Reader]":
    """The boxes inside of another by kind, where each kind is there once; a second one is not looked at."""
    found: dict[bytes, Reader] = {}
    for kind, box in boxes(reader):
        found.setdefault(kind, box)
    return found


def child(parent: "dict[bytes, Reader]", kind: bytes, reader: "Reader") -> "Reader":
    """A box that must be there."""
    if kind not in parent:
        raise reader.malformed(f"its {kind.decode()} box is missing")
    return parent[kind]


def version_and_flags(reader: "Reader") -> tuple[int, int]:
    """How a full box begins."""
    (both,) = reader.take(FULL_BOX)
    return both >> 24, both & FLAGS
