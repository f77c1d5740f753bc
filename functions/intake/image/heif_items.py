"""The meta box of a HEIF file: the primary item, its size, and the bytes of every item.

ISO/IEC 14496-12, 8.11 (pitm, iinf) and ISO/IEC 23008-12 (iprp, ispe, ipma).
"""

from struct import Struct
from typing import TYPE_CHECKING

from intake.image.heif_codec import CodedData, HeifPictures, Items
from intake.image.heif_locations import read_locations
from intake.image.heif_parts import DERIVED, check_parts, check_type, read_sources
from intake.image.isobmff import read_boxes, read_children, read_version_and_flags, require_child
from intake.image.pixel_limits import check_size

if TYPE_CHECKING:
    from collections.abc import Iterator

    from intake.image.byte_reader import Reader
    from intake.image.heif_codec import Boxes, Codec
    from intake.model.limits import Limits

SIDES = Struct(">II")
CLEAN_APERTURE = Struct(">IIII")  # width and height as fractions; their position follows
FOUR_LETTERS = Struct(">4s")


def parse_meta(meta: "Reader", limits: "Limits", codec: "Codec") -> HeifPictures | None:
    """Check that every item lies inside the file, and that the primary item has all its parts.

    Returns:
        The still image, or None: the meta box of a sequence may have no primary item, or none with a location.
    """
    read_version_and_flags(meta)
    boxes = read_children(meta)
    if b"pitm" not in boxes or b"iloc" not in boxes:
        return None
    primary = _read_primary_id(boxes[b"pitm"])
    types = _read_item_types(require_child(boxes, b"iinf", meta))
    check_type(meta, types.get(primary), codec, limits)
    properties = _read_properties(require_child(boxes, b"iprp", meta))
    size = _read_size(meta, properties.get(primary, {}))
    check_size(meta.format_name, *size, limits)
    if codec.is_padded:
        size = _crop(size, properties[primary].get(b"clap"))
    sources = read_sources(boxes[b"iref"]) if types[primary] in DERIVED and b"iref" in boxes else {}
    items = Items(types, properties, read_locations(boxes[b"iloc"], boxes), sources)
    check_parts(meta, primary, items, codec, limits)
    return HeifPictures(size, 1, list(_list_coded_data(meta, items, codec)))


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


def _crop(size: tuple[int, int], clap: "Reader | None") -> tuple[int, int]:
    """Return the size of the clean aperture (ISO/IEC 14496-12, 12.1.4), or the given one if it is not inside it."""
    if not clap:
        return size
    width, width_divisor, height, height_divisor = clap.unpack(CLEAN_APERTURE)
    cropped = width // (width_divisor or 1), height // (height_divisor or 1)
    is_inside = 0 < cropped[0] <= size[0] and 0 < cropped[1] <= size[1]
    return cropped if is_inside else size


def _list_coded_data(meta: "Reader", items: Items, codec: "Codec") -> "Iterator[CodedData]":
    """Yield the compressed data of every item, parts of the primary one or not."""
    for item, extents in items.locations.items():
        required = codec.configurations.get(items.types.get(item, b""))
        if extents and required:
            configuration = items.properties.get(item, {}).get(required)
            if not configuration:
                raise meta.malformed(f"an item has no {codec.name} configuration")
            yield CodedData(configuration, extents)
