"""JPEG: marker segments from SOI to EOI (ITU-T T.81, annex B).

Every kind of frame is accepted (baseline, progressive, lossless, arithmetic), but only one frame in an image. The size
is that of the first picture, if there are several. An image whose height is in a DNL segment is refused; no decoder in
use accepts it.
"""

from struct import Struct
from typing import TYPE_CHECKING

from intake.image.byte_reader import Reader
from intake.image.jpeg_pictures import INDEX_NAMES, find_end, is_index
from intake.image.jpeg_scans import HOLE_BYTES, check_scans
from intake.image.jpeg_segments import SOF, SOS, read_segments
from intake.image.pixel_limits import ImageSize, check_size
from intake.image.samsung_trailer import find_trailer
from intake.image.zero_runs import find_zero_run
from intake.model.error_codes import InvalidImage
from intake.model.image_info import ImageWarning

if TYPE_CHECKING:
    from intake.model.limits import Limits

SOI_BYTES = 2
FRAME_HEADER = Struct(">BHHB")  # precision, lines, samples per line, components (B.2.2)


def parse(view: memoryview, limits: "Limits") -> ImageSize:
    try:
        return _parse(_open(view), limits, needs_eoi=True)
    except InvalidImage:
        trailer = find_trailer(view)
        if not trailer:
            raise
    return _parse(_open(view, trailer), limits, needs_eoi=False)


def _open(view: memoryview, end: int | None = None) -> Reader:
    """Return a reader after SOI, of a JPEG that ends at the given position or earlier."""
    reader = Reader(view, "JPEG", "its EOI marker")
    reader.skip(SOI_BYTES)
    reader.end = end or reader.end
    return reader


def _parse(reader: Reader, limits: "Limits", *, needs_eoi: bool) -> ImageSize:
    size: tuple[int, int] | None = None
    first_scan = 0
    indexes: dict[int, tuple[int, int]] = {}
    for marker, start, end in read_segments(reader, needs_eoi=needs_eoi):
        if marker == SOS:
            if not size:
                raise reader.malformed("a scan comes before the frame header")
            _check_scan_header(reader, start, end)
            first_scan = first_scan or end
        elif marker in SOF:
            if size:
                raise reader.malformed("it has two frame headers")
            size = _parse_frame_header(reader, start, end, limits)
        elif marker in INDEX_NAMES and is_index(reader.view, marker, start):
            indexes.setdefault(marker, (start, end))
    if not size or not first_scan:
        raise reader.malformed("it has no image data")
    if find_zero_run(reader.view, first_scan, reader.position, HOLE_BYTES) is not None:
        check_scans(_open(reader.view, reader.end), needs_eoi=needs_eoi)
    if not indexes:
        return ImageSize(*size, frames=1, end=reader.position)
    last_end, is_missing = find_end(reader, indexes)
    return ImageSize(*size, 1, last_end, (ImageWarning.MISSING_PICTURES,) if is_missing else ())


def _parse_frame_header(reader: Reader, start: int, end: int, limits: "Limits") -> tuple[int, int]:
    if end - start < FRAME_HEADER.size:
        raise reader.malformed("its frame header is too short")
    _, height, width, components = FRAME_HEADER.unpack_from(reader.view, start)
    if not components or end - start != FRAME_HEADER.size + 3 * components:
        raise reader.malformed("its frame header has the wrong length for its components")
    check_size("JPEG", width, height, limits)
    return width, height


def _check_scan_header(reader: Reader, start: int, end: int) -> None:
    """Check that the header of a scan has the length for its components (B.2.3)."""
    components = reader.view[start] if start < end else 0
    if not components or end - start != 2 * components + 4:
        raise reader.malformed("a scan header has the wrong length for its components")
