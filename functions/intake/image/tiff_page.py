"""Reads from the fields of a TIFF page how its picture is divided into strips or tiles (TIFF 6.0)."""

from itertools import chain, repeat
from typing import TYPE_CHECKING, NamedTuple

from intake.image.tiff_directory import UNSIGNED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from intake.image.tiff_directory import Directories, Fields

IMAGE_WIDTH, IMAGE_LENGTH, BITS_PER_SAMPLE, COMPRESSION, PHOTOMETRIC = 256, 257, 258, 259, 262
FILL_ORDER, SAMPLES_PER_PIXEL, PLANAR_CONFIGURATION = 266, 277, 284
STRIP_OFFSETS, ROWS_PER_STRIP, STRIP_BYTE_COUNTS = 273, 278, 279
TILE_WIDTH, TILE_LENGTH, TILE_OFFSETS, TILE_BYTE_COUNTS = 322, 323, 324, 325
JPEG_OFFSET, JPEG_BYTE_COUNT = 513, 514
DATA = ((STRIP_OFFSETS, STRIP_BYTE_COUNTS), (TILE_OFFSETS, TILE_BYTE_COUNTS), (JPEG_OFFSET, JPEG_BYTE_COUNT))
"""The tags that say where data is, and how many bytes it has."""

SEPARATE_PLANES = 2
LOWEST_BIT_FIRST = 2
UNCOMPRESSED = 1
PLAIN_COLORS = frozenset((0, 1, 2, 3, 4, 5, 8, 9, 10))
"""The color spaces in which each pixel has each sample. YCbCr has fewer, and cameras pack the data of a sensor in ways
of their own."""


class Pieces(NamedTuple):
    """The strips or tiles that a page needs.

    Attributes:
        offsets_tag, sizes_tag: the arrays with the position of each, and with its number of bytes.
        per_plane: how many there are in each plane.
        planes: 1, or the number of samples if each is in a plane of its own.
        bytes: the least number of bytes in each, or 0 if it is not known: in compressed data.
        last_bytes: the same for the last one of each plane.
    """

    offsets_tag: int
    sizes_tag: int
    per_plane: int
    planes: int
    bytes: int
    last_bytes: int

    @property
    def needed(self) -> int:
        """How many there are in all planes."""
        return self.per_plane * self.planes

    def iterate_bytes(self) -> "Iterator[int]":
        """Yield the least number of bytes of each."""
        planes = (chain(repeat(self.bytes, self.per_plane - 1), (self.last_bytes,)) for _ in range(self.planes))
        return chain.from_iterable(planes)


def is_page(fields: "Fields") -> bool:
    """Whether a directory describes a picture: its size, and where its data is."""
    has_data = any(offsets in fields for offsets, _ in DATA)
    return has_data and IMAGE_WIDTH in fields and IMAGE_LENGTH in fields


def read_size(directories: "Directories", fields: "Fields") -> tuple[int, int]:
    """Return width and height."""
    return directories.read_number(fields, IMAGE_WIDTH), directories.read_number(fields, IMAGE_LENGTH)


def read_compression(directories: "Directories", fields: "Fields") -> int:
    """Return the compression of a page, or 0 if its field is unreadable."""
    if COMPRESSION in fields and fields[COMPRESSION].type not in UNSIGNED:
        return 0
    return directories.read_number(fields, COMPRESSION, default=UNCOMPRESSED)


def has_reversed_bits(directories: "Directories", fields: "Fields") -> bool:
    """Whether each byte has its lowest bit first (section 8: FillOrder). libtiff writes LZW and Deflate so too."""
    field = fields.get(FILL_ORDER)
    is_readable = field is not None and field.length > 0 and field.type in UNSIGNED
    return is_readable and directories.read_number(fields, FILL_ORDER) == LOWEST_BIT_FIRST


def is_tiled(fields: "Fields") -> bool:
    return TILE_OFFSETS in fields or TILE_WIDTH in fields


def describe_strips(
    directories: "Directories", fields: "Fields", width: int, height: int, *, is_compressed: bool = False
) -> Pieces:
    """Describe the strips of a page (section 4: StripsPerImage).

    Args:
        directories: reads the fields.
        fields: the fields of the page.
        width: of the page, in pixels.
        height: of the page, in pixels.
        is_compressed: whether to count the bytes before compression.
    """
    rows = min(directories.read_number(fields, ROWS_PER_STRIP, default=height), height)
    if not rows:
        raise directories.reader.malformed("its strips have no rows")
    strips = -(-height // rows)
    last_rows = height - (strips - 1) * rows
    planes = _count_planes(directories, fields)
    row_bytes = _count_row_bytes(directories, fields, width, planes, is_compressed=is_compressed)
    return Pieces(STRIP_OFFSETS, STRIP_BYTE_COUNTS, strips, planes, rows * row_bytes, last_rows * row_bytes)


def describe_tiles(
    directories: "Directories", fields: "Fields", width: int, height: int, *, is_compressed: bool = False
) -> Pieces:
    """Describe the tiles of a page (section 15: TilesPerImage). Tiles at the edge have all of their rows.

    The arguments are those of `describe_strips`.
    """
    columns, rows = directories.read_number(fields, TILE_WIDTH), directories.read_number(fields, TILE_LENGTH)
    if not columns or not rows:
        raise directories.reader.malformed("its tiles have no size")
    tiles = -(-width // columns) * -(-height // rows)
    planes = _count_planes(directories, fields)
    size = rows * _count_row_bytes(directories, fields, columns, planes, is_compressed=is_compressed)
    tags = DATA[1] if TILE_OFFSETS in fields else DATA[0]  # some writers list tiles in the fields of strips
    return Pieces(*tags, tiles, planes, size, size)


def _count_planes(directories: "Directories", fields: "Fields") -> int:
    if directories.read_number(fields, PLANAR_CONFIGURATION, default=1) != SEPARATE_PLANES:
        return 1
    return directories.read_number(fields, SAMPLES_PER_PIXEL, default=1)


def has_rows_of_one_byte(directories: "Directories", fields: "Fields") -> bool:
    """Whether a row of the page is one byte before compression."""
    width = directories.read_number(fields, IMAGE_WIDTH)
    return _count_uncompressed_bytes(directories, fields, width, _count_planes(directories, fields)) == 1


def _count_row_bytes(
    directories: "Directories", fields: "Fields", width: int, planes: int, *, is_compressed: bool
) -> int:
    """Return the bytes of one row in one plane, or 0 if they are not known."""
    if not is_compressed and read_compression(directories, fields) != UNCOMPRESSED:
        return 0
    if directories.read_number(fields, PHOTOMETRIC, default=0) not in PLAIN_COLORS:
        return 0
    return _count_uncompressed_bytes(directories, fields, width, planes)


def _count_uncompressed_bytes(directories: "Directories", fields: "Fields", width: int, planes: int) -> int:
    """Return the bytes of one row in one plane before compression."""
    bits = directories.read_number(fields, BITS_PER_SAMPLE, default=1)
    samples = 1 if planes > 1 else directories.read_number(fields, SAMPLES_PER_PIXEL, default=1)
    return (width * bits * samples + 7) // 8
