"""The meta box of an AVIF: the primary item, its size, and the bytes of every item.

ISO/IEC 14496-12, 8.11 (pitm, iinf) and ISO/IEC 23008-12 (iprp, ispe, ipma).
"""

from struct import Struct
from typing import TYPE_CHECKING

from intake.image.avif_locations import AvifPictures, read_locations
from intake.image.isobmff import read_boxes, read_children, read_version_and_flags, require_child
from intake.image.pixel_limits import check_size
from intake.image.unsupported_types import create_unsupported_type

if TYPE_CHECKING:
    from intake.image.byte_reader import Reader
    from intake.model.limits import Limits

    Boxes = dict[bytes, Reader]

SIDES = Struct(">II")
FOUR_LETTERS = Struct(">4s")
CODED = b"av01"
IMAGE_ITEMS = (CODED, b"grid", b"iovl", b"iden")  # a coded item, and kinds that are derived from coded items


def parse_meta(meta: "Reader", limits: "Limits") -> AvifPictures | None:
    """Check that every item lies inside the file.

    Returns:
        The still image, or None: the meta box of a sequence may have no primary item, or none with a location.
    """
    read_version_and_flags(meta)
    boxes = read_children(meta)
    if b"pitm" not in boxes or b"iloc" not in boxes:
        return None
    primary = _read_primary_id(boxes[b"pitm"])
    types = _read_item_types(require_child(boxes, b"iinf", meta))
    _check_primary_type(meta, types.get(primary), limits)
    properties = _read_properties(require_child(boxes, b"iprp", meta))
    size = _read_size(meta, properties.get(primary, {}))
    check_size("AVIF", *size, limits)
    locations = read_locations(boxes[b"iloc"], boxes)
    if not locations.get(primary):
        raise meta.malformed("its primary item has no bytes")
    coded = [item for item, extents in locations.items() if extents and types.get(item) == CODED]
    if any(b"av1C" not in properties.get(item, {}) for item in coded):
        raise meta.malformed("an item has no AV1 configuration")
    return AvifPictures(size, 1, [extent for item in coded for extent in locations[item]])


def _read_primary_id(pitm: "Reader") -> int:
    version, _ = read_version_and_flags(pitm)
    return pitm.read_number(4 if version else 2)


def _read_item_types(iinf: "Reader") -> dict[int, bytes]:
    """Return the type of each item. Items have one from version 2 on, and an id of four bytes from version 3 on."""
    types: dict[int, bytes] = {}
    version, _ = read_version_and_flags(iinf)
    iinf.read_number(4 if version else 2)
    for kind, infe in read_boxes(iinf):
        version, _ = read_version_and_flags(infe)
        if kind == b"infe" and version > 1:
            item = infe.read_number(4 if version > 2 else 2)  # noqa: PLR2004 - the docstring says it
            infe.skip(2)
            (types[item],) = infe.unpack(FOUR_LETTERS)
    return types


def _check_primary_type(meta: "Reader", item_type: bytes | None, limits: "Limits") -> None:
    """Check that the primary item is AV1: in HEIC the same boxes hold HEVC."""
    if item_type is None:
        raise meta.malformed("its primary item is not described")
    if item_type not in IMAGE_ITEMS:
        raise create_unsupported_type(
            "a HEIF image without AV1 data", limits.image_types, f"the primary item is {item_type!r}"
        )


def _read_properties(iprp: "Reader") -> "dict[int, Boxes]":
    """Return the properties of each item by type (ISO/IEC 23008-12, 9.3)."""
    boxes = list(read_boxes(iprp))
    properties = list(read_boxes(require_child(dict(reversed(boxes)), b"ipco", iprp)))
    found: dict[int, Boxes] = {}
    for _, ipma in filter(lambda box: box[0] == b"ipma", boxes):
        version, flags = read_version_and_flags(ipma)
        for _ in range(ipma.read_number(4)):
            ipma.count_parts()
            item = ipma.read_number(4 if version else 2)
            for index in _read_indexes(ipma, index_bytes=2 if flags & 1 else 1):
                if index > len(properties):
                    raise ipma.malformed("a property of an item is missing", f"item {item}: {index}")
                kind, box = properties[index - 1]
                found.setdefault(item, {}).setdefault(kind, box)
    return found


def _read_indexes(ipma: "Reader", index_bytes: int) -> list[int]:
    """Return the properties of the next item, counted from 1, without their "essential" bit; 0 means none."""
    mask = (1 << 8 * index_bytes - 1) - 1
    count = ipma.read_byte()
    ipma.count_parts(count)
    return [index for _ in range(count) if (index := ipma.read_number(index_bytes) & mask)]


def _read_size(meta: "Reader", properties: "Boxes") -> tuple[int, int]:
    """Read the `ispe` property (ISO/IEC 23008-12, 6.5.3)."""
    if b"ispe" not in properties:
        raise meta.malformed("its primary item has no size")
    ispe = properties[b"ispe"]
    read_version_and_flags(ispe)
    width, height = ispe.unpack(SIDES)
    return width, height
