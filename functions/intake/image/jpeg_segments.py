"""The marker segments of a JPEG, from SOI to EOI (ITU-T T.81, annex B)."""

import re
from struct import Struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from intake.image.byte_reader import Reader

SOI, EOI, SOS, DHT, APP1, APP2 = 0xD8, 0xD9, 0xDA, 0xC4, 0xE1, 0xE2
SOF = frozenset(range(0xC0, 0xD0)) - {DHT, 0xC8, 0xCC}  # without JPG and DAC
STANDALONE = frozenset((0x01, *range(0xD0, 0xD8)))  # TEM and RST0 to RST7 carry no length (table B.1)
SEGMENT = frozenset(range(0xC0, 0xFF)) - STANDALONE - {SOI, EOI}

SCAN_PARTS = 10
"""A scan counts as ten parts more, because of the checks that it takes. Real files have at most some dozens."""

LENGTH = Struct(">H")

MARKER = re.compile(rb"\xff[\x01-\xfe]")
"""A marker. Fill bytes before it (B.1.1.2) and bytes that are no marker are skipped, as libjpeg does.

The pattern has no repetition, so that a long run of fill bytes is searched once.
"""

SCAN_END = re.compile(rb"\xff[\x02-\xcf\xd8-\xfe]")
"""The end of entropy-coded data: a marker that is neither a stuffed zero nor a restart (B.1.1.5).

A loop of `find` would be faster on real scans (30 us for 150 KB, where this takes 45), but slower on 20 MiB of stuffed
zeros (0.9 s, where this takes 0.1), and a memoryview has no `find`.
"""


def read_segments(
    reader: "Reader", *, needs_eoi: bool = True, scan_end: re.Pattern[bytes] = SCAN_END
) -> "Iterator[tuple[int, int, int]]":
    """Yield the marker of every segment up to EOI, and the positions of its content.

    When the header of a scan (SOS) is yielded, the reader is at the end of the data of that scan. The loop
    makes few calls, because it runs for every segment of every JPEG.

    Args:
        reader: a reader of the JPEG, after SOI.
        needs_eoi: whether the last scan must end with a marker. Without, it may end with the reader.
        scan_end: the marker that ends a scan.

    Raises:
        InvalidImage: truncated or malformed.
    """
    view = reader.view
    while needs_eoi or reader.remaining:
        reader.count_parts()
        match = MARKER.search(view, reader.position, reader.end)
        if not match:
            raise reader.truncated(f"no marker from {reader.position}")
        reader.position = match.end()
        marker = view[reader.position - 1]
        if marker == EOI:
            return
        if marker in STANDALONE:
            continue
        start = reader.position + LENGTH.size
        _skip_segment(reader, marker)
        end = reader.position
        if marker == SOS:
            _skip_scan(reader, scan_end, needs_eoi=needs_eoi)
        yield marker, start, end


def _skip_segment(reader: "Reader", marker: int) -> None:
    """Skip the length field of a segment and its content. The field counts its own bytes too."""
    start = reader.position
    if marker not in SEGMENT:
        raise reader.malformed("a marker is out of place", f"marker {marker:02X} before {start}")
    length: int = reader.unpack(LENGTH)[0]
    if length < LENGTH.size:
        raise reader.malformed("a segment has an impossible length", f"{marker:02X} at {start}: {length}")
    if start + length > reader.end:
        raise reader.truncated(f"the segment at {start} announces {length} bytes, the end is at {reader.end}")
    reader.position = start + length


def _skip_scan(reader: "Reader", scan_end: re.Pattern[bytes], *, needs_eoi: bool) -> None:
    """Search for the marker that ends the entropy-coded data."""
    reader.count_parts(SCAN_PARTS)
    match = scan_end.search(reader.view, reader.position, reader.end)
    if not match and needs_eoi:
        raise reader.truncated(f"the scan at {reader.position} has no end")
    end = match.start() if match else reader.end
    if end == reader.position:
        raise reader.malformed("a scan is empty")
    reader.position = end
