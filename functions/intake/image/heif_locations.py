"""Where the bytes of the items of a HEIF file are: its iloc box (ISO/IEC 14496-12, 8.11.3)."""

from typing import TYPE_CHECKING, NamedTuple

from intake.image.isobmff import read_boxes, read_children, read_version_and_flags, require_child

if TYPE_CHECKING:
    from collections.abc import Iterator

    from intake.image.byte_reader import Reader
    from intake.image.heif_codec import Extent

IN_FILE, IN_IDAT = 0, 1
"""The construction methods that are read. Method 2 cuts an item out of another item; no decoder reads it."""
MAX_VERSION = 2
FIELD_SIZES = frozenset((0, 4, 8))
SELF_CONTAINED = 1
"""The flag of a data reference to the file itself (8.7.2)."""


class _Layout(NamedTuple):
    """The sizes of the fields of an iloc box, in bytes."""

    offset_bytes: int
    length_bytes: int
    base_bytes: int
    extent_index_bytes: int
    item_bytes: int
    has_method: bool


def read_locations(iloc: "Reader", boxes: "dict[bytes, Reader]") -> "dict[int, list[Extent]]":
    """Return the extents of each item that has bytes, and check that they lie inside the file or the idat box.

    Decoders look for an item in this file whatever its data reference says, so its extents are always checked.

    Args:
        iloc: the box with the locations.
        boxes: the boxes beside it.
    """
    layout = _read_layout(iloc)
    other_files = _list_other_files(boxes.get(b"dinf"))
    locations: dict[int, list[Extent]] = {}
    for _ in range(iloc.read_number(layout.item_bytes)):
        iloc.count_parts()
        item = iloc.read_number(layout.item_bytes)
        method = iloc.read_number(2) & 15 if layout.has_method else IN_FILE
        if iloc.read_number(2) in other_files:
            raise iloc.malformed("the bytes of an item are in another file", f"item {item}")
        start, end = _find_source(iloc, method, boxes.get(b"idat"))
        start += iloc.read_number(layout.base_bytes)
        extents = [(start + offset, start + offset + length) for offset, length in _read_extents(iloc, layout)]
        last = max((extent[1] for extent in extents), default=0)
        if last > end:
            raise iloc.truncated(f"item {item} ends at {last}, the bytes end at {end}")
        locations[item] = [extent for extent in extents if extent[0] < extent[1]]
    return locations


def _read_layout(iloc: "Reader") -> _Layout:
    version, _ = read_version_and_flags(iloc)
    widths = iloc.read_number(2)
    offset, length, base, index = (widths >> shift & 15 for shift in (12, 8, 4, 0))
    layout = _Layout(offset, length, base, index if version else 0, 4 if version > 1 else 2, has_method=version > 0)
    if version > MAX_VERSION or not FIELD_SIZES.issuperset(layout[:4]):
        raise iloc.malformed("the fields of its iloc box have an unknown size")
    return layout


def _list_other_files(dinf: "Reader | None") -> frozenset[int]:
    """Return the data references to other files, counted from 1 (8.7.2)."""
    if not dinf:
        return frozenset()
    dref = require_child(read_children(dinf), b"dref", dinf)
    read_version_and_flags(dref)
    dref.skip(4)
    flags = [read_version_and_flags(box)[1] for _, box in read_boxes(dref)]
    return frozenset(index for index, flag in enumerate(flags, start=1) if not flag & SELF_CONTAINED)


def _find_source(iloc: "Reader", method: int, idat: "Reader | None") -> "Extent":
    """Return where the offsets of an item count from, and where its bytes must end."""
    if method == IN_FILE:
        return 0, len(iloc.view)
    if method != IN_IDAT:
        raise iloc.malformed("an item has an unknown construction method", str(method))
    if not idat:
        raise iloc.malformed("its idat box is missing")
    return idat.position, idat.end


def _read_extents(iloc: "Reader", layout: _Layout) -> "Iterator[tuple[int, int]]":
    """Yield offset and length of each extent of an item."""
    for _ in range(iloc.read_number(2)):
        iloc.count_parts()
        iloc.skip(layout.extent_index_bytes)
        yield iloc.read_number(layout.offset_bytes), iloc.read_number(layout.length_bytes)
