"""BMP: a file header, one of the DIB headers, and an array of pixels of known size ([MS-WMF] 2.2.2).

For a compressed array (RLE), the size in the header is checked, but not the runs.
"""

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
"""The bit depths of each compression. JPEG and PNG inside a BMP are for printers and are refused."""


class _Header(NamedTuple):
    width: int
    height: int
    planes: int
    bits: int
    compression: int = BI_RGB
    pixel_bytes: int = 0


def parse(view: memoryview, limits: "Limits") -> ImageSize:
    reader = Reader(view, "BMP", "its last pixel")
    file_bytes, pixels_at = reader.unpack(FILE_HEADER)
    header = _read_header(reader)
    _check_header(reader, header, limits)
    if pixels_at < reader.position:
        raise reader.malformed("its pixels begin inside its header", str(pixels_at))
    reader.seek(pixels_at)
    reader.skip(_count_pixel_bytes(reader, header))
    # Some encoders omit the file size or write too small a one; a larger one means that bytes are missing.
    reader.seek(max(file_bytes, reader.position))
    return ImageSize(header.width, abs(header.height), frames=1, end=reader.position)


def _read_header(reader: Reader) -> _Header:
    (size,) = reader.unpack(HEADER_SIZE)
    if size not in (CORE_SIZE, OS2_SHORT_SIZE, OS2_SIZE, *INFO_SIZES):
        raise reader.malformed("its header has an unknown size", str(size))
    fields = reader.read_part(size - HEADER_SIZE.size, b"header")
    if size == CORE_SIZE:
        return _Header(*fields.unpack(CORE_HEADER))
    if size == OS2_SHORT_SIZE:
        return _Header(*fields.unpack(INFO_HEADER))
    return _Header(*fields.unpack(INFO_HEADER), *fields.unpack(COMPRESSION))


def _check_header(reader: Reader, header: _Header, limits: "Limits") -> None:
    is_compressed = header.compression in (BI_RLE8, BI_RLE4)
    if header.planes != 1 or header.bits not in DEPTHS.get(header.compression, ()):
        raise reader.malformed("its header has an invalid value", str(header))
    if header.width < 0 or (is_compressed and header.height < 0):
        raise reader.malformed("its header has an impossible size", str(header))
    check_size("BMP", header.width, abs(header.height), limits)


def _count_pixel_bytes(reader: Reader, header: _Header) -> int:
    """Return the size of the pixel array. Rows are padded to four bytes; the header has the size of a compressed array.

    Raises:
        InvalidImage: the array is compressed and the header has no size for it.
    """
    if header.compression not in (BI_RLE8, BI_RLE4):
        return (header.width * header.bits + 31) // 32 * 4 * abs(header.height)
    if not header.pixel_bytes:
        raise reader.malformed("the size of its compressed pixels is missing")
    return header.pixel_bytes
