"""The parts of a HEIF image: the items that it is derived from, down to those with compressed data.

ISO/IEC 23008-12, 6.6.2: an item is compressed itself, or an identity (`iden`), an overlay (`iovl`) or a grid (`grid`)
of the items that its `dimg` reference names. Phones store a photo as a grid of about fifty tiles.
"""

from itertools import chain, islice
from typing import TYPE_CHECKING

from intake.image.isobmff import read_boxes, read_version_and_flags
from intake.image.pixel_limits import check_size
from intake.image.unsupported_types import create_unsupported_type

if TYPE_CHECKING:
    from intake.image.byte_reader import Reader
    from intake.image.heif_codec import Codec, Items
    from intake.model.limits import Limits

GRID, OVERLAY, IDENTITY = b"grid", b"iovl", b"iden"
DERIVED = frozenset((GRID, OVERLAY, IDENTITY))
CANVAS_AT = {GRID: 4, OVERLAY: 10}
"""The offset of width and height in an item of this type."""
MAX_DESCRIPTION_BYTES = 18
WIDE = 1
DATA = {
    b"av01": "AV1",
    b"avc1": "AVC (H.264)",
    b"hvc1": "HEVC (H.265)",
    b"hev1": "HEVC (H.265)",
    b"lhv1": "layered HEVC",
    b"vvc1": "VVC (H.266)",
    b"evc1": "EVC",
    b"jpeg": "JPEG",
    b"j2k1": "JPEG 2000",
    b"unci": "uncompressed",
}
"""The names of compressions for error messages, by the type of an item."""


def check_type(meta: "Reader", item_type: bytes | None, codec: "Codec", limits: "Limits") -> None:
    """Check that an item, or one of its parts, has data of the compression that the brands announce.

    Raises:
        InvalidImage: the item is not described.
        UnsupportedType: its data is of another type.
    """
    if item_type is None:
        raise meta.malformed("an item of its image is not described")
    if item_type not in DERIVED and item_type not in codec.configurations:
        data = DATA.get(item_type, "other")
        found = f"a HEIF image with {data} data where its brands announce {codec.name}"
        raise create_unsupported_type(found, limits.image_types, f"an item is {item_type!r}")


def read_sources(iref: "Reader") -> dict[int, list[int]]:
    """Return the items that each derived item is made of: the references of type `dimg` (8.11.12 of 14496-12)."""
    sources: dict[int, list[int]] = {}
    version, _ = read_version_and_flags(iref)
    id_bytes = 4 if version else 2
    for kind, reference in read_boxes(iref):
        if kind == b"dimg":
            item = reference.read_number(id_bytes)
            count = reference.read_number(2)
            reference.count_parts(count)
            sources.setdefault(item, []).extend(reference.read_number(id_bytes) for _ in range(count))
    return sources


def check_parts(meta: "Reader", primary: int, items: "Items", codec: "Codec", limits: "Limits") -> None:
    """Check that the primary item has bytes, and every item that it is made of.

    Raises:
        InvalidImage: a part is missing, or a grid has fewer or more tiles than it announces.
        UnsupportedType: a part is compressed in another way.
        TooManyPixels: a grid or an overlay is larger than the limit.
    """
    pending, checked = [primary], set[int]()
    while pending:
        item = pending.pop()
        if item in checked:
            continue
        checked.add(item)
        meta.count_parts()
        check_type(meta, items.types.get(item), codec, limits)
        kind = items.types[item]
        if kind != IDENTITY and not items.locations.get(item):
            raise meta.malformed("an item of its image has no bytes", f"item {item}")
        if kind in DERIVED:
            sources = items.sources.get(item, [])
            if not sources or (kind in CANVAS_AT and not _fits(meta, kind, item, items, limits)):
                raise meta.malformed("parts of its image are missing", f"item {item} is made of {len(sources)}")
            pending += sources
    if codec.configurations.keys().isdisjoint(items.types[item] for item in checked):
        raise meta.malformed("its image is made of nothing")


def _fits(meta: "Reader", kind: bytes, item: int, items: "Items", limits: "Limits") -> bool:
    """Whether a grid is made of as many tiles as it has places; an overlay may have any number."""
    every_byte = chain.from_iterable(meta.view[start:end] for start, end in items.locations[item])
    data = bytes(islice(every_byte, MAX_DESCRIPTION_BYTES))
    start = CANVAS_AT[kind]
    side = 4 if len(data) > 1 and data[1] & WIDE else 2
    if len(data) < start + 2 * side:
        raise meta.malformed("the description of a grid or an overlay is too short", f"item {item}: {len(data)} bytes")
    width, height = (int.from_bytes(data[at : at + side]) for at in (start, start + side))
    check_size(meta.format_name, width, height, limits)
    return kind != GRID or (data[2] + 1) * (data[3] + 1) == len(items.sources[item])
