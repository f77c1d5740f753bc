"""Decodes JPEG with libjpeg-turbo (simplejpeg), which reports missing and left-over entropy-coded data."""

import re
from typing import TYPE_CHECKING

import simplejpeg

from intake.decode.verdict import Verdict
from intake.image.byte_reader import Reader
from intake.image.jpeg_scans import PROGRESSIVE
from intake.image.jpeg_segments import SOF, SOS, read_segments
from intake.image.samsung_trailer import find_trailer

if TYPE_CHECKING:
    from collections.abc import Collection

DAMAGED = ("premature end of data segment", "bad Huffman code", "Unsupported marker type")
"""Parts of the messages for damaged data of a scan. Whole files of cameras cause all other messages: a malformed ICC
profile, bytes between segments, a kind of JPEG that it does not read."""

LEFT_OVER = re.compile(r"(\d+) extraneous bytes before marker 0x([0-9a-f]{2})")
MIN_BYTES_LEFT = 8
"""Cameras pad their scans with fewer bytes."""
EOI = b"\xff\xd9"
RESTART_AND_END = frozenset((*range(0xD0, 0xD8), 0xD9))
NEXT_SCAN = frozenset((0xC4, 0xDA))
"""The markers that follow a scan of a progressive JPEG: Huffman tables, and the next scan."""
SEGMENT_HEADER_BYTES = 4
"""A marker and the length of its segment."""


def decode(body: memoryview, image_type: str, max_pixels: int) -> tuple[Verdict, str]:
    """Decode the brightness of the first picture of a JPEG. See `decoders.decode`.

    The data of all components is read. Only one is turned into pixels: the others cannot fail.
    """
    del image_type
    trailer = find_trailer(body)
    if trailer:  # it may be in place of the EOI marker, which ends the image for the decoder
        body = memoryview(bytes(body[:trailer]) + EOI)
    try:
        height, width, _, _ = simplejpeg.decode_jpeg_header(body, strict=True)
        if width * height > max_pixels:
            return Verdict.UNSURE, f"libjpeg-turbo: {width} by {height} pixels"
        simplejpeg.decode_jpeg(body, "GRAY", strict=True)
    except ValueError as error:
        text = str(error)
        return Verdict.DAMAGED if _is_damage(text, body) else Verdict.UNSURE, f"libjpeg-turbo: {text}"
    return Verdict.WHOLE, ""


def _is_damage(text: str, body: memoryview) -> bool:
    found = LEFT_OVER.search(text)
    if found is None:
        return any(fault in text for fault in DAMAGED)
    return int(found[1]) >= MIN_BYTES_LEFT and int(found[2], 16) in _markers_after_scans(body)


def _markers_after_scans(body: memoryview) -> "Collection[int]":
    """Return the markers that only follow a scan. Bytes between the segments before the first scan are harmless."""
    reader = Reader(body, "JPEG", "")
    reader.skip(2)
    frame, position, is_gapless = 0, reader.position, True
    for marker, start, end in read_segments(reader):
        is_gapless = is_gapless and start - SEGMENT_HEADER_BYTES - position < MIN_BYTES_LEFT
        if marker == SOS:
            break
        frame, position = marker if marker in SOF else frame, end
    return RESTART_AND_END | NEXT_SCAN if frame == PROGRESSIVE and is_gapless else RESTART_AND_END
