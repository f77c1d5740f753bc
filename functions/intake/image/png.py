"""PNG and APNG: chunks, each with its CRC, from IHDR to IEND (W3C PNG, third edition).

The CRCs prove that every chunk is as it was written. The zlib stream inside the IDATs is not inflated: it
would cost many times the walk, and only an encoder that sealed its own half-made picture could be caught by
it.
"""

from dataclasses import dataclass
from struct import Struct
from typing import TYPE_CHECKING
from zlib import crc32

from intake.image.reader import Reader
from intake.image.size_limits import check_frames, check_size
from intake.model.image_info import ImageInfo

if TYPE_CHECKING:
    from collections.abc import Iterator

    from intake.model.limits import Limits

SIGNATURE_BYTES = 8
CHUNK = Struct(">I4s")
CRC = Struct(">I")
IHDR = Struct(">IIBBBBB")
ACTL = Struct(">II")
FCTL = Struct(">IIIII")  # sequence number, width, height, x, y; the rest is timing and blending
SEQUENCE_BYTES = 4

MAX_SIDE = 2**31 - 1
MAX_PALETTE_BYTES = 3 * 256
INDEXED = 3
DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), INDEXED: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
"""The bit depths that each colour type allows (table 12)."""


@dataclass(slots=True)
class _Seen:
    """What the chunks so far amount to."""

    width: int
    height: int
    indexed: bool
    palette: bool = False
    data_bytes: int = 0
    data_ended: bool = False
    announced: int | None = None
    frames: int = 0
    sequence: int = 0
    frame_waits: bool = False


def parse(view: memoryview, limits: "Limits") -> ImageInfo:
    reader = Reader(view, "PNG", "its IEND chunk")
    reader.skip(SIGNATURE_BYTES)
    chunks = _chunks(reader)
    seen = _header(*next(chunks), limits)
    for kind, chunk in chunks:
        _order(kind, chunk, seen)
        _content(kind, chunk, seen, limits)
    _complete(reader, seen)
    return ImageInfo("png", seen.width, seen.height, frames=seen.announced or 1)


def _chunks(reader: Reader) -> "Iterator[tuple[bytes, Reader]]":
    """Every chunk up to IEND, its CRC verified (5.3)."""
    kind = b""
    while kind != b"IEND":
        reader.step()
        length, kind = reader.take(CHUNK)
        if not kind.isalpha():
            raise reader.malformed("a chunk has no name", f"at {reader.at}: {kind!r}")
        chunk = reader.part(length, kind)
        (crc,) = reader.take(CRC)
        if crc != crc32(reader.view[chunk.at - 4 : chunk.end]):
            raise reader.malformed("the CRC of a chunk is wrong", f"{kind!r} at {chunk.at}")
        yield kind, chunk


def _header(kind: bytes, chunk: Reader, limits: "Limits") -> _Seen:
    if kind != b"IHDR" or chunk.left != IHDR.size:
        raise chunk.malformed("it does not begin with its header")
    width, height, depth, colour, *methods, interlace = chunk.take(IHDR)
    if max(width, height) > MAX_SIDE or depth not in DEPTHS.get(colour, ()) or any(methods) or interlace > 1:
        raise chunk.malformed("its header holds a value that does not exist")
    check_size("PNG", width, height, limits)
    return _Seen(width, height, indexed=colour == INDEXED)


def _order(kind: bytes, chunk: Reader, seen: _Seen) -> None:
    """IDATs follow each other without a gap, PLTE comes before them, IHDR comes once (5.6)."""
    if kind == b"IDAT":
        if seen.data_ended:
            raise chunk.malformed("its image data is interrupted")
        if seen.indexed and not seen.palette:
            raise chunk.malformed("it has no palette")
        seen.data_bytes += chunk.left
        seen.frame_waits = False
        return
    seen.data_ended = seen.data_ended or seen.data_bytes > 0
    if kind == b"IHDR" or (kind == b"PLTE" and (seen.palette or seen.data_ended)):
        raise chunk.malformed("a chunk stands where it cannot be", f"{kind!r} at {chunk.at}")


def _content(kind: bytes, chunk: Reader, seen: _Seen, limits: "Limits") -> None:
    match kind:
        case b"PLTE":
            if not chunk.left or chunk.left % 3 or chunk.left > MAX_PALETTE_BYTES:
                raise chunk.malformed("its palette has an impossible length")
            seen.palette = True
        case b"acTL" if not seen.data_ended:
            seen.announced, _ = chunk.take(ACTL)
            if not seen.announced:
                raise chunk.malformed("it announces an animation without frames")
            check_frames("PNG", seen.announced, limits)
        case b"fcTL" if seen.announced:
            _frame_control(chunk, seen)
        case b"fdAT" if seen.announced:
            _in_sequence(chunk, chunk.number(SEQUENCE_BYTES), seen)
            seen.frame_waits = seen.frame_waits and not chunk.left


def _frame_control(chunk: Reader, seen: _Seen) -> None:
    """One frame of an animation; it lies inside the canvas (11.3.6.2)."""
    sequence, width, height, x, y = chunk.take(FCTL)
    _in_sequence(chunk, sequence, seen)
    if not width or not height or x + width > seen.width or y + height > seen.height:
        raise chunk.malformed("a frame lies outside of the canvas")
    if seen.frame_waits:
        raise chunk.malformed("a frame has no data")
    seen.frame_waits = True
    seen.frames += 1


def _in_sequence(chunk: Reader, number: int, seen: _Seen) -> None:
    """The chunks of an animation are numbered from 0, both kinds together."""
    if number != seen.sequence:
        raise chunk.malformed("a chunk of its animation is missing", f"{number} instead of {seen.sequence}")
    seen.sequence += 1


def _complete(reader: Reader, seen: _Seen) -> None:
    if not seen.data_bytes:
        raise reader.malformed("it has no image data")
    if seen.announced is not None and (seen.frames != seen.announced or seen.frame_waits):
        raise reader.malformed("frames are missing", f"{seen.frames} of {seen.announced}")
