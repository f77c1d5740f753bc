"""JPEG: marker segments from SOI to EOI (ITU-T T.81, annex B).

Every kind of frame is accepted (baseline, progressive, lossless, arithmetic), but only one frame in an image. Bytes
after EOI are ignored: only the first picture of a multi-picture file counts. An image whose height is in a DNL segment
is refused; no decoder in use accepts it.
"""

import re
from struct import Struct
from typing import TYPE_CHECKING

from intake.image.byte_reader import Reader
from intake.image.pixel_limits import ImageSize, check_size

if TYPE_CHECKING:
    from intake.model.limits import Limits

SOI, EOI, SOS = 0xD8, 0xD9, 0xDA
SOF = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # without DHT, JPG and DAC
STANDALONE = frozenset((0x01, *range(0xD0, 0xD8)))  # TEM and RST0 to RST7 carry no length (table B.1)
SEGMENT = frozenset(range(0xC0, 0xFF)) - STANDALONE - {SOI, EOI}

LENGTH = Struct(">H")
FRAME_HEADER = Struct(">BHHB")  # precision, lines, samples per line, components (B.2.2)

MARKER = re.compile(rb"\xff++([\x01-\xfe])")
"""A marker with any number of fill bytes before it (B.1.1.2)."""

SCAN_END = re.compile(rb"\xff[\x02-\xcf\xd8-\xfe]")
"""The end of entropy-coded data: a marker that is neither a stuffed zero nor a restart (B.1.1.5).

A loop of `find` would be faster on real scans (30 us for 150 KB, where this takes 45), but slower on 20 MiB of stuffed
zeros (0.9 s, where this takes 0.1), and a memoryview has no `find`.
"""


def parse(view: memoryview, limits: "Limits") -> ImageSize:
    reader = Reader(view, "JPEG", "its EOI marker")
    reader.skip(2)
    size: tuple[int, int] | None = None
    scans = 0
    while (marker := _read_marker(reader)) != EOI:
        if marker in STANDALONE:
            continue
        length = _read_length(reader, marker)
        if marker in SOF:
            if size:
                raise reader.malformed("it has two frame headers")
            size = _parse_frame_header(reader.read_part(length, b"SOF"), limits)
        elif marker == SOS:
            if not size:
                raise reader.malformed("a scan comes before the frame header")
            _skip_scan(reader, reader.read_part(length, b"SOS"))
            scans += 1
        else:
            reader.skip(length)
    if not size or not scans:
        raise reader.malformed("it has no image data")
    return ImageSize(*size, frames=1, end=reader.position)


def _read_marker(reader: Reader) -> int:
    reader.count_parts()
    match = MARKER.match(reader.view, reader.position)
    if match:
        reader.position = match.end()
        return reader.view[reader.position - 1]
    if reader.remaining and reader.view[reader.position] != 0xFF:  # noqa: PLR2004 - the byte every marker begins with
        raise reader.malformed("a marker is missing between two segments")
    raise reader.truncated(f"no marker at {reader.position}")


def _read_length(reader: Reader, marker: int) -> int:
    """Return the number of bytes after the length field of a segment; the field counts its own bytes too."""
    if marker not in SEGMENT:
        raise reader.malformed("a marker is out of place", f"marker {marker:02X} before {reader.position}")
    length: int = reader.unpack(LENGTH)[0]
    if length < LENGTH.size:
        raise reader.malformed("a segment has an impossible length", f"{marker:02X} at {reader.position}: {length}")
    return length - LENGTH.size


def _parse_frame_header(segment: Reader, limits: "Limits") -> tuple[int, int]:
    _, height, width, components = segment.unpack(FRAME_HEADER)
    if not components or segment.remaining != 3 * components:
        raise segment.malformed("its frame header has the wrong length for its components")
    check_size("JPEG", width, height, limits)
    return width, height


def _skip_scan(reader: Reader, header: Reader) -> None:
    """Skip one scan: check its header (B.2.3), then search for the marker that ends the entropy-coded data."""
    components = header.read_byte()
    if not components or header.remaining != 2 * components + 3:
        raise header.malformed("a scan header has the wrong length for its components")
    match = SCAN_END.search(reader.view, reader.position)
    if not match:
        raise reader.truncated(f"the scan at {reader.position} has no end")
    if match.start() == reader.position:
        raise reader.malformed("a scan is empty")
    reader.position = match.start()
