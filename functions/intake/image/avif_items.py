"""The meta box of an AVIF: the primary item, its size, and the bytes of every item.

ISO/IEC 14496-12, 8.11 (pitm, iinf, iloc) and ISO/IEC 23008-12 (iprp, ispe, ipma).
"""

from struct import Struct
from typing import TYPE_CHECKING

from intake.image.isobmff import read_boxes, read_children, read_version_and_flags, require_child
from intake.image.size_limits import check_size
from intake.model.errors import UnsupportedType

if TYPE_CHECKING:
    from collections.abc import Iterator

    from intake.image.reader import Reader
    from intake.model.limits import Limits

SIDES = Struct(">II")
FOUR_LETTERS = Struct(">4s")
IMAGE_ITEMS = (b"av01", b"grid", b"iovl", b"iden")  # coded ones, and those derived from coded ones
IN_FILE, IN_IDAT = 0, 1
"""Construction methods of `iloc`; 2 points into another item, whose own extents are checked."""
FIELD_SIZES = (0, 4, 8)


def parse_meta(meta: "Reader", limits: "Limits") -> tuple[int, int]:
    """Check that every item lies inside the file; return width and height of the primary item."""
    read_version_and_flags(meta)
    parts = read_children(meta)
    primary = _read_primary_id(require_child(parts, b"pitm", meta))
    _check_primary_type(require_child(parts, b"iinf", meta), primary)
    size = _find_size(require_child(parts, b"iprp", meta), primary)
    check_size("AVIF", *size, limits)
    sizes = _read_item_sizes(require_child(parts, b"iloc", meta), parts.get(b"idat"))
    if not sizes.get(primary):
        raise meta.malformed("its primary item has no bytes")
    return size


def _read_primary_id(pitm: "Reader") -> int:
    version, _ = read_version_and_flags(pitm)
    return pitm.read_number(4 if version else 2)


def _check_primary_type(iinf: "Reader", primary: int) -> None:
    """Check that the primary item is AV1: in HEIC the same boxes hold HEVC."""
    version, _ = read_version_and_flags(iinf)
    iinf.read_number(4 if version else 2)
    for kind, infe in read_boxes(iinf):
        version, _ = read_version_and_flags(infe)
        # Items have a type from version 2 on, and an id of four bytes from version 3 on (8.11.6).
        if kind == b"infe" and version > 1 and infe.read_number(4 if version > 2 else 2) == primary:  # noqa: PLR2004
            infe.skip(2)
            (item_type,) = infe.unpack(FOUR_LETTERS)
            if item_type not in IMAGE_ITEMS:
                raise UnsupportedType(reason=f"the primary item of the HEIF is {item_type!r}")
            return
    raise iinf.malformed("its primary item is not described")


def _find_size(iprp: "Reader", primary: int) -> tuple[int, int]:
    """Return the `ispe` property of the primary item (ISO/IEC 23008-12, 6.5.3)."""
    parts = read_children(iprp)
    properties = list(read_boxes(require_child(parts, b"ipco", iprp)))
    for index in _read_property_indexes(require_child(parts, b"ipma", iprp), primary):
        if 0 < index <= len(properties) and properties[index - 1][0] == b"ispe":
            ispe = properties[index - 1][1]
            read_version_and_flags(ispe)
            width, height = ispe.unpack(SIDES)
            return width, height
    raise iprp.malformed("its primary item has no size")


def _read_property_indexes(ipma: "Reader", primary: int) -> list[int]:
    """Return which properties the primary item has, from 1. The top bit of each says "essential" (23008-12, 9.3)."""
    version, flags = read_version_and_flags(ipma)
    index_bytes = 2 if flags & 1 else 1
    for _ in range(ipma.read_number(4)):
        ipma.count_parts()
        item = ipma.read_number(4 if version else 2)
        count = ipma.read_byte()
        if item == primary:
            mask = (1 << 8 * index_bytes - 1) - 1
            return [ipma.read_number(index_bytes) & mask for _ in range(count)]
        ipma.skip(count * index_bytes)
    return []


def _read_item_sizes(iloc: "Reader", idat: "Reader | None") -> dict[int, int]:
    """Return the number of bytes of each item, after all of its extents are checked (8.11.3)."""
    version, _ = read_version_and_flags(iloc)
    widths = iloc.read_number(2)
    offset_bytes, length_bytes, base_bytes, index_bytes = (widths >> shift & 15 for shift in (12, 8, 4, 0))
    if not version:
        index_bytes = 0
    if not {offset_bytes, length_bytes, base_bytes, index_bytes} <= set(FIELD_SIZES):
        raise iloc.malformed("the fields of its iloc box have an unknown size")
    id_bytes = 4 if version > 1 else 2
    found: dict[int, int] = {}
    for _ in range(iloc.read_number(id_bytes)):
        iloc.count_parts()
        item = iloc.read_number(id_bytes)
        method = iloc.read_number(2) & 15 if version else IN_FILE
        in_other_file = iloc.read_number(2)
        base = iloc.read_number(base_bytes)
        extents = list(_read_extents(iloc, index_bytes, offset_bytes, length_bytes))
        if not in_other_file:
            _check_extents(iloc, idat, method, base, extents)
        found[item] = sum(length for _, length in extents)
    return found


def _read_extents(iloc: "Reader", *field_sizes: int) -> "Iterator[tuple[int, int]]":
    """Yield offset and length of each extent of an item."""
    for _ in range(iloc.read_number(2)):
        iloc.count_parts()
        _, offset, length = (iloc.read_number(size) for size in field_sizes)
        yield offset, length


def _check_extents(
    iloc: "Reader", idat: "Reader | None", method: int, base: int, extents: list[tuple[int, int]]
) -> None:
    if method == IN_FILE:
        available = len(iloc.view)
    elif method == IN_IDAT and idat:
        available = idat.remaining
    elif method == IN_IDAT:
        raise iloc.malformed("its idat box is missing")
    else:
        return
    end = max((base + offset + length for offset, length in extents), default=0)
    if end > available:
        raise iloc.truncated(f"an item ends at {end}, there are {available} bytes")
