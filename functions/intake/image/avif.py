"""AVIF: boxes that hold the items of a still image or the samples of a sequence (AV1 Image File Format 1.1).

Built on ISO/IEC 23008-12 (HEIF) and ISO/IEC 14496-12. The size is that of the primary item (`ispe`), as coded: `irot`,
`imir` and `clap` describe steps after decoding. The AV1 data is not decoded: a file is complete if every extent of an
item and every sample lies inside it, and none has a hole.
"""

from itertools import chain
from struct import Struct
from typing import TYPE_CHECKING

from intake.image import avif_items, avif_sequence
from intake.image.byte_reader import Reader
from intake.image.compressed_data import ONES, ZEROS, HoleSearch
from intake.image.isobmff import HEADER, read_box, require_child
from intake.image.pixel_limits import ImageSize
from intake.image.unsupported_types import SNIFFED_BYTES, create_unsupported_type, describe
from intake.model.error_codes import InvalidImage

if TYPE_CHECKING:
    from intake.model.limits import Limits

BRAND = Struct(">4s4x")  # major brand, minor version; compatible brands follow
STILL, SEQUENCE = b"avif", b"avis"
MAX_BRANDS = 64
TOP_LEVEL = frozenset((b"ftyp", b"meta", b"mdat", b"moov", b"free", b"skip", b"uuid", b"idat"))
"""Known boxes of the top level. After `meta` or `moov`, a truncated box of any other type is ignored."""


def parse(view: memoryview, limits: "Limits") -> ImageSize:
    reader = Reader(view, "AVIF", "its last box")
    boxes = _read_top_level(reader)
    is_sequence = _is_sequence(require_child(boxes, b"ftyp", reader), limits)
    still = avif_items.parse_meta(boxes[b"meta"], limits) if b"meta" in boxes else None
    track = None
    if is_sequence or b"moov" in boxes:
        track = avif_sequence.parse_moov(require_child(boxes, b"moov", reader), limits)
    first = still or track
    if not first:
        raise reader.malformed("it has no primary item with a location")
    holes = HoleSearch(reader)
    for extent in chain.from_iterable(pictures.coded for pictures in (still, track) if pictures):
        holes.check_runs(*extent, (ZEROS, ONES))
    return ImageSize(*first.size, track.frames if track else 1, reader.position)


def _read_top_level(reader: Reader) -> dict[bytes, Reader]:
    """Return the boxes of the top level by type, and leave the reader at the end of the last one."""
    boxes: dict[bytes, Reader] = {}
    while reader.remaining:
        start = reader.position
        name = bytes(reader.view[start + 4 : start + HEADER.size])
        if name == bytes(4):  # padding, not a box up to the end of the file
            break
        try:
            kind, box = read_box(reader)
        except InvalidImage:
            if name in TOP_LEVEL or not (b"meta" in boxes or b"moov" in boxes):
                raise
            reader.position = start
            break
        boxes.setdefault(kind, box)
    return boxes


def _is_sequence(ftyp: Reader, limits: "Limits") -> bool:
    """Whether the brands are those of a sequence.

    Raises:
        UnsupportedType: the file is HEIF but not AVIF.
    """
    (major,) = ftyp.unpack(BRAND)
    listed = bytes(ftyp.view[ftyp.position : min(ftyp.end, ftyp.position + 4 * MAX_BRANDS)])
    brands = {major, *(listed[at : at + 4] for at in range(0, len(listed), 4))}
    if not brands & {STILL, SEQUENCE}:
        found = describe(bytes(ftyp.view[:SNIFFED_BYTES]))
        raise create_unsupported_type(found, limits.image_types, f"HEIF brands {brands}")
    return bool(major == SEQUENCE)
