"""PNG and APNG: chunks, each with its CRC, from IHDR to IEND (W3C PNG, third edition).

The CRCs prove that every chunk is as it was written. The zlib stream inside the IDAT chunks is not inflated: that takes
many times as long, and would only detect an encoder that wrote valid CRCs over incomplete pixels.
"""

from dataclasses import dataclass
from struct import Struct
from typing import TYPE_CHECKING
from zlib import crc32

from intake.image.byte_reader import Reader
from intake.image.pixel_limits import ImageSize, check_frames, check_size

if TYPE_CHECKING:
    from collections.abc import Iterator

    from intake.model.limits import Limits

SIGNATURE_BYTES = 8
CHUNK = Struct(">I4s")  # bytes of the data, name
CRC = Struct(">I")
IHDR = Struct(">IIBBBBB")
ACTL = Struct(">II")
FCTL = Struct(">IIIII")  # sequence number, width, height, x, y; the rest is timing and blending
SEQUENCE_BYTES = 4

MAX_SIDE = 2**31 - 1
MAX_PALETTE_BYTES = 3 * 256
INDEXED = 3
DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), INDEXED: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
"""The bit depths that each color type allows (table 12)."""


@dataclass(slots=True)
class _Progress:
    """The state of the parser after some chunks.

    Attributes:
        width, height: the size of the canvas.
        is_indexed: whether pixels are indexes into a palette.
        has_palette: whether PLTE was read.
        data_bytes: the number of bytes in the IDAT chunks.
        data_ended: whether another chunk followed the IDAT chunks.
        announced: the number of frames that acTL announces; None for a still image.
        frames: the number of fcTL chunks.
        sequence: the sequence number that the next chunk of the animation must have.
        frame_needs_data: whether an fcTL was read, but no data of its frame.
        early_control: an fcTL chunk before acTL, which belongs to the animation if there is one.
    """

    width: int
    height: int
    is_indexed: bool
    has_palette: bool = False
    data_bytes: int = 0
    data_ended: bool = False
    announced: int | None = None
    frames: int = 0
    sequence: int = 0
    frame_needs_data: bool = False
    early_control: Reader | None = None


def parse(view: memoryview, limits: "Limits") -> ImageSize:
    return parse_chunks(Reader(view, "PNG", "its IEND chunk"), limits)


def parse_chunks(reader: Reader, limits: "Limits") -> ImageSize:
    """Parse a PNG from the position of a reader, and leave it after the last chunk."""
    reader.skip(SIGNATURE_BYTES)
    chunks = _read_chunks(reader)
    progress = _parse_header(*next(chunks), limits)
    for kind, chunk in chunks:
        _check_order(kind, chunk, progress)
        _parse_content(kind, chunk, progress, limits)
    _check_complete(reader, progress)
    return ImageSize(progress.width, progress.height, progress.announced or 1, reader.position)


def _read_chunks(reader: Reader) -> "Iterator[tuple[bytes, Reader]]":
    """Verify the CRC of every chunk up to IEND, and yield the chunk (5.3)."""
    kind = b""
    while kind != b"IEND":
        reader.count_parts()
        length, kind = reader.unpack(CHUNK)
        if not kind.isalpha():
            raise reader.malformed("the name of a chunk is not four letters", f"at {reader.position}: {kind!r}")
        chunk = reader.read_part(length, kind)
        (crc,) = reader.unpack(CRC)
        if crc != crc32(reader.view[chunk.position - 4 : chunk.end]):
            raise reader.malformed("the CRC of a chunk is wrong", f"{kind!r} at {chunk.position}")
        yield kind, chunk


def _parse_header(kind: bytes, chunk: Reader, limits: "Limits") -> _Progress:
    if kind != b"IHDR" or chunk.remaining != IHDR.size:
        raise chunk.malformed("it does not begin with its header")
    width, height, depth, color, *methods, interlace = chunk.unpack(IHDR)
    if max(width, height) > MAX_SIDE or depth not in DEPTHS.get(color, ()) or any(methods) or interlace > 1:
        raise chunk.malformed("its header has an invalid value")
    check_size("PNG", width, height, limits)
    return _Progress(width, height, is_indexed=color == INDEXED)


def _check_order(kind: bytes, chunk: Reader, progress: _Progress) -> None:
    """Check that IDAT chunks are consecutive, that PLTE comes before them, and that IHDR comes once (5.6)."""
    if kind == b"IDAT":
        if progress.data_ended:
            raise chunk.malformed("its image data is interrupted")
        if progress.is_indexed and not progress.has_palette:
            raise chunk.malformed("it has no palette")
        progress.data_bytes += chunk.remaining
        progress.frame_needs_data = False
        return
    progress.data_ended = progress.data_ended or progress.data_bytes > 0
    if kind == b"IHDR" or (kind == b"PLTE" and (progress.has_palette or progress.data_ended)):
        raise chunk.malformed("a chunk is out of place", f"{kind!r} at {chunk.position}")


def _parse_content(kind: bytes, chunk: Reader, progress: _Progress, limits: "Limits") -> None:
    match kind:
        case b"PLTE":
            if not chunk.remaining or chunk.remaining % 3 or chunk.remaining > MAX_PALETTE_BYTES:
                raise chunk.malformed("its palette has an impossible length")
            progress.has_palette = True
        case b"acTL" if not progress.data_ended:
            progress.announced, _ = chunk.unpack(ACTL)
            if not progress.announced:
                raise chunk.malformed("it announces an animation without frames")
            check_frames("PNG", progress.announced, limits)
            if progress.early_control:
                _parse_frame_control(progress.early_control, progress)
                progress.early_control = None
        case b"fcTL" if progress.announced is None:
            progress.early_control = chunk
        case b"fcTL":
            _parse_frame_control(chunk, progress)
        case b"fdAT" if progress.announced:
            _check_sequence(chunk, chunk.read_number(SEQUENCE_BYTES), progress)
            progress.frame_needs_data = progress.frame_needs_data and not chunk.remaining


def _parse_frame_control(chunk: Reader, progress: _Progress) -> None:
    """Check that a frame of an animation lies inside the canvas (11.3.6.2), and that the frame before it has data."""
    sequence, width, height, x, y = chunk.unpack(FCTL)
    _check_sequence(chunk, sequence, progress)
    if not width or not height or x + width > progress.width or y + height > progress.height:
        raise chunk.malformed("a frame lies outside the canvas")
    if progress.frame_needs_data:
        raise chunk.malformed("a frame has no data")
    progress.frame_needs_data = True
    progress.frames += 1


def _check_sequence(chunk: Reader, number: int, progress: _Progress) -> None:
    """Check the number of an fcTL or fdAT chunk: both kinds together are numbered from 0."""
    if number != progress.sequence:
        raise chunk.malformed("a chunk of its animation is missing", f"{number} instead of {progress.sequence}")
    progress.sequence += 1


def _check_complete(reader: Reader, progress: _Progress) -> None:
    if not progress.data_bytes:
        raise reader.malformed("it has no image data")
    if progress.announced is not None and (progress.frames != progress.announced or progress.frame_needs_data):
        raise reader.malformed("frames are missing", f"{progress.frames} of {progress.announced}")
