"""The meta box of an AVIF: the item that is the image, its size, and every item's bytes.

ISO/IEC 14496-12, 8.11 (pitm, iinf, iloc) and ISO/IEC 23008-12 (iprp, ispe, ipma).
"""

from struct import Struct
from typing import TYPE_CHECKING

from intake.image.isobmff import boxes, child, children, version_and_flags
from intake.image.size_limits import check_size
from intake.model.errors import UnsupportedType

if TYPE_CHECKING:
    from collections.abc import Iterator

    from intake.image.reader import Reader
    from intake.model.limits import Limits

SIDES = Struct(">II")
FOUR_LETTERS = Struct(">4s")
IMAGE_ITEMS = (b"av01", b"grid", b"iovl", b"iden")  # coded, and the derived ones that end at coded ones
IN_FILE, IN_IDAT = 0, 1
"""Construction methods of `iloc`; 2 points into another item, whose extents are verified by themselves."""
FIELD_SIZES = (0, 4, 8)


def check(meta: "Reader", limits: "Limits") -> tuple[int, int]:
    """Verify that every item is inside of the file; return width and height of the primary one."""
    version_and_flags(meta)
    parts = children(meta)
    primary = _primary(child(parts, b"pitm", meta))
    _check_kind(child(parts, b"iinf", meta), primary)
    size = _size(child(parts, b"iprp", meta), primary)
    check_size("AVIF", *size, limits)
    sizes = _item_bytes(child(parts, b"iloc", meta), parts.get(b"idat"))
    if not sizes.get(primary):
        raise meta.malformed("its primary item has no bytes")
    return size


def _primary(pitm: "Reader") -> int:
    version, _ = version_and_flags(pitm)
    return pitm.number(4 if version else 2)


def _check_kind(iinf: "Reader", primary: int) -> None:
    """The primary item is AV1: the same boxes hold HEVC in HEIC."""
    version, _ = version_and_flags(iinf)
    iinf.number(4 if version else 2)
    for kind, infe in boxes(iinf):
        version, _ = version_and_flags(infe)
        if kind == b"infe" and version > 1 and infe.number(4 if version > 2 else 2) == primary:  # noqa: PLR2004 - 8.11.6
            infe.skip(2)
            (item_type,) = infe.take(FOUR_LETTERS)
            if item_type not in IMAGE_ITEMS:
                raise UnsupportedType(reason=f"the primary item of the HEIF is {item_type!r}")
            return
    raise iinf.malformed("its primary item is not described")


def _size(iprp: "Reader", primary: int) -> tuple[int, int]:
    """The `ispe` property among those of the primary item (ISO/IEC 23008-12, 6.5.3)."""
    parts = children(iprp)
    properties = list(boxes(child(parts, b"ipco", iprp)))
    for index in _associations(child(parts, b"ipma", iprp), primary):
        if 0 < index <= len(properties) and properties[index - 1][0] == b"ispe":
            ispe = properties[index - 1][1]
            version_and_flags(ispe)
            width, height = ispe.take(SIDES)
            return width, height
    raise iprp.malformed("its primary item has no size")


def _associations(ipma: "Reader", primary: int) -> list[int]:
    """Which properties an item has; the top bit of each index says "essential" (ISO/IEC 23008-12, 9.3)."""
    version, flags = version_and_flags(ipma)
    index_bytes = 2 if flags & 1 else 1
    for _ in range(ipma.number(4)):
        ipma.step()
        item = ipma.number(4 if version else 2)
        count = ipma.byte()
        if item == primary:
            mask = (1 << 8 * index_bytes - 1) - 1
            return [ipma.number(index_bytes) & mask for _ in range(count)]
        ipma.skip(count * index_bytes)
    return []


def _item_bytes(iloc: "Reader", idat: "Reader | None") -> dict[int, int]:
    """How many bytes each item has, all of its extents verified (8.11.3)."""
    version, _ = version_and_flags(iloc)
    sizes = iloc.number(2)
    offset_bytes, length_bytes, base_bytes, index_bytes = (sizes >> shift & 15 for shift in (12, 8, 4, 0))
    if not version:
        index_bytes = 0
    if not {offset_bytes, length_bytes, base_bytes, index_bytes} <= set(FIELD_SIZES):
        raise iloc.malformed("its iloc box has fields of a size that does not exist")
    wide = version > 1
    found: dict[int, int] = {}
    for _ in range(iloc.number(4 if wide else 2)):
        iloc.step()
        item = iloc.number(4 if wide else 2)
        method = iloc.number(2) & 15 if version else IN_FILE
        elsewhere = iloc.number(2)
        base = iloc.number(base_bytes)
        extents = list(_extents(iloc, index_bytes, offset_bytes, length_bytes))
        if not elsewhere:
            _check_extents(iloc, idat, method, base, extents)
        found[item] = sum(length for _, length in extents)
    return found


def _extents(iloc: "Reader", *sizes: int) -> "Iterator[tuple[int, int]]":
    for _ in range(iloc.number(2)):
        iloc.step()
        _, offset, length = (iloc.number(size) for size in sizes)
        yield offset, length


def _check_extents(
    iloc: "Reader", idat: "Reader | None", method: int, base: int, extents: list[tuple[int, int]]
) -> None:
    if method == IN_FILE:
        room = len(iloc.view)
    elif method == IN_IDAT and idat:
        room = idat.left
    elif method == IN_IDAT:
        raise iloc.malformed("its idat box is missing")
    else:
        return
    end = max((base + offset + length for offset, length in extents), default=0)
    if end > room:
        raise iloc.truncated(f"an item ends at {end}, there are {room} bytes")
