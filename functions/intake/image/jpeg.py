"""JPEG: marker segments from SOI to EOI (ITU-T T.81, annex B).

Every kind of frame is accepted (baseline, progressive, lossless, arithmetic), but only one frame in an image. The size
is that of the first picture, if there are several. An image whose height is in a DNL segment is refused; no decoder in
use accepts it.
"""

from struct import Struct
from typing import TYPE_CHECKING

from intake.image.byte_reader import Reader
from intake.image.jpeg_multi_picture import INDEX_NAMES, find_end, is_index
from intake.image.jpeg_scans import HOLE_BYTES, add_tables, check_scan
from intake.image.jpeg_segments import DHT, SOF, SOS, read_segments
from intake.image.pixel_limits import ImageSize, check_size
from intake.image.samsung_trailer import find_trailer
from intake.image.unsupported_types import create_unsupported_type
from intake.image.zero_runs import check_zero_runs, find_zero_run
from intake.model.error_codes import InvalidImage
from intake.model.image_info import ImageWarning

if TYPE_CHECKING:
    from intake.model.limits import Limits

SOI_BYTES = 2
JPEG_LS = 0xF7  # the frame header of JPEG-LS (ITU-T T.87, C.1)
FRAME_HEADER = Struct(">BHHB")  # precision, lines, samples per line, components (B.2.2)
SAMPLING_FACTORS = frozenset(16 * horizontal + vertical for horizontal in range(1, 5) for vertical in range(1, 5))


def parse(view: memoryview, limits: "Limits") -> ImageSize:
    reader = Reader(view, "JPEG", "its EOI marker")
    try:
        return _parse(reader, limits, needs_eoi=True)
    except InvalidImage:
        trailer = find_trailer(view)
        if not trailer:
            raise
    reader = Reader(view, "JPEG", "its EOI marker")
    reader.end = trailer
    return _parse(reader, limits, needs_eoi=False)


def _parse(reader: Reader, limits: "Limits", *, needs_eoi: bool) -> ImageSize:
    reader.skip(SOI_BYTES)
    size: tuple[int, int] | None = None
    frame = 0
    tables: dict[int, bool] = {}
    has_scan = False
    searched: list[tuple[int, int]] = []
    indexes: dict[int, tuple[int, int]] = {}
    for marker, start, end in read_segments(reader, needs_eoi=needs_eoi):
        if marker == DHT:
            add_tables(reader, start, end, tables)
        elif marker == SOS:
            has_scan = True
            if check_scan(reader, frame, start, end, tables):
                searched.append((end, reader.position))
        elif marker in SOF:
            size, frame = _parse_frame_header(reader, frame, start, end, limits), marker
        elif marker == JPEG_LS and not frame:
            return _parse_jpeg_ls(reader, limits)
        elif marker in INDEX_NAMES and is_index(reader.view, marker, start):
            indexes.setdefault(marker, (start, end))
    if not size or not has_scan:
        raise reader.malformed("it has no image data")
    _check_holes(reader, searched)
    if not indexes:
        return ImageSize(*size, frames=1, end=reader.position)
    last_end, is_missing = find_end(reader, indexes)
    return ImageSize(*size, 1, last_end, (ImageWarning.MISSING_PICTURES,) if is_missing else ())


def _check_holes(reader: Reader, scans: list[tuple[int, int]]) -> None:
    """Refuse a JPEG with a hole in one of these scans. All of them are searched at once first: few have zeros."""
    if scans and find_zero_run(reader.view, scans[0][0], reader.position, HOLE_BYTES) is not None:
        for start, end in scans:
            check_zero_runs(reader.view, "JPEG", start, end, HOLE_BYTES)


def _parse_jpeg_ls(reader: Reader, limits: "Limits") -> ImageSize:
    """Parse an image that began like a JPEG.

    Raises:
        UnsupportedType: this deployment does not accept JPEG-LS.
    """
    from intake.image import jls  # noqa: PLC0415 - few deployments accept it

    if jls.NAME not in limits.image_types:
        raise create_unsupported_type("a JPEG-LS image", limits.image_types, f"marker before {reader.position}")
    return jls.parse(reader.view, limits)._replace(format_name=jls.NAME)


def _parse_frame_header(reader: Reader, before: int, start: int, end: int, limits: "Limits") -> tuple[int, int]:
    """Return width and height. `before` is the marker of an earlier frame header, 0 if there is none."""
    if before:
        raise reader.malformed("it has two frame headers")
    if end - start < FRAME_HEADER.size:
        raise reader.malformed("its frame header is too short")
    _, height, width, components = FRAME_HEADER.unpack_from(reader.view, start)
    if not components or end - start != FRAME_HEADER.size + 3 * components:
        raise reader.malformed("its frame header has the wrong length for its components")
    if not SAMPLING_FACTORS.issuperset(reader.view[start + FRAME_HEADER.size + 1 : end : 3]):
        raise reader.malformed("its frame header has an impossible sampling factor")
    check_size("JPEG", width, height, limits)
    return width, height
