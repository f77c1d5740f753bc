"""TIFF and BigTIFF: a chain of directories, each of which points to strips or tiles (TIFF 6.0).

Every directory of the chain is a frame, even one of reduced resolution, because readers show each as a page.
Directories below a page (SubIFDs, Exif, GPS) are checked in the same way and not counted. Strips are not decoded. Raw
files of cameras have the structure of a TIFF and are accepted.
"""

from operator import add
from typing import TYPE_CHECKING

from intake.image.byte_reader import Reader
from intake.image.pixel_limits import ImageSize, check_frames, check_size
from intake.image.tiff_directory import Directories, Field

if TYPE_CHECKING:
    from intake.model.limits import Limits

    Fields = dict[int, Field]
    Sides = tuple[int, int]

IMAGE_WIDTH, IMAGE_LENGTH, SAMPLES_PER_PIXEL, PLANAR_CONFIGURATION = 256, 257, 277, 284
STRIP_OFFSETS, ROWS_PER_STRIP, STRIP_BYTE_COUNTS = 273, 278, 279
TILE_WIDTH, TILE_LENGTH, TILE_OFFSETS, TILE_BYTE_COUNTS = 322, 323, 324, 325
JPEG_INTERCHANGE_FORMAT, JPEG_INTERCHANGE_FORMAT_LENGTH = 513, 514
SUB_DIRECTORIES = (330, 34665, 34853)  # SubIFDs, Exif, GPS
SEPARATE_PLANES = 2


def parse(view: memoryview, limits: "Limits") -> ImageSize:
    directories = Directories(Reader(view, "TIFF", "the last of its data"))
    seen: set[int] = set()
    sub_directories: list[int] = []
    size: Sides | None = None
    position = directories.first
    while position:
        if position in seen:
            raise directories.reader.malformed("its directories form a loop", f"back at {position}")
        seen.add(position)
        check_frames("TIFF", len(seen), limits)
        fields, position = directories.read(position)
        page_size = _check_page(directories, fields, limits)
        size = size or page_size
        sub_directories += _list_sub_directories(directories, fields)
    if not size:
        raise directories.reader.malformed("it has no directory")
    frames = len(seen)
    _check_sub_directories(directories, sub_directories, seen, limits)
    # Private fields may point to any byte of the file, so no byte is known to be behind its end.
    return ImageSize(*size, frames, directories.reader.end)


def _list_sub_directories(directories: Directories, fields: "Fields") -> list[int]:
    """Return the positions of the directories below a page."""
    positions: list[int] = []
    for field in filter(None, map(fields.get, SUB_DIRECTORIES)):
        directories.reader.count_parts(field.length)  # before they are read into memory
        positions += directories.read_values(field)
    return positions


def _check_sub_directories(directories: Directories, pending: list[int], seen: set[int], limits: "Limits") -> None:
    while pending:
        position = pending.pop()
        if position and position not in seen:
            seen.add(position)
            fields, _ = directories.read(position)
            if IMAGE_WIDTH in fields:
                _check_page(directories, fields, limits)
            pending += _list_sub_directories(directories, fields)


def _check_page(directories: Directories, fields: "Fields", limits: "Limits") -> "Sides":
    """Check the size of a page, and that all of its data is in the file; return width and height."""
    width = directories.read_number(fields, IMAGE_WIDTH)
    height = directories.read_number(fields, IMAGE_LENGTH)
    check_size("TIFF", width, height, limits)
    has_old_jpeg = JPEG_INTERCHANGE_FORMAT in fields
    if has_old_jpeg:  # a thumbnail, or the whole page if there are no strips (section 22)
        _check_data(directories, fields, JPEG_INTERCHANGE_FORMAT, JPEG_INTERCHANGE_FORMAT_LENGTH, 1)
    if TILE_OFFSETS in fields:
        tiles = _count_tiles(directories, fields, width, height)
        _check_data(directories, fields, TILE_OFFSETS, TILE_BYTE_COUNTS, tiles)
    elif STRIP_OFFSETS in fields or not has_old_jpeg:
        strips = _count_strips(directories, fields, height)
        _check_data(directories, fields, STRIP_OFFSETS, STRIP_BYTE_COUNTS, strips)
    return width, height


def _count_strips(directories: Directories, fields: "Fields", height: int) -> int:
    """Return the number of strips that a page needs (section 4: StripsPerImage)."""
    rows = directories.read_number(fields, ROWS_PER_STRIP, default=height)
    if not rows:
        raise directories.reader.malformed("its strips have no rows")
    return -(-height // rows) * _count_planes(directories, fields)


def _count_tiles(directories: Directories, fields: "Fields", width: int, height: int) -> int:
    """Return the number of tiles that a page needs (section 15: TilesPerImage)."""
    tile_width = directories.read_number(fields, TILE_WIDTH)
    tile_height = directories.read_number(fields, TILE_LENGTH)
    if not tile_width or not tile_height:
        raise directories.reader.malformed("its tiles have no size")
    return -(-width // tile_width) * -(-height // tile_height) * _count_planes(directories, fields)


def _count_planes(directories: Directories, fields: "Fields") -> int:
    if directories.read_number(fields, PLANAR_CONFIGURATION, default=1) != SEPARATE_PLANES:
        return 1
    return directories.read_number(fields, SAMPLES_PER_PIXEL, default=1)


def _check_data(directories: Directories, fields: "Fields", offsets_tag: int, sizes_tag: int, needed: int) -> None:
    """Check that every strip or tile of the page is listed, and lies inside the file."""
    reader = directories.reader
    if offsets_tag not in fields or sizes_tag not in fields:
        raise reader.malformed("the position of its data is missing", f"tags {offsets_tag} and {sizes_tag}")
    offsets, sizes = directories.read_values(fields[offsets_tag]), directories.read_values(fields[sizes_tag])
    if len(offsets) != len(sizes) or len(offsets) < needed:
        raise reader.malformed("strips or tiles are missing", f"{len(offsets)} and {len(sizes)} of {needed}")
    end = max(map(add, offsets, sizes))
    if end > reader.end or not any(sizes):
        raise reader.truncated(f"the data ends at {end}, the file at {reader.end}")
