"""JPEG: marker segments from SOI to EOI (ITU-T T.81, annex B).

Every kind of frame passes (baseline, progressive, lossless, arithmetic), one frame an image. Whatever follows
EOI is trailing: a multi-picture file counts as its first picture. A height that is left to a DNL segment is
refused; no decoder in use reads it.
"""

import re
from struct import Struct
from typing import TYPE_CHECKING

from intake.image.reader import Reader
from intake.image.size_limits import check_size
from intake.model.image_info import ImageInfo

if TYPE_CHECKING:
    from intake.model.limits import Limits

SOI, EOI, SOS = 0xD8, 0xD9, 0xDA
SOF = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # less DHT, JPG and DAC
STANDALONE = frozenset((0x01, *range(0xD0, 0xD8)))  # TEM and RST0 to RST7 carry no length (table B.1)
SEGMENT = frozenset(range(0xC0, 0xFF)) - STANDALONE - {SOI, EOI}

LENGTH = Struct(">H")
FRAME_HEADER = Struct(">BHHB")  # precision, lines, samples per line, components (B.2.2)

MARKER = re.compile(rb"\xff++([\x01-\xfe])")
"""Where a marker must stand: any number of fill bytes may come before it (B.1.1.2)."""

SCAN_END = re.compile(rb"\xff[\x02-\xcf\xd8-\xfe]")
"""The end of entropy-coded data: not a stuffed zero, not a restart (B.1.1.5).

A loop of `find` takes 30 us for an honest 150 KB where this takes 45, but 0.9 s for 20 MiB of stuffed zeros where this
takes 0.1, and a memoryview has no `find`.
"""


def parse(view: memoryview, limits: "Limits") -> ImageInfo:
    reader = Reader(view, "JPEG", "its EOI marker")
    reader.skip(2)
    size: tuple[int, int] | None = None
    scans = 0
    while (marker := _marker(reader)) != EOI:
        if marker in STANDALONE:
            continue
        length = _length(reader, marker)
        if marker in SOF:
            if size:
                raise reader.malformed("it has two frame headers")
            size = _frame_header(reader.part(length, b"SOF"), limits)
        elif marker == SOS:
            if not size:
                raise reader.malformed("a scan comes before the frame header")
            _scan(reader, reader.part(length, b"SOS"))
            scans += 1
        else:
            reader.skip(length)
    if not size or not scans:
        raise reader.malformed("it has no image data")
    return ImageInfo("jpeg", *size, frames=1)


def _marker(reader: Reader) -> int:
    reader.step()
    found = MARKER.match(reader.view, reader.at)
    if found:
        reader.at = found.end()
        return reader.view[reader.at - 1]
    if reader.left and reader.view[reader.at] != 0xFF:  # noqa: PLR2004 - the byte every marker begins with
        raise reader.malformed("there is no marker where one must be")
    raise reader.truncated(f"no marker at {reader.at}")


def _length(reader: Reader, marker: int) -> int:
    """How many bytes of a segment come after its length, which counts itself."""
    if marker not in SEGMENT:
        raise reader.malformed("a marker stands where it cannot be", f"marker {marker:02X} before {reader.at}")
    length: int = reader.take(LENGTH)[0]
    if length < LENGTH.size:
        raise reader.malformed("a segment has an impossible length", f"{marker:02X} at {reader.at}: {length}")
    return length - LENGTH.size


def _frame_header(segment: Reader, limits: "Limits") -> tuple[int, int]:
    _, height, width, components = segment.take(FRAME_HEADER)
    if not components or segment.left != 3 * components:
        raise segment.malformed("its frame header does not add up")
    check_size("JPEG", width, height, limits)
    return width, height


def _scan(reader: Reader, header: Reader) -> None:
    """Go past one scan: its header (B.2.3), then entropy-coded data up to the next marker."""
    components = header.byte()
    if not components or header.left != 2 * components + 3:
        raise header.malformed("a scan header does not add up")
    found = SCAN_END.search(reader.view, reader.at)
    if not found:
        raise reader.truncated(f"the scan at {reader.at} has no end")
    if found.start() == reader.at:
        raise reader.malformed("a scan is empty")
    reader.at = found.start()
