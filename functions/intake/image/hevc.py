"""HEVC data in the items and tracks of a HEIC: NAL units, each after its length (ISO/IEC 14496-15, 8.3).

The lengths must lead from the first byte of an item to its last. Inside a unit, no three zero bytes follow each other
(ITU-T H.265, 7.4.2.1: emulation prevention), so a hole is visible. The units are not decoded.
"""

from struct import Struct
from typing import TYPE_CHECKING

from intake.image.compressed_data import ZEROS, HoleSearch
from intake.image.joined_extents import JoinedExtents

if TYPE_CHECKING:
    from intake.image.byte_reader import Reader
    from intake.image.heif_codec import CodedData, Extent

CONFIGURATION = Struct(">B20xBB")  # version, bits with the bytes of a length, arrays (ISO/IEC 14496-15, 8.3.3.1)
ARRAY = Struct(">BH")  # type and number of its units
VERSION, LENGTH_BITS, LENGTH_SIZES = 1, 3, (1, 2, 4)
FORBIDDEN_BIT = 0x80
FIRST_NOT_PICTURE = 32
"""Units of lower types have the data of a picture (H.265, table 7-1)."""
UNIT_HEADER_BYTES = 2
HOLE_BYTES = 16
"""Far more zeros in a row than the two that the standard allows: muxers may pad a unit with a few."""


def check_data(reader: "Reader", coded: "list[CodedData]") -> None:
    """Check the units of every item and chunk.

    Raises:
        CorruptImage: an item or a chunk has a hole.
        InvalidImage: the lengths do not fit, or there is no picture.
    """
    holes = HoleSearch(reader)
    length_sizes: dict[int, int] = {}
    for data in coded:
        for extent in data.extents:
            holes.check_runs(*extent, (ZEROS,), HOLE_BYTES)
        configuration = data.configuration
        if not configuration:
            raise reader.malformed("a track has no HEVC configuration")
        at = configuration.end
        if at not in length_sizes:
            length_sizes[at] = _parse_configuration(configuration)
        _check_units(reader, data.extents, length_sizes[at])


def _parse_configuration(configuration: "Reader") -> int:
    """Check the arrays of parameter sets; return how many bytes the length of a unit has: 1, 2 or 4."""
    version, bits, arrays = configuration.unpack(CONFIGURATION)
    size: int = (bits & LENGTH_BITS) + 1
    if version != VERSION or size not in LENGTH_SIZES:
        raise configuration.malformed("its HEVC configuration is not known")
    for _ in range(arrays):
        _, units = configuration.unpack(ARRAY)
        configuration.count_parts(units)
        for _ in range(units):
            configuration.skip(configuration.read_number(2))
    return size


def _check_units(reader: "Reader", extents: "list[Extent]", length_size: int) -> None:
    """Follow the lengths of the units from the first byte to the last."""
    data = JoinedExtents(reader.view, extents)
    at, has_picture = 0, False
    while at < data.size:
        reader.count_parts()
        length = int.from_bytes(data.read(at, length_size))
        start = at + length_size
        at = start + length
        if length < UNIT_HEADER_BYTES or at > data.size:
            raise reader.malformed("a length in its HEVC data does not fit", f"{length} at {start} of {data.size}")
        (header,) = data.read(start, 1)
        if header & FORBIDDEN_BIT:
            raise reader.malformed("its HEVC data has a unit of no known kind", f"{header:02X} at {start}")
        has_picture |= header >> 1 < FIRST_NOT_PICTURE
    if not has_picture:
        raise reader.malformed("an item or a track has no picture")
