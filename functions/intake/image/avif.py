"""AVIF: boxes; the items of a still image, the samples of a sequence (AV1 ImageInfo File Format 1.1).

Built on ISO/IEC 23008-12 (HEIF) and ISO/IEC 14496-12. The size is that of the primary item (`ispe`), as
coded: `irot`, `imir` and `clap` ask for what comes after decoding. The AV1 data itself is not read; that
every extent of every item and every sample lies inside of the body is what proves the file whole.
"""

from struct import Struct
from typing import TYPE_CHECKING

from intake.image import avif_items, avif_tracks
from intake.image.isobmff import HEADER, child, next_box
from intake.image.reader import Reader
from intake.model.errors import InvalidImage, UnsupportedType
from intake.model.image_info import ImageInfo

if TYPE_CHECKING:
    from intake.model.limits import Limits

BRAND = Struct(">4s4x")  # major brand, minor version; compatible brands follow
STILL, SEQUENCE = b"avif", b"avis"
MOST_BRANDS = 64
TOP_LEVEL = frozenset((b"ftyp", b"meta", b"mdat", b"moov", b"free", b"skip", b"uuid", b"idat"))
"""What stands at the top. Once the image is described, anything else that is cut is trailing bytes and not a box."""


def parse(view: memoryview, limits: "Limits") -> ImageInfo:
    reader = Reader(view, "AVIF", "its last box")
    top = _top_level(reader)
    sequence = _is_sequence(child(top, b"ftyp", reader))
    size: tuple[int, int] | None = None
    frames = 1
    if b"meta" in top:
        size = avif_items.check(top[b"meta"], limits)
    if sequence or b"moov" in top:
        track_size, frames = avif_tracks.check(child(top, b"moov", reader), limits)
        size = size or track_size
    if not size:
        raise reader.malformed("its meta box is missing")
    return ImageInfo("avif", *size, frames)


def _top_level(reader: Reader) -> dict[bytes, Reader]:
    found: dict[bytes, Reader] = {}
    while reader.left:
        name = bytes(reader.view[reader.at + 4 : reader.at + HEADER.size])
        try:
            kind, box = next_box(reader)
        except InvalidImage:
            if name in TOP_LEVEL or not (b"meta" in found or b"moov" in found):
                raise
            break
        found.setdefault(kind, box)
    return found


def _is_sequence(ftyp: Reader) -> bool:
    """Tell by the brands; a file that is HEIF but not AVIF is of another type."""
    (major,) = ftyp.take(BRAND)
    listed = bytes(ftyp.view[ftyp.at : min(ftyp.end, ftyp.at + 4 * MOST_BRANDS)])
    brands = {major, *(listed[at : at + 4] for at in range(0, len(listed), 4))}
    if not brands & {STILL, SEQUENCE}:
        raise UnsupportedType(reason=f"HEIF brands {brands}")
    return bool(major == SEQUENCE)
