"""JPEG-LS: marker segments from SOI to EOI (ITU-T T.87, annex C).

A file is complete if every component of its frame is in a scan. The size may be in an LSE segment, if it is larger than
65,535, or in a DNL segment.
"""

import re
from struct import Struct
from typing import TYPE_CHECKING

from intake.image.byte_reader import Reader
from intake.image.jpeg_segments import SOF, SOS, read_segments
from intake.image.pixel_limits import ImageSize, check_size
from intake.image.unsupported_types import create_unsupported_type
from intake.image.zero_runs import check_zero_runs

if TYPE_CHECKING:
    from intake.model.limits import Limits

NAME = "jls"
SOI_BYTES = 2
FRAME, LSE, DNL = 0xF7, 0xF8, 0xDC
FRAME_HEADER = Struct(">BHHB")  # precision, lines, samples per line, components (T.81, B.2.2)
COMPONENT_BYTES = 3
PRECISIONS = range(2, 17)
LINES = Struct(">H")
SIZE_OF_LSE, SIZE_FIELDS = 4, (2, 3, 4)  # an LSE segment with the size, and bytes of a side in it (C.2.4.1.4)
INTERLEAVE_MODES = range(3)

SCAN_END = re.compile(rb"\xff[\x80-\xcf\xd8-\xfe]")
"""The end of a scan: a marker other than a restart marker. In the data, a zero bit follows each byte FF (A.1)."""

HOLE_BYTES = 64
"""A run of this many zeros is a hole. At 16 bits, a code has at most 64 zero bits before its first one (A.5.3)."""


class _Frame:
    """What the segments of a frame say.

    Attributes:
        size: width and height; None before the frame header. A side is 0 until another segment says it.
        components: the identifiers of the components.
        decoded: those of them that scans have.
    """

    def __init__(self, reader: Reader, limits: "Limits") -> None:
        self.size: tuple[int, int] | None = None
        self.components = b""
        self.decoded: set[int] = set()
        self._reader = reader
        self._limits = limits

    def read(self, marker: int, start: int, end: int) -> None:
        """Read the content of a segment between two positions."""
        content = bytes(self._reader.view[start:end])
        if marker == FRAME:
            self._read_header(content)
        elif marker in SOF:
            raise create_unsupported_type("a JPEG image", self._limits.image_types, f"marker {marker:02X}")
        elif marker == SOS:
            self._read_scan_header(content)
        elif self.size and marker == LSE and content[:1] == bytes((SIZE_OF_LSE,)):
            self._read_large_size(content)
        elif self.size and marker == DNL and len(content) == LINES.size and not self.size[1]:
            self.size = self.size[0], LINES.unpack(content)[0]

    def _read_header(self, content: bytes) -> None:
        if self.size:
            raise self._reader.malformed("it has two frame headers")
        if len(content) < FRAME_HEADER.size:
            raise self._reader.malformed("its frame header is too short")
        precision, height, width, number = FRAME_HEADER.unpack_from(content)
        self.components = content[FRAME_HEADER.size :: COMPONENT_BYTES]
        if not number or len(content) != FRAME_HEADER.size + COMPONENT_BYTES * number:
            raise self._reader.malformed("its frame header has the wrong length for its components")
        if precision not in PRECISIONS:
            raise self._reader.malformed("its frame header has an impossible precision", str(precision))
        self.size = width, height

    def _read_large_size(self, content: bytes) -> None:
        """Read the size from an LSE segment: the bytes of a side, the height, the width."""
        side = content[1] if len(content) > 1 else 0
        if side not in SIZE_FIELDS or len(content) != 2 + 2 * side:
            raise self._reader.malformed("a segment with its size has the wrong length")
        self.size = int.from_bytes(content[2 + side :]), int.from_bytes(content[2 : 2 + side])

    def _read_scan_header(self, content: bytes) -> None:
        """Read which components a scan has (C.2.3)."""
        if not self.size:
            raise self._reader.malformed("a scan comes before the frame header")
        if not content or not content[0] or len(content) != 2 * content[0] + 4:
            raise self._reader.malformed("a scan header has the wrong length for its components")
        components = content[1:-3:2]
        if not set(components) <= set(self.components) or content[-2] not in INTERLEAVE_MODES:
            raise self._reader.malformed("a scan header has an impossible value", content.hex())
        self.decoded.update(components)


def parse(view: memoryview, limits: "Limits") -> ImageSize:
    reader = Reader(view, "JPEG-LS", "its EOI marker")
    reader.skip(SOI_BYTES)
    frame = _Frame(reader, limits)
    for marker, start, end in read_segments(reader, scan_end=SCAN_END):
        frame.read(marker, start, end)
        if marker == SOS:
            check_zero_runs(view, "JPEG-LS", end, reader.position, HOLE_BYTES)
    if not frame.size or not frame.decoded.issuperset(frame.components):
        raise reader.malformed("it has no image data" if not frame.decoded else "a component has no scan")
    check_size("JPEG-LS", *frame.size, limits)
    return ImageSize(*frame.size, frames=1, end=reader.position)
