"""Finds holes in the scans of a JPEG: runs of zero bytes that no Huffman table of the scan makes of a blank picture.

The code of zero bits stands for the first value of a Huffman table (ITU-T T.81, annex C). If that value means "nothing
more in this block", a blank part of a picture is a run of zeros, of up to 18,522 bytes in a black photo. Such scans are
not searched. In all other scans of 3,900 whole files, no run was longer than 31 bytes. Refinement scans hold raw bits,
lossless and arithmetic scans have no such tables; they are not searched either.
"""

from typing import TYPE_CHECKING

from intake.image.jpeg_segments import DHT, SOF, SOS, read_segments
from intake.image.zero_runs import check_zero_runs

if TYPE_CHECKING:
    from intake.image.byte_reader import Reader

HOLE_BYTES = 256
BASELINE, EXTENDED, PROGRESSIVE = 0xC0, 0xC1, 0xC2
AC_TABLE = 0x10
ZERO_RUN = 0xF0  # sixteen zero coefficients, after which the block goes on (F.1.2.2.1)
COUNTS = 16  # DHT: how many codes there are of each length


def check_scans(reader: "Reader", *, needs_eoi: bool, tables: dict[int, int] | None = None) -> None:
    """Refuse a JPEG with a hole in one of its scans. It has been parsed without a fault before.

    Args:
        reader: a reader of the JPEG, after SOI.
        needs_eoi: see `read_segments`.
        tables: the first values of tables outside of the JPEG, see `read_tables`.

    Raises:
        CorruptImage: a scan has a hole.
        InvalidImage: there are more Huffman tables than in any real file.
    """
    first_values = dict(tables or {})
    frame = 0
    for marker, start, end in read_segments(reader, needs_eoi=needs_eoi):
        content = bytes(reader.view[start:end])
        if marker in SOF:
            frame = marker
        elif marker == DHT:
            _read_first_values(reader, content, first_values)
        elif marker == SOS and not _may_have_zeros(frame, content, first_values):
            check_zero_runs(reader.view, reader.format_name, end, reader.position, HOLE_BYTES)


def read_tables(reader: "Reader") -> dict[int, int]:
    """Return the first value of each Huffman table of a JPEG, by class and number, as one byte."""
    first_values: dict[int, int] = {}
    for marker, start, end in read_segments(reader):
        if marker == DHT:
            _read_first_values(reader, bytes(reader.view[start:end]), first_values)
    return first_values


def _read_first_values(reader: "Reader", content: bytes, first_values: dict[int, int]) -> None:
    """Read the first value of each table in a DHT segment (B.2.4.2)."""
    at = 0
    while at + 1 + COUNTS < len(content):
        reader.count_parts()
        values = at + 1 + COUNTS
        number_of_values = sum(content[at + 1 : values])
        if number_of_values:
            first_values[content[at]] = content[values]
        at = values + number_of_values


def _may_have_zeros(frame: int, header: bytes, first_values: dict[int, int]) -> bool:
    """Whether zero bits may be a blank part of the picture, according to the header of a scan (B.2.3)."""
    spectral_start, _, approximation = header[-3:]
    tables = header[2:-3:2]  # of each component: DC and AC, four bits each
    dc_values = [first_values.get(table >> 4, 0) for table in tables]
    ac_values = [first_values.get(AC_TABLE | table & 0x0F, 0) for table in tables]
    if frame in (BASELINE, EXTENDED):
        return not any(ac_values)
    if frame != PROGRESSIVE or approximation >> 4:
        return True
    if spectral_start == 0:
        return not any(dc_values)
    return not any(value & 0x0F or value == ZERO_RUN for value in ac_values)
