"""TIFF and BigTIFF: a chain of directories, and the strips or tiles that each points at (TIFF 6.0).

Every directory of the chain is a frame, those of reduced resolution too: each is a page to whoever opens the
file. What hangs below a page (SubIFDs, Exif, GPS) is verified the same way and not counted. Strips are not
decoded. Raw files of cameras are TIFFs by structure and pass as such.
"""

from operator import add
from typing import TYPE_CHECKING

from intake.image.reader import Reader
from intake.image.size_limits import check_frames, check_size
from intake.image.tiff_directory import Directories, Field
from intake.model.image_info import ImageInfo

if TYPE_CHECKING:
    from intake.model.limits import Limits

    Fields = dict[int, Field]
    Size = tuple[int, int]

IMAGE_WIDTH, IMAGE_LENGTH, SAMPLES_PER_PIXEL, PLANAR_CONFIGURATION = 256, 257, 277, 284
STRIP_OFFSETS, ROWS_PER_STRIP, STRIP_BYTE_COUNTS = 273, 278, 279
TILE_WIDTH, TILE_LENGTH, TILE_OFFSETS, TILE_BYTE_COUNTS = 322, 323, 324, 325
JPEG_INTERCHANGE_FORMAT, JPEG_INTERCHANGE_FORMAT_LENGTH = 513, 514
SUB_DIRECTORIES = (330, 34665, 34853)  # SubIFDs, Exif, GPS
SEPARATE_PLANES = 2


def parse(view: memoryview, limits: "Limits") -> ImageInfo:
    directories = Directories(Reader(view, "TIFF", "the last of its data"))
    seen: set[int] = set()
    below: list[int] = []
    size: Size | None = None
    at = directories.first
    while at:
        if at in seen:
            raise directories.reader.malformed("its directories run in a circle", f"back at {at}")
        seen.add(at)
        check_frames("TIFF", len(seen), limits)
        fields, at = directories.read(at)
        page = _check_page(directories, fields, limits)
        size = size or page
        below += _below(directories, fields)
    if not size:
        raise directories.reader.malformed("it has no directory")
    frames = len(seen)
    _check_below(directories, below, seen, limits)
    return ImageInfo("tiff", *size, frames)


def _below(directories: Directories, fields: "Fields") -> list[int]:
    found: list[int] = []
    for field in filter(None, map(fields.get, SUB_DIRECTORIES)):
        directories.reader.step(field.length)  # before the numbers take memory
        found += directories.values(field)
    return found


def _check_below(directories: Directories, waiting: list[int], seen: set[int], limits: "Limits") -> None:
    while waiting:
        at = waiting.pop()
        if at and at not in seen:
            seen.add(at)
            fields, _ = directories.read(at)
            if IMAGE_WIDTH in fields:
                _check_page(directories, fields, limits)
            waiting += _below(directories, fields)


def _check_page(directories: Directories, fields: "Fields", limits: "Limits") -> "Size":
    width = directories.number(fields, IMAGE_WIDTH)
    height = directories.number(fields, IMAGE_LENGTH)
    check_size("TIFF", width, height, limits)
    old_jpeg = JPEG_INTERCHANGE_FORMAT in fields
    if old_jpeg:  # of a thumbnail, or of the whole page where strips are left out (section 22)
        _check_data(directories, fields, JPEG_INTERCHANGE_FORMAT, JPEG_INTERCHANGE_FORMAT_LENGTH, 1)
    if TILE_OFFSETS in fields:
        tiles = _tiles(directories, fields, width, height)
        _check_data(directories, fields, TILE_OFFSETS, TILE_BYTE_COUNTS, tiles)
    elif STRIP_OFFSETS in fields or not old_jpeg:
        strips = _strips(directories, fields, height)
        _check_data(directories, fields, STRIP_OFFSETS, STRIP_BYTE_COUNTS, strips)
    return width, height


def _strips(directories: Directories, fields: "Fields", height: int) -> int:
    """How many strips a page has (section 4: StripsPerImage)."""
    rows = directories.number(fields, ROWS_PER_STRIP, default=height)
    if not rows:
        raise directories.reader.malformed("its strips have no rows")
    return -(-height // rows) * _planes(directories, fields)


def _tiles(directories: Directories, fields: "Fields", width: int, height: int) -> int:
    """How many tiles a page has (section 15: TilesPerImage)."""
    across = directories.number(fields, TILE_WIDTH)
    down = directories.number(fields, TILE_LENGTH)
    if not across or not down:
        raise directories.reader.malformed("its tiles have no size")
    return -(-width // across) * -(-height // down) * _planes(directories, fields)


def _planes(directories: Directories, fields: "Fields") -> int:
    if directories.number(fields, PLANAR_CONFIGURATION, default=1) != SEPARATE_PLANES:
        return 1
    return directories.number(fields, SAMPLES_PER_PIXEL, default=1)


def _check_data(directories: Directories, fields: "Fields", at_tag: int, size_tag: int, parts: int) -> None:
    """Every strip or tile that the page needs is listed, and lies inside of the body."""
    reader = directories.reader
    if at_tag not in fields or size_tag not in fields:
        raise reader.malformed("it does not say where its data is", f"tags {at_tag} and {size_tag}")
    offsets, sizes = directories.values(fields[at_tag]), directories.values(fields[size_tag])
    if len(offsets) != len(sizes) or len(offsets) < parts:
        raise reader.malformed("strips or tiles are missing", f"{len(offsets)} and {len(sizes)} of {parts}")
    end = max(map(add, offsets, sizes))
    if end > reader.end or not any(sizes):
        raise reader.truncated(f"the data ends at {end}, the body at {reader.end}")
