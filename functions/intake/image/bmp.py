"""BMP: a file header, one of the DIB headers, and an array of pixels of known size ([MS-WMF] 2.2.2).

Compressed arrays (RLE) are held against the size in the header; the runs themselves are not walked.
"""

from struct import Struct
from typing import TYPE_CHECKING, NamedTuple

from intake.image.reader import Reader
from intake.image.size_limits import check_size
from intake.model.image_info import ImageInfo

if TYPE_CHECKING:
    from intake.model.limits import Limits

FILE_HEADER = Struct("<2xI4xI")  # "BM", bytes of the file, reserved, where the pixels begin
HEADER_SIZE = Struct("<I")
CORE_HEADER = Struct("<HHHH")  # width, height, planes, bits: BITMAPCOREHEADER
INFO_HEADER = Struct("<iiHH")  # the same as BITMAPINFOHEADER has it; a negative height means top-down
COMPRESSION = Struct("<II")  # compression, bytes of the pixels

CORE_SIZE, OS2_SHORT_SIZE, OS2_SIZE = 12, 16, 64
INFO_SIZES = (40, 52, 56, 108, 124)  # BITMAPINFOHEADER, two of its extensions, V4, V5

BI_RGB, BI_RLE8, BI_RLE4, BI_BITFIELDS, BI_ALPHABITFIELDS = 0, 1, 2, 3, 6
DEPTHS = {
    BI_RGB: (1, 4, 8, 16, 24, 32),
    BI_RLE8: (8,),
    BI_RLE4: (4,),
    BI_BITFIELDS: (16, 32),
    BI_ALPHABITFIELDS: (16, 32),
}
"""The bit depths of each compression. JPEG and PNG inside of BMP are for printers and are refused."""


class _Header(NamedTuple):
    width: int
    height: int
    planes: int
    bits: int
    compression: int = BI_RGB
    pixel_bytes: int = 0


def parse(view: memoryview, limits: "Limits") -> ImageInfo:
    reader = Reader(view, "BMP", "its last pixel")
    file_bytes, pixels_at = reader.take(FILE_HEADER)
    header = _header(reader)
    _check(reader, header, limits)
    if pixels_at < reader.at:
        raise reader.malformed("its pixels begin inside of its header", str(pixels_at))
    reader.seek(pixels_at)
    reader.skip(_pixel_bytes(reader, header))
    # Writers leave the size out or put too little; too much means that something is missing.
    reader.seek(max(file_bytes, reader.at))
    return ImageInfo("bmp", header.width, abs(header.height), frames=1)


def _header(reader: Reader) -> _Header:
    (size,) = reader.take(HEADER_SIZE)
    if size not in (CORE_SIZE, OS2_SHORT_SIZE, OS2_SIZE, *INFO_SIZES):
        raise reader.malformed("its header has a size that does not exist", str(size))
    fields = reader.part(size - HEADER_SIZE.size, b"header")
    if size == CORE_SIZE:
        return _Header(*fields.take(CORE_HEADER))
    if size == OS2_SHORT_SIZE:
        return _Header(*fields.take(INFO_HEADER))
    return _Header(*fields.take(INFO_HEADER), *fields.take(COMPRESSION))


def _check(reader: Reader, header: _Header, limits: "Limits") -> None:
    compressed = header.compression in (BI_RLE8, BI_RLE4)
    if header.planes != 1 or header.bits not in DEPTHS.get(header.compression, ()):
        raise reader.malformed("its header holds a value that does not exist", str(header))
    if header.width < 0 or (compressed and header.height < 0):
        raise reader.malformed("its header holds an impossible size", str(header))
    check_size("BMP", header.width, abs(header.height), limits)


def _pixel_bytes(reader: Reader, header: _Header) -> int:
    """The size of the array: rows are padded to four bytes; only compressed ones need the field for it."""
    if header.compression not in (BI_RLE8, BI_RLE4):
        return (header.width * header.bits + 31) // 32 * 4 * abs(header.height)
    if not header.pixel_bytes:
        raise reader.malformed("it does not say how long its compressed pixels are")
    return header.pixel_bytes
