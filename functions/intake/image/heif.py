"""HEIF: boxes that hold the items of a still image or the samples of a sequence (ISO/IEC 23008-12, 14496-12).

AVIF and HEIC are HEIF with AV1 and with HEVC data. The size is that of the primary item (`ispe`), before it is rotated
(`irot`) or mirrored (`imir`). The clean aperture (`clap`) counts in HEIC alone, whose encoders pad images to blocks of
eight pixels. Images beside the primary one do not count as frames. The data is not decoded: a file is complete if every
extent of an item and every sample lies inside it, and none has a hole.
"""

from typing import TYPE_CHECKING

from intake.image import heif_items, heif_sequence
from intake.image.byte_reader import Reader
from intake.image.heif_brands import SEQUENCES, create_unsupported_brands, read_brands
from intake.image.isobmff import read_top_level, require_child
from intake.image.pixel_limits import ImageSize

if TYPE_CHECKING:
    from intake.image.heif_codec import Codec
    from intake.model.limits import Limits

TOP_LEVEL = frozenset(
    (b"ftyp", b"meta", b"mdat", b"moov", b"free", b"skip", b"uuid", b"idat", b"mpvd", b"sefd")  # the last two: phones
)
"""Known boxes of the top level. After `meta` or `moov`, a truncated box of any other type is ignored."""


def parse(view: memoryview, limits: "Limits", codec: "Codec") -> ImageSize:
    """Parse an AVIF or a HEIC.

    Raises:
        UnsupportedType: its brands or its primary item are those of another compression.
        IntakeError: see `verify`.
    """
    reader = Reader(view, codec.format_name, "its last box")
    boxes: dict[bytes, Reader] = {}
    for kind, box in read_top_level(reader, TOP_LEVEL, (b"meta", b"moov")):
        boxes.setdefault(kind, box)
    ftyp = require_child(boxes, b"ftyp", reader)
    major, brands = read_brands(ftyp)
    if not brands & codec.brands:
        raise create_unsupported_brands(ftyp, limits.image_types)
    still = heif_items.parse_meta(boxes[b"meta"], limits, codec) if b"meta" in boxes else None
    track = None
    if major in SEQUENCES or b"moov" in boxes:
        track = heif_sequence.parse_moov(require_child(boxes, b"moov", reader), limits, codec)
    if major in SEQUENCES and not track:
        raise reader.malformed("its sequence has no track of pictures")
    first = still or track
    if not first:
        raise reader.malformed("it has neither a primary item with a location nor a track of pictures")
    codec.check(reader, [data for pictures in (still, track) if pictures for data in pictures.coded])
    return ImageSize(*first.size, track.frames if track else 1, reader.position)
