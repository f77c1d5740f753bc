"""WebP: RIFF chunks around one VP8 or VP8L image, or around the frames of an animation (RFC 9649).

The first partition of a VP8 frame must fit into its chunk. The other partitions are not checked, because their number
is arithmetic-coded. VP8 data with a hole is refused; VP8L and ALPH data are not searched, because blank pictures are
zeros there.
"""

import re
from struct import Struct
from typing import TYPE_CHECKING

from intake.image.byte_reader import Reader
from intake.image.pixel_limits import ImageSize, check_frames, check_size
from intake.image.zero_runs import check_zero_runs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from intake.model.limits import Limits

    Sides = tuple[int, int]

RIFF_HEADER = Struct("<4xI4x")
CHUNK = Struct("<4sI")  # name, bytes of the data
VP8_FRAME = Struct("<3s3sHH")  # frame tag, start code, width and height with their scales (RFC 6386, 9.1)
VP8L_HEADER = Struct("<BI")  # signature, then 14 + 14 + 1 + 3 bits (RFC 9649, 3.4)
VP8X_HEADER = Struct("<B3x3s3s")  # flags, canvas width - 1, canvas height - 1 (2.7.1)
ANMF_HEADER = Struct("<3s3s3s3s4x")  # x / 2, y / 2, width - 1, height - 1, duration and flags (2.7.1.1)

START_CODE = b"\x9d\x01\x2a"
VP8L_SIGNATURE = 0x2F
FOURTEEN_BITS = 0x3FFF
ANIMATION = 0x02
BITSTREAMS = (b"VP8 ", b"VP8L")
KNOWN = frozenset((*BITSTREAMS, b"VP8X", b"ANMF", b"ALPH"))
FOUR_CC = re.compile(rb"[ -~]{3}[ -~\0]")
"""The name of a chunk (RFC 9649, 2.3): four ASCII characters. Some encoders write `XMP` and a zero byte."""

HOLE_BYTES, BLANK_PIXELS_PER_BYTE = 256, 128
"""A blank picture is zeros too: one byte may stand for 128 pixels."""


def parse(view: memoryview, limits: "Limits") -> ImageSize:
    reader = Reader(view, "WebP", "the size in its header")
    (size,) = reader.unpack(RIFF_HEADER)
    if size < RIFF_HEADER.size - CHUNK.size:
        raise reader.malformed("its header announces an impossible size", str(size))
    riff = reader.read_part(size - 4, b"RIFF")  # the size counts the four letters WEBP
    end = min(reader.position + size % 2, reader.end)  # padded, as every chunk
    chunks = _read_chunks(riff)
    kind, chunk = next(chunks, (b"", riff))
    if kind == b"VP8X":
        canvas, frames = _parse_extended(chunk, chunks, limits)
        return ImageSize(*canvas, frames, end)
    width, height = _parse_bitstream(kind, chunk)
    check_size("WebP", width, height, limits)
    _check_remaining(chunks)
    return ImageSize(width, height, frames=1, end=end)


def _read_chunks(reader: Reader) -> "Iterator[tuple[bytes, Reader]]":
    """Yield the chunks of a container. A chunk of odd size is padded; some encoders omit the last padding."""
    while reader.remaining:
        reader.count_parts()
        kind, size = reader.unpack(CHUNK)
        if kind not in KNOWN and not FOUR_CC.fullmatch(kind):
            raise reader.malformed("the name of a chunk is not four characters", f"at {reader.position}: {kind!r}")
        yield kind, reader.read_part(size, kind)
        reader.skip(min(size % 2, reader.remaining))


def _check_remaining(chunks: "Iterator[tuple[bytes, Reader]]") -> None:
    """Check the sizes of the chunks after the picture (metadata or unknown) by reading all of them."""
    for _ in chunks:
        pass


def _parse_extended(header: Reader, chunks: "Iterator[tuple[bytes, Reader]]", limits: "Limits") -> "tuple[Sides, int]":
    """Return the size of the canvas and the number of frames."""
    flags, *sides = header.unpack(VP8X_HEADER)
    canvas = _read_24_bits(sides[0]) + 1, _read_24_bits(sides[1]) + 1
    check_size("WebP", *canvas, limits)
    frames = 0
    for kind, chunk in chunks:
        if kind == b"ANMF" and flags & ANIMATION:
            frames += 1
            check_frames("WebP", frames, limits)
            _parse_animation_frame(chunk, canvas)
        elif kind in BITSTREAMS and not flags & ANIMATION:
            frames += 1
            if frames > 1 or _parse_bitstream(kind, chunk) != canvas:
                raise chunk.malformed("its picture does not fit its canvas")
    if not frames:
        raise header.malformed("it has no image data")
    return canvas, frames


def _parse_animation_frame(chunk: Reader, canvas: "Sides") -> None:
    """Check that a frame lies inside the canvas and has one picture of its size, possibly after an alpha chunk."""
    x, y, width, height = map(_read_24_bits, chunk.unpack(ANMF_HEADER))
    size = width + 1, height + 1
    if 2 * x + size[0] > canvas[0] or 2 * y + size[1] > canvas[1]:
        raise chunk.malformed("a frame lies outside the canvas")
    pictures = [_parse_bitstream(kind, part) for kind, part in _read_chunks(chunk) if kind in BITSTREAMS]
    if pictures != [size]:
        raise chunk.malformed("a frame does not hold one picture of its size")


def _read_24_bits(field: bytes) -> int:
    return int.from_bytes(field, "little")


def _parse_bitstream(kind: bytes, chunk: Reader) -> "Sides":
    match kind:
        case b"VP8 ":
            return _parse_vp8(chunk)
        case b"VP8L":
            return _parse_vp8l(chunk)
    raise chunk.malformed("it does not begin with a picture", f"{kind!r} at {chunk.position}")


def _parse_vp8(chunk: Reader) -> "Sides":
    """Parse a key frame. The last 19 bits of its tag are the size of the first partition (RFC 6386, 9.1)."""
    tag, start_code, width, height = chunk.unpack(VP8_FRAME)
    bits = _read_24_bits(tag)
    if bits & 1 or start_code != START_CODE:
        raise chunk.malformed("its VP8 data does not begin with a key frame")
    if bits >> 5 >= chunk.remaining:
        raise chunk.malformed("its VP8 partitions do not fit their chunk", f"{bits >> 5} of {chunk.remaining}")
    size = width & FOURTEEN_BITS, height & FOURTEEN_BITS
    hole_bytes = HOLE_BYTES + size[0] * size[1] // BLANK_PIXELS_PER_BYTE
    check_zero_runs(chunk.view, "WebP", chunk.position, chunk.end, hole_bytes)
    return size


def _parse_vp8l(chunk: Reader) -> "Sides":
    signature, bits = chunk.unpack(VP8L_HEADER)
    if signature != VP8L_SIGNATURE or bits >> 29 or not chunk.remaining:
        raise chunk.malformed("its VP8L header is invalid")
    return (bits & FOURTEEN_BITS) + 1, (bits >> 14 & FOURTEEN_BITS) + 1
