"""Checks the Huffman tables and the scan headers of a JPEG, and tells in which scans a run of zero bytes is a hole.

The code of zero bits stands for the first value of a Huffman table (ITU-T T.81, annex C). If that value means "nothing
more in this block", a blank part of a picture is a run of zeros: of 18,522 bytes in a black photo, of a million in a
black picture of 280 megapixels. Such scans are not searched. Nor are refinement scans, which hold raw bits, lossless
and arithmetic scans. In all other scans of 1,319 whole files, no run was longer than 7 bytes.
"""

from typing import TYPE_CHECKING

from intake.image.jpeg_segments import DHT, SOF, SOS, read_segments
from intake.image.zero_runs import check_zero_runs

if TYPE_CHECKING:
    from intake.image.byte_reader import Reader

HOLE_BYTES = 256
SEQUENTIAL = frozenset((0xC0, 0xC1))
PROGRESSIVE = 0xC2

AC = 0x10
"""This bit of the first byte of a table says that it is for AC coefficients; the last two bits number it (B.2.4.2)."""
TABLE_HEADER_BYTES = 17  # class and number, then how many codes there are of each length
MAX_VALUES = 256
MAX_DC_VALUE = 16
LOW_BITS = 0x0F
ZERO_RUN = 0xF0  # sixteen zero coefficients, after which the block goes on (F.1.2.2.1)
MAX_COEFFICIENT, MAX_LOW_BIT = 63, 13


def check_scans(reader: "Reader", *, needs_eoi: bool, tables: dict[int, bool] | None = None) -> None:
    """Refuse a JPEG inside of another format, if one of its scans has a hole.

    Args:
        reader: a reader of the JPEG, after SOI.
        needs_eoi: see `read_segments`.
        tables: tables outside of the JPEG, see `read_tables`.

    Raises:
        CorruptImage: a scan has a hole.
        InvalidImage: the JPEG is truncated or malformed.
    """
    known = dict(tables or {})
    frame = 0
    for marker, start, end in read_segments(reader, needs_eoi=needs_eoi):
        if marker in SOF:
            frame = marker
        elif marker == DHT:
            add_tables(reader, start, end, known)
        elif marker == SOS and check_scan(reader, frame, start, end, known):
            check_zero_runs(reader.view, reader.format_name, end, reader.position, HOLE_BYTES)


def read_tables(reader: "Reader") -> dict[int, bool]:
    """Return what `add_tables` finds in all segments of a JPEG."""
    tables: dict[int, bool] = {}
    for marker, start, end in read_segments(reader):
        if marker == DHT:
            add_tables(reader, start, end, tables)
    return tables


def add_tables(reader: "Reader", start: int, end: int, tables: dict[int, bool]) -> None:
    """Read the tables of a DHT segment (B.2.4.2).

    Args:
        reader: the reader of the JPEG.
        start: the position of the content of the segment.
        end: its end.
        tables: by class and number of a table, whether zero bits stand for something else than a blank part.

    Raises:
        InvalidImage: a table does not fit the segment, or has values that no table has.
    """
    content, size = reader.view[start:end].tobytes(), end - start
    reader.count_parts(size // TABLE_HEADER_BYTES)
    at = 0
    while at < size:
        kind, values_at = content[at], at + TABLE_HEADER_BYTES
        number = sum(content[at + 1 : values_at])
        at = values_at + number
        if at > size or kind & ~(AC | 3) or number > MAX_VALUES:
            raise reader.malformed("a Huffman table is invalid", f"near {start + values_at}")
        if kind < AC and number and max(content[values_at:at]) > MAX_DC_VALUE:
            raise reader.malformed("a Huffman table has an impossible value", f"near {start + values_at}")
        first = content[values_at] if number else 0
        tables[kind] = first & LOW_BITS != 0 or first == ZERO_RUN


def check_scan(reader: "Reader", frame: int, start: int, end: int, tables: dict[int, bool]) -> bool:
    """Check the header of a scan (B.2.3).

    Tables that are missing are no fault: decoders use the standard ones, as for the frames of Motion JPEG.

    Args:
        reader: the reader of the JPEG.
        frame: the marker of the frame header, or 0 if there was none yet.
        start: the position of the content of the segment.
        end: its end.
        tables: see `add_tables`.

    Returns:
        Whether a run of zero bytes in this scan is a hole.

    Raises:
        InvalidImage: the header is out of place or malformed.
    """
    if not frame:
        raise reader.malformed("a scan comes before the frame header")
    header = reader.view[start:end].tobytes()
    if not header or not header[0] or end - start != 2 * header[0] + 4:
        raise reader.malformed("a scan header has the wrong length for its components")
    first, last, approximation = header[-3:]
    if frame == PROGRESSIVE:
        _check_progressive(reader, first, last, approximation)
        if approximation > LOW_BITS:  # a refinement
            return False
        if not first:
            return True in [tables.get(table >> 4) for table in header[2:-3:2]]
    elif frame not in SEQUENTIAL:
        return False
    return True in [tables.get(table & LOW_BITS | AC) for table in header[2:-3:2]]


def _check_progressive(reader: "Reader", first: int, last: int, approximation: int) -> None:
    """Check which coefficients and which of their bits a progressive scan has (G.1.1.1)."""
    previous_low_bit, low_bit = approximation >> 4, approximation & LOW_BITS
    is_band = first <= last <= MAX_COEFFICIENT
    if not is_band or low_bit > MAX_LOW_BIT or (previous_low_bit and low_bit != previous_low_bit - 1):
        raise reader.malformed("a scan has impossible parameters", f"{first} to {last}, bits {approximation:02X}")
