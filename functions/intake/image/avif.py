"""AVIF: boxes that hold the items of a still image or the samples of a sequence (AV1 Image File Format 1.1).

Built on ISO/IEC 23008-12 (HEIF) and ISO/IEC 14496-12. The size is that of the primary item (`ispe`), as coded: `irot`,
`imir` and `clap` describe steps after decoding. The AV1 data itself is not read: a file is complete where every extent
of every item and every sample lies inside it.
"""

from struct import Struct
from typing import TYPE_CHECKING

from intake.image import avif_items, avif_tracks
from intake.image.isobmff import HEADER, read_box, require_child
from intake.image.reader import Reader
from intake.image.size_limits import ImageSize
from intake.model.errors import InvalidImage, UnsupportedType

if TYPE_CHECKING:
    from intake.model.limits import Limits

BRAND = Struct(">4s4x")  # major brand, minor version; compatible brands follow
STILL, SEQUENCE = b"avif", b"avis"
MAX_BRANDS = 64
TOP_LEVEL = frozenset((b"ftyp", b"meta", b"mdat", b"moov", b"free", b"skip", b"uuid", b"idat"))
"""Known boxes of the top level. After the image is described, a truncated box of any other type is trailing data."""


def parse(view: memoryview, limits: "Limits") -> ImageSize:
    reader = Reader(view, "AVIF", "its last box")
    boxes = _read_top_level(reader)
    is_sequence = _is_sequence(require_child(boxes, b"ftyp", reader))
    size: tuple[int, int] | None = None
    frames = 1
    if b"meta" in boxes:
        size = avif_items.parse_meta(boxes[b"meta"], limits)
    if is_sequence or b"moov" in boxes:
        track_size, frames = avif_tracks.parse_moov(require_child(boxes, b"moov", reader), limits)
        size = size or track_size
    if not size:
        raise reader.malformed("its meta box is missing")
    return ImageSize(*size, frames)


def _read_top_level(reader: Reader) -> dict[bytes, Reader]:
    found: dict[bytes, Reader] = {}
    while reader.remaining:
        name = bytes(reader.view[reader.position + 4 : reader.position + HEADER.size])
        try:
            kind, box = read_box(reader)
        except InvalidImage:
            if name in TOP_LEVEL or not (b"meta" in found or b"moov" in found):
                raise
            break
        found.setdefault(kind, box)
    return found


def _is_sequence(ftyp: Reader) -> bool:
    """Decide by the brands.

    Raises:
        UnsupportedType: the file is HEIF but not AVIF.
    """
    (major,) = ftyp.unpack(BRAND)
    listed = bytes(ftyp.view[ftyp.position : min(ftyp.end, ftyp.position + 4 * MAX_BRANDS)])
    brands = {major, *(listed[at : at + 4] for at in range(0, len(listed), 4))}
    if not brands & {STILL, SEQUENCE}:
        raise UnsupportedType(reason=f"HEIF brands {brands}")
    return bool(major == SEQUENCE)
