"""JPEG 2000: the codestream, from SOC to EOC (ITU-T T.800, annex A).

Tile-parts announce their length. The file is complete if each tile has all its tile-parts, and EOC follows.
"""

import re
from struct import Struct
from typing import TYPE_CHECKING, NamedTuple

from intake.image.byte_reader import Reader
from intake.image.j2c_tiles import COC, COD, COM, EOC, HOLE_BYTES, SOT, TileParts, read_segment
from intake.image.pixel_limits import ImageSize, check_size
from intake.model.image_info import ImageWarning

if TYPE_CHECKING:
    from intake.model.limits import Limits

MARKER = Struct(">H")
SOC, SIZ, QCD = 0xFF4F, 0xFF51, 0xFF5C
SIZE = Struct(">2x8IH")
"""Capabilities, then x and y each of: the right lower end of the image, its offset, the size of a tile, the offset of
the first tile; the number of components (A.5.1)."""
COMPONENT_BYTES = 3  # bit depth, horizontal and vertical subsampling
MAX_COMPONENTS, MAX_TILES = 16384, 65535
MAX_DEPTH = 38
CODING_STYLE = Struct(">BBHxBBB2x")  # flags, order, layers, decomposition levels, sides of a code-block (A.6.1)
MAX_ORDER, MAX_LEVELS, MAX_CODE_BLOCK = 4, 32, 8
PRECINCTS, WIDEST = 1, 0xFF  # a flag, and the sides of a precinct as powers of 2, four bits each
OLD_ENCODER = re.compile(rb"OpenJPEG version [01]\.")


class _Size(NamedTuple):
    """What SIZ says, in the units of its reference grid.

    Attributes:
        width: of the image.
        height: of the image.
        tile_width: of a tile; it may be larger than the image.
        tile_height: the same for the other side.
        tiles: how many there are.
        components: how many there are.
    """

    width: int
    height: int
    tile_width: int
    tile_height: int
    tiles: int
    components: int


def parse(view: memoryview, limits: "Limits") -> ImageSize:
    reader = Reader(view, "JPEG 2000", "its EOC marker")
    return parse_codestream(reader, limits)


def parse_codestream(reader: Reader, limits: "Limits") -> ImageSize:
    """Parse a codestream, and leave the reader after it."""
    size, segments = _read_main_header(reader, limits)
    # A coding style of its own for a component changes how many packets there are.
    packets = _count_packets(segments[COD], size)
    hole_bytes = HOLE_BYTES + packets if COC not in segments else None
    parts = TileParts(reader, size.tiles, hole_bytes, is_clean=_is_clean(segments.get(COM)))
    marker = SOT
    while marker == SOT:
        parts.read()
        if not reader.remaining and parts.are_complete:
            return ImageSize(size.width, size.height, 1, reader.position, (ImageWarning.MISSING_TRAILER,))
        (marker,) = reader.unpack(MARKER)
    if marker != EOC:
        raise reader.malformed("a tile-part does not end where it should", f"{marker:04X} before {reader.position}")
    if not parts.are_complete:
        raise reader.malformed("tile-parts are missing", parts.describe_missing())
    return ImageSize(size.width, size.height, 1, reader.position)


def _read_main_header(reader: Reader, limits: "Limits") -> tuple[_Size, dict[int, Reader]]:
    """Read the segments up to the first tile-part, and its marker; return the size, and the segments by marker."""
    if reader.unpack(MARKER) + reader.unpack(MARKER) != (SOC, SIZ):
        raise reader.malformed("it does not begin with its header")
    size = _read_size(read_segment(reader, SIZ), limits)
    segments: dict[int, Reader] = {}
    while (marker := reader.unpack(MARKER)[0]) != SOT:
        segments.setdefault(marker, read_segment(reader, marker))
    if not {COD, QCD} <= segments.keys():
        raise reader.malformed("its header has no coding style or no quantization")
    return size, segments


def _read_size(segment: Reader, limits: "Limits") -> _Size:
    right, bottom, x, y, tile_width, tile_height, tile_x, tile_y, components = segment.unpack(SIZE)
    if not 0 < components <= MAX_COMPONENTS or segment.remaining != COMPONENT_BYTES * components:
        raise segment.malformed("its header has the wrong length for its components", str(components))
    samples = bytes(segment.view[segment.position : segment.end])
    if 0 in samples[1::COMPONENT_BYTES] or 0 in samples[2::COMPONENT_BYTES]:
        raise segment.malformed("its header has an impossible subsampling")
    if max(depth & 0x7F for depth in samples[::COMPONENT_BYTES]) >= MAX_DEPTH:
        raise segment.malformed("its header has an impossible bit depth")
    check_size("JPEG 2000", max(0, right - x), max(0, bottom - y), limits)
    if not tile_x <= x < tile_x + tile_width or not tile_y <= y < tile_y + tile_height:
        raise segment.malformed("its first tile is empty", f"{tile_x}, {tile_y}: {tile_width} x {tile_height}")
    tiles = -(-(right - tile_x) // tile_width) * -(-(bottom - tile_y) // tile_height)
    if tiles > MAX_TILES:
        raise segment.malformed("it has too many tiles", str(tiles))
    return _Size(right - x, bottom - y, tile_width, tile_height, tiles, components)


def _is_clean(comment: Reader | None) -> bool:
    """Whether the encoder is one that writes no byte FF before a byte over 8F (B.10.1, C.2.2).

    OpenJPEG before version 2 wrote such bytes. It names itself in its comment, or leaves the comment out.
    """
    return comment is not None and not OLD_ENCODER.search(comment.view, comment.position, comment.end)


def _count_packets(style: Reader, size: _Size) -> int:
    """Return how many packets a tile may have. Each may be a zero byte: a run of zeros may be as long (B.6, B.10.3)."""
    flags, order, layers, levels, *sides = style.unpack(CODING_STYLE)
    if not layers or order > MAX_ORDER or levels > MAX_LEVELS or sum(sides) > MAX_CODE_BLOCK:
        raise style.malformed("its coding style has an impossible value")
    precincts = 0
    for level in range(levels + 1):
        precinct = style.read_byte() if flags & PRECINCTS else WIDEST
        across, down = (precinct & 0x0F) + levels - level, (precinct >> 4) + levels - level
        precincts += (-(-min(size.width, size.tile_width) >> across) + 2) * (
            -(-min(size.height, size.tile_height) >> down) + 2
        )
    return int(layers * size.components * precincts)
