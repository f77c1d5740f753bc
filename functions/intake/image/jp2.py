"""JPEG 2000 in boxes: JP2, JPX and JPH (ITU-T T.800, annex I; T.801, annex M; T.814, annex D).

A JPX may have several codestreams; each is a frame. The size is that of the first codestream.
"""

from struct import Struct
from typing import TYPE_CHECKING

from intake.image.byte_reader import Reader
from intake.image.isobmff import HEADER, read_box, read_children, read_top_level, require_child
from intake.image.j2c import parse_codestream
from intake.image.pixel_limits import ImageSize, check_frames
from intake.image.unsupported_types import create_unsupported_type

if TYPE_CHECKING:
    from intake.model.limits import Limits

SIGNATURE_BYTES = 12
BRAND = Struct(">4s4x")
OTHER_TYPES = {b"mjp2": "a Motion JPEG 2000 video", b"mjp3": "a Motion JPEG 2000 video", b"jpm ": "a JPM document"}
IMAGE_HEADER = Struct(">IIHBBBB")  # height, width, components, bit depth, compression, color known, rights
JPEG_2000 = 7
TO_THE_END = bytes(4)
METADATA = frozenset((b"xml ", b"uuid", b"uinf", b"jp2i", b"rreq", b"asoc", b"free"))
TOP_LEVEL = METADATA | {b"ftyp", b"jp2h", b"jp2c", b"jpch", b"jplh", b"ftbl"}
"""Known boxes of the top level. After a codestream, a truncated box of any other type is ignored."""


def parse(view: memoryview, limits: "Limits") -> ImageSize:
    reader = Reader(view, "JPEG 2000", "its last box")
    reader.skip(SIGNATURE_BYTES)
    kind, box = read_box(reader)
    if kind != b"ftyp":
        raise reader.malformed("its ftyp box is missing")
    (brand,) = box.unpack(BRAND)
    if brand in OTHER_TYPES:
        raise create_unsupported_type(OTHER_TYPES[brand], limits.image_types, f"brand {brand!r}")
    header, pictures = _parse_boxes(reader, limits)
    if not pictures or not header:
        raise reader.malformed("it has no codestream" if header else "its header box is missing")
    width, height, *_ = pictures[0]
    if len(pictures) == 1 and header != (width, height):
        raise reader.malformed("its header has another size than its codestream", f"{header}, {width} x {height}")
    warnings = next((picture.warnings for picture in pictures if picture.warnings), ())
    return ImageSize(width, height, len(pictures), reader.position, warnings)


def _parse_boxes(reader: Reader, limits: "Limits") -> tuple[tuple[int, int] | None, list[ImageSize]]:
    """Parse the boxes of the top level. Return the size in their header, None if there is none, and the pictures."""
    header: tuple[int, int] | None = None
    pictures: list[ImageSize] = []
    for kind, box in read_top_level(reader, TOP_LEVEL, (b"jp2c",)):
        if kind == b"jp2h":
            header = header or _read_image_header(box)
        elif kind == b"jp2c":
            pictures.append(_parse_picture(reader, box, limits))
            check_frames("JPEG 2000", len(pictures), limits)
    return header, pictures


def _read_image_header(box: Reader) -> tuple[int, int]:
    """Return width and height in a header box."""
    height, width, _, _, compression, *_ = require_child(read_children(box), b"ihdr", box).unpack(IMAGE_HEADER)
    if compression != JPEG_2000:
        raise box.malformed("its header is not that of a JPEG 2000", f"compression {compression}")
    return width, height


def _parse_picture(reader: Reader, box: Reader, limits: "Limits") -> ImageSize:
    """Parse a codestream. If its box goes up to the end of the file, the image ends where the codestream does."""
    is_open = bytes(reader.view[box.position - HEADER.size : box.position - 4]) == TO_THE_END
    picture = parse_codestream(box, limits)
    if is_open:
        reader.position = box.position
    return picture
