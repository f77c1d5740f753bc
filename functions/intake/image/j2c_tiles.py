"""The tile-parts of a JPEG 2000 codestream (ITU-T T.800, A.4.2), and its marker segments."""

import re
from operator import ge
from struct import Struct
from typing import TYPE_CHECKING

from intake.image.zero_runs import find_zero_run
from intake.model.error_codes import CorruptImage

if TYPE_CHECKING:
    from intake.image.byte_reader import Reader

COD, COC, COM = 0xFF52, 0xFF53, 0xFF64
SOT, SOD, EOC = 0xFF90, 0xFF93, 0xFFD9
WITHOUT_LENGTH = range(0xFF30, 0xFF40)
WITH_LENGTH = range(0xFF40, 0xFF90)
LENGTH = Struct(">H")
TILE_PART = Struct(">HHIBB")  # length, number of the tile, bytes of the tile-part, its number, how many the tile has
SOT_BYTES = 10
MARKER_BYTES = 2
MIN_TILE_PART = MARKER_BYTES + SOT_BYTES + MARKER_BYTES

TILE_PART_PARTS = 3
"""A tile-part counts as three parts more, because of the checks that it takes."""

FOREIGN_MARKER = re.compile(rb"\xff[\x90\x93-\xff](?<!\xff\x91\0\x04..)(?<!\xff\x91\0\x04...)", re.DOTALL)
"""A marker that cannot be in the data. Packets may begin with SOP, whose number may look like one, and have EPH."""
END = re.compile(rb"\xff\xd9")
ZEROS, ONES = 0x00, 0xFF
HOLE_BYTES = 256
"""A longer run of zeros than this and a byte for each packet is a hole; and a run of FF, which is in no file.

In 442 whole files of public test corpora, the longest run of zeros that are not empty packets has 45 bytes.
"""


def read_segment(reader: "Reader", marker: int) -> "Reader":
    """Return the content of the marker segment whose marker was read."""
    reader.count_parts()
    if marker in WITHOUT_LENGTH:
        return reader.read_part(0, b"marker")
    if marker not in WITH_LENGTH:
        raise reader.malformed("a marker is out of place", f"{marker:04X} before {reader.position}")
    (length,) = reader.unpack(LENGTH)
    if length < LENGTH.size:
        raise reader.malformed("a segment has an impossible length", f"{marker:04X} at {reader.position}")
    return reader.read_part(length - LENGTH.size, b"segment %04X" % marker)


class TileParts:
    """Reads tile-parts, and counts them."""

    def __init__(self, reader: "Reader", tiles: int, hole_bytes: int | None, *, is_clean: bool) -> None:
        """Begin at the first tile-part.

        Args:
            reader: its position is after the marker of the first tile-part.
            tiles: how many tiles there are.
            hole_bytes: how many zeros in a row are a hole; None if that is not known.
            is_clean: whether nothing in the data may look like a marker.
        """
        self._reader = reader
        self._found = [0] * tiles
        self._announced = [1] * tiles
        self._hole_bytes = hole_bytes
        self._is_clean = is_clean

    @property
    def are_complete(self) -> bool:
        """Whether each tile has as many tile-parts as it announces; some encoders announce one too few."""
        return all(map(ge, self._found, self._announced))

    def describe_missing(self) -> str:
        """Return details for the log."""
        return f"{self._found.count(0)} of {len(self._found)} tiles have none"

    def read(self) -> None:
        """Read one tile-part whose marker was read, and leave the reader after it."""
        reader = self._reader
        reader.count_parts(TILE_PART_PARTS)
        start = reader.position - MARKER_BYTES
        length, tile, size, _, announced = reader.unpack(TILE_PART)
        if length != SOT_BYTES or tile >= len(self._found) or 0 < size < MIN_TILE_PART:
            raise reader.malformed("a tile-part has an impossible header", f"tile {tile}, {size} bytes at {start}")
        self._found[tile] += 1
        self._announced[tile] = announced or self._announced[tile]
        end = start + size if size else self._find_end()
        if end > reader.end:
            raise reader.truncated(f"the tile-part at {start} announces {size} bytes, the end is at {reader.end}")
        has_style = self._skip_header()
        if reader.position > end:
            raise reader.malformed("a tile-part is shorter than its header", f"at {start}")
        self._check_data(end, None if has_style else self._hole_bytes)
        reader.position = end

    def _find_end(self) -> int:
        """Return the end of a tile-part of unknown length: it is the last one, so EOC follows."""
        reader = self._reader
        end = END.search(reader.view, reader.position, reader.end)
        if not end:
            raise reader.truncated(f"the tile-part before {reader.position} has no end")
        return end.start()

    def _skip_header(self) -> bool:
        """Skip the segments up to the data. Return whether there is a coding style among them."""
        reader = self._reader
        has_style = False
        while (marker := reader.unpack(LENGTH)[0]) != SOD:
            read_segment(reader, marker)
            has_style = has_style or marker in (COD, COC)
        return has_style

    def _check_data(self, end: int, hole_bytes: int | None) -> None:
        reader = self._reader
        marker = FOREIGN_MARKER.search(reader.view, reader.position, end) if self._is_clean else None
        if marker:
            message = "The JPEG 2000 is damaged: its compressed data has a marker in it."
            raise CorruptImage(message, reason=f"at {marker.start()}")
        for value, length in ((ZEROS, hole_bytes), (ONES, HOLE_BYTES)):
            hole = find_zero_run(reader.view, reader.position, end, length, value) if length else None
            if hole is not None:
                message = "The JPEG 2000 is damaged: its compressed data has a hole."
                raise CorruptImage(message, reason=f"{length} bytes {value:02X} at {hole}")
