"""Makes icons and cursors byte by byte, with variants and faults that no encoder writes."""

from collections.abc import Sequence
from struct import pack
from typing import Any

from support.crafted_images import bmp


def row_bytes(width: int, bits: int) -> int:
    return (width * bits + 31) // 32 * 4


def bitmap(
    width: int = 5, height: int = 3, bits: int = 24, *, mask: bool = True, rows: int | None = None, **changes: Any
) -> bytes:
    """A bitmap without a file header, and the mask behind its pixels.

    Args:
        width: of the picture.
        height: of the picture; the header has twice as much.
        bits: the depth.
        mask: whether the mask is there.
        rows: the height in the header.
        changes: as for `bmp`.
    """
    pixels = bytes((row_bytes(width, bits) + (row_bytes(width, 1) if mask else 0)) * height)
    return bmp(width, 2 * height if rows is None else rows, bits, **{"pixels": pixels} | changes)[14:]


def icon(
    *pictures: bytes, kind: int = 1, count: int | None = None, extents: Sequence[tuple[int, int]] | None = None
) -> bytes:
    """An icon, or a cursor of kind 2.

    Args:
        pictures: the pictures, one behind the other.
        kind: of the file.
        count: the number of pictures in the header.
        extents: size and position of each picture in the directory; as they are, if left out.
    """
    if extents is None:
        extents, at = [], 6 + 16 * len(pictures)
        for picture in pictures:
            extents.append((len(picture), at))
            at += len(picture)
    directory = b"".join(pack("<BBBBHHII", 5, 3, 0, 0, 1, 24, *extent) for extent in extents)
    return pack("<HHH", 0, kind, len(extents) if count is None else count) + directory + b"".join(pictures)
