"""ICO and CUR: a directory of pictures, each a PNG or a bitmap with a mask (Microsoft, "Icons", 1995).

The size is that of the largest picture, as it says itself: the directory has one byte for a side, which icons of 256
pixels leave 0. Each picture is a frame, as each page of a TIFF is.
"""

from struct import Struct
from typing import TYPE_CHECKING

from intake.image import bmp, png
from intake.image.byte_reader import Reader
from intake.image.pixel_limits import ImageSize, check_frames

if TYPE_CHECKING:
    from intake.model.limits import Limits

DIRECTORY = Struct("<4xH")  # reserved, type, number of pictures
ENTRY = Struct("<8xII")  # width, height, colors, reserved, planes and bits or the hot spot, bytes, position
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
COLOR_BYTES, CORE_COLOR_BYTES, BIT_FIELDS_BYTES = 4, 3, 12
CORE_HEADER_BYTES, INFO_HEADER_BYTES = 12, 40
WITH_ALPHA = 32
"""Pixels of this depth have their own mask, and many files omit the mask after them."""


def parse(view: memoryview, limits: "Limits") -> ImageSize:
    reader = Reader(view, "ICO", "its last picture")
    (number,) = reader.unpack(DIRECTORY)
    check_frames("ICO", number, limits)
    extents = sorted({reader.unpack(ENTRY)[::-1] for _ in range(number)})
    sizes = []
    for position, size in extents:
        if position < reader.position:
            raise reader.malformed("its pictures overlap", f"at {position}")
        reader.seek(position)
        picture = reader.read_part(size, b"picture")
        sizes.append(_parse_picture(picture, limits))
    if not sizes:
        raise reader.malformed("it has no pictures")
    width, height = max(sizes, key=lambda side: side[0] * side[1])
    return ImageSize(width, height, number, reader.position)


def _parse_picture(picture: Reader, limits: "Limits") -> tuple[int, int]:
    """Return width and height of a picture."""
    start = picture.position
    if bytes(picture.view[start : min(start + len(PNG_SIGNATURE), picture.end)]) == PNG_SIGNATURE:
        image = png.parse_chunks(picture, limits)
        return image.width, image.height
    return _parse_bitmap(picture, limits)


def _parse_bitmap(picture: Reader, limits: "Limits") -> tuple[int, int]:
    """Check a bitmap without a file header. Its height counts the rows of its mask too."""
    start = picture.position
    header = bmp.read_header(picture)
    header_bytes = picture.position - start
    # Some encoders leave the number of planes 0.
    header = header._replace(height=abs(header.height) // 2, planes=header.planes or 1)
    if header.compression not in (bmp.BI_RGB, bmp.BI_BITFIELDS):
        raise picture.malformed("a picture has a compression that icons do not have", str(header.compression))
    bmp.check_header(picture, header, limits)
    if header.compression == bmp.BI_BITFIELDS and header_bytes == INFO_HEADER_BYTES:
        picture.skip(BIT_FIELDS_BYTES)
    if header.bits in bmp.PALETTE_DEPTHS:
        color_bytes = CORE_COLOR_BYTES if header_bytes == CORE_HEADER_BYTES else COLOR_BYTES
        picture.skip(color_bytes * (header.colors or 1 << header.bits))
    picture.skip(bmp.count_pixel_bytes(picture, header))
    if header.bits < WITH_ALPHA:
        picture.skip(bmp.count_pixel_bytes(picture, header._replace(bits=1)))
    return header.width, header.height
