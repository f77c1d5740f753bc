"""JPEG XL in its container: boxes, one or more of which hold the codestream (ISO/IEC 18181-2).

The codestream is in one box, `jxlc`, or in several, `jxlp`, the last of which says so. Its frames are followed by the
sizes in their headers. A bare codestream, without boxes, is a type that this service does not accept.
"""

from struct import Struct
from typing import TYPE_CHECKING

from intake.image.bit_reader import BitReader
from intake.image.byte_reader import Reader
from intake.image.isobmff import HEADER, TO_THE_END, read_top_level
from intake.image.joined_extents import JoinedExtents
from intake.image.jxl_frames import read_frames
from intake.image.jxl_header import read_header
from intake.image.pixel_limits import ImageSize
from intake.image.unsupported_types import create_unsupported_type
from intake.model.image_info import ImageWarning

if TYPE_CHECKING:
    from intake.model.limits import Limits

PART = Struct(">I")  # the number of the part, from 0 on; the highest bit marks the last one
LAST_PART = 0x8000_0000
WHOLE, PARTIAL = b"jxlc", b"jxlp"
TOP_LEVEL = frozenset((b"JXL ", b"ftyp", b"jxll", b"jxli", WHOLE, PARTIAL, b"jbrd", b"Exif", b"xml ", b"jumb", b"brob"))
"""Known boxes. After the codestream, a truncated box of any other type is ignored."""
BRAND = b"jxl "


def parse(view: memoryview, limits: "Limits") -> ImageSize:
    reader = Reader(view, "JPEG XL", "its last box")
    extents, is_open = _read_boxes(reader)
    codestream = JoinedExtents(view, extents)
    bits = BitReader(codestream, reader)
    header = read_header(bits, reader, limits)
    shown, end = read_frames(bits, header, reader, limits)
    if shown is None:
        found = "a JPEG XL animation whose frames only a decoder can count"
        raise create_unsupported_type(found, limits.image_types, f"an ICC profile: {header.has_profile}")
    if not is_open:
        return ImageSize(*header.size, shown, reader.position)
    if end is None:  # the length of the file alone proves the end
        return ImageSize(*header.size, shown, reader.position, (ImageWarning.MISSING_TRAILER,))
    *_, (_, last) = codestream.locate(0, end)
    return ImageSize(*header.size, shown, last)


def _read_boxes(reader: Reader) -> tuple[list[tuple[int, int]], bool]:
    """Return where the parts of the codestream are, and whether the last one goes to the end of the file."""
    extents: list[tuple[int, int]] = []
    is_open, is_complete = False, False
    for number, (kind, box) in enumerate(read_top_level(reader, TOP_LEVEL, (WHOLE, PARTIAL))):
        if number == 1 and (kind != b"ftyp" or box.view[box.position : box.position + len(BRAND)] != BRAND):
            raise reader.malformed("its second box does not have the brand of JPEG XL", repr(kind))
        if kind not in (WHOLE, PARTIAL):
            continue
        if is_complete or (kind == WHOLE and extents):
            raise reader.malformed("it has two codestreams")
        is_open = box.view[box.position - HEADER.size : box.position] == HEADER.pack(TO_THE_END, kind)
        (part,) = box.unpack(PART) if kind == PARTIAL else (LAST_PART,)
        if part & ~LAST_PART != len(extents):
            raise reader.malformed("a part of its codestream is missing", f"part {part} is number {len(extents)}")
        is_complete = bool(part & LAST_PART)
        extents.append((box.position, box.end))
    if not is_complete:
        raise reader.truncated(f"{len(extents)} parts of the codestream")
    return extents, is_open
