"""BMP: a file header, one of the DIB headers, and an array of pixels of known size ([MS-WMF] 2.2.2).

A compressed array (RLE) has to reach its end mark ([MS-WMF] 3.1.6). Its runs may leave pixels out.
"""

import re
from functools import cache
from struct import Struct
from typing import TYPE_CHECKING, NamedTuple

from intake.image.byte_reader import Reader
from intake.image.pixel_limits import ImageSize, check_size

if TYPE_CHECKING:
    from intake.model.limits import Limits

FILE_HEADER = Struct("<2xI4xI")  # "BM", bytes of the file, reserved, position of the pixels
HEADER_SIZE = Struct("<I")
CORE_HEADER = Struct("<HHHH")  # width, height, planes, bits: BITMAPCOREHEADER
INFO_HEADER = Struct("<iiHH")  # the same in BITMAPINFOHEADER; a negative height means top-down
COMPRESSION = Struct("<II8xI")  # compression, bytes of the pixels, colors in the palette
PROFILE = Struct("<20x4s52xII")  # in BITMAPV5HEADER, after the colors: type of the color space, position and bytes

CORE_SIZE, OS2_SHORT_SIZE, OS2_SIZE, V5_SIZE = 12, 16, 64, 124
INFO_SIZES = (40, 52, 56, 108, V5_SIZE)  # BITMAPINFOHEADER, two of its extensions, V4, V5
FILE_HEADER_BYTES = 14
COLOR_BYTES = 4
PROFILES = (b"DEBM", b"KNIL")  # embedded, or the name of a file
PADDING_BYTES = 3
"""Some encoders pad the file to two or four bytes, and count that in its size."""
PALETTE_DEPTHS = (1, 4, 8)

BI_RGB, BI_RLE8, BI_RLE4, BI_BITFIELDS, BI_ALPHABITFIELDS = 0, 1, 2, 3, 6
DEPTHS = {
    BI_RGB: (1, 4, 8, 16, 24, 32),
    BI_RLE8: (8,),
    BI_RLE4: (4,),
    BI_BITFIELDS: (16, 32),
    BI_ALPHABITFIELDS: (16, 32),
}
"""The bit depths of each compression. JPEG and PNG inside a BMP are for printers and are refused."""


class Header(NamedTuple):
    """The header of a bitmap, and where its color profile ends."""

    width: int
    height: int
    planes: int
    bits: int
    compression: int = BI_RGB
    pixel_bytes: int = 0
    colors: int = 0
    profile_end: int = 0


PIXELS_PER_BYTE = {BI_RLE8: 1, BI_RLE4: 2}
"""Literal pixels in a byte, by compression."""


@cache
def _compile_runs(pixels_per_byte: int) -> re.Pattern[bytes]:
    """Compile a pattern of runs up to the end mark. It takes milliseconds, so it waits for the first image.

    A run is a count and a pixel. A count of 0 is an escape: the end of a line (0), the end mark (1), a move (2), or a
    number of literal pixels, padded to two bytes.
    """
    sizes = {count: -(-count // (2 * pixels_per_byte)) * 2 for count in range(3, 256)}
    literals = b"|".join(b"%b.{%d}" % (re.escape(bytes((count,))), size) for count, size in sizes.items())
    return re.compile(rb"(?:[^\0].|\0(?:\0|\x02..|%b))*+\0\x01" % literals, re.DOTALL)


def parse(view: memoryview, limits: "Limits") -> ImageSize:
    reader = Reader(view, "BMP", "its last pixel")
    file_bytes, pixels_at = reader.unpack(FILE_HEADER)
    header = read_header(reader)
    check_header(reader, header, limits)
    if pixels_at < reader.position:
        raise reader.malformed("its pixels begin inside its header", str(pixels_at))
    reader.seek(max(pixels_at, _find_palette_end(reader, header, pixels_at)))
    reader.skip(count_pixel_bytes(reader, header))
    if header.compression in PIXELS_PER_BYTE:
        runs = _compile_runs(PIXELS_PER_BYTE[header.compression])
        if not runs.match(view, reader.position - header.pixel_bytes, reader.position):
            raise reader.truncated("its runs have no end mark")
    if reader.end < file_bytes <= reader.position + PADDING_BYTES:
        raise reader.truncated("the padding behind its pixels is missing")
    if reader.end < file_bytes:  # the size is wrong, unless the color profile behind the pixels is missing
        reader.seek(max(reader.position, header.profile_end))
    reader.seek(min(max(file_bytes, reader.position), reader.end))
    return ImageSize(header.width, abs(header.height), frames=1, end=reader.position)


def read_header(reader: Reader) -> Header:
    (size,) = reader.unpack(HEADER_SIZE)
    if size not in (CORE_SIZE, OS2_SHORT_SIZE, OS2_SIZE, *INFO_SIZES):
        raise reader.malformed("its header has an unknown size", str(size))
    fields = reader.read_part(size - HEADER_SIZE.size, b"header")
    if size == CORE_SIZE:
        return Header(*fields.unpack(CORE_HEADER))
    if size == OS2_SHORT_SIZE:
        return Header(*fields.unpack(INFO_HEADER))
    header = Header(*fields.unpack(INFO_HEADER), *fields.unpack(COMPRESSION))
    return header._replace(profile_end=_read_profile_end(fields)) if size == V5_SIZE else header


def _read_profile_end(fields: Reader) -> int:
    """Return where the color profile ends, or the name of its file. It follows the pixels. 0 if there is none."""
    kind, position, size = fields.unpack(PROFILE)
    return FILE_HEADER_BYTES + position + size if kind in PROFILES else 0


def _find_palette_end(reader: Reader, header: Header, pixels_at: int) -> int:
    """Return where the palette ends. Pixels begin there if their position is wrong, as some writers omit the palette.

    Raises:
        InvalidImage: the palette has more colors than there may be, and they reach into the pixels.
    """
    if header.bits not in PALETTE_DEPTHS:
        return 0  # the number of colors is a hint
    end = reader.position + COLOR_BYTES * header.colors
    if end > pixels_at and header.colors > 1 << header.bits:
        raise reader.malformed("its palette has too many colors", str(header.colors))
    return end


def check_header(reader: Reader, header: Header, limits: "Limits") -> None:
    if header.planes != 1 or header.bits not in DEPTHS.get(header.compression, ()):
        raise reader.malformed("its header has an invalid value", str(header))
    if header.width < 0 or (header.compression in PIXELS_PER_BYTE and header.height < 0):
        raise reader.malformed("its header has an impossible size", str(header))
    check_size(reader.format_name, header.width, abs(header.height), limits)


def count_pixel_bytes(reader: Reader, header: Header) -> int:
    """Return the size of the pixel array. Rows are padded to four bytes; the header has the size of a compressed array.

    Raises:
        InvalidImage: the array is compressed and the header has no size for it.
    """
    if header.compression not in PIXELS_PER_BYTE:
        return (header.width * header.bits + 31) // 32 * 4 * abs(header.height)
    if not header.pixel_bytes:
        raise reader.malformed("the size of its compressed pixels is missing")
    return header.pixel_bytes
