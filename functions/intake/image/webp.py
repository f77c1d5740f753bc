"""WebP: RIFF chunks around one VP8 or VP8L image, or around the frames of an animation (RFC 9649).

Inside a VP8 frame the first partition is held against the chunk; where the others begin is arithmetic-coded
and is not looked at.
"""

from struct import Struct
from typing import TYPE_CHECKING

from intake.image.reader import Reader
from intake.image.size_limits import check_frames, check_size
from intake.model.image_info import ImageInfo

if TYPE_CHECKING:
    from collections.abc import Iterator

    from intake.model.limits import Limits

    Size = tuple[int, int]

RIFF_HEADER = Struct("<4xI4x")
CHUNK = Struct("<4sI")
VP8_FRAME = Struct("<3s3sHH")  # frame tag, start code, width and height with their scales (RFC 6386, 9.1)
VP8L_HEADER = Struct("<BI")  # signature, then 14 + 14 + 1 + 3 bits (RFC 9649, 3.4)
VP8X_HEADER = Struct("<B3x3s3s")  # flags, canvas width - 1, canvas height - 1 (2.7.1)
ANMF_HEADER = Struct("<3s3s3s3s4x")  # x / 2, y / 2, width - 1, height - 1, duration and flags (2.7.1.1)

START_CODE = b"\x9d\x01\x2a"
VP8L_SIGNATURE = 0x2F
FOURTEEN_BITS = 0x3FFF
ANIMATION = 0x02
BITSTREAMS = (b"VP8 ", b"VP8L")


def parse(view: memoryview, limits: "Limits") -> ImageInfo:
    body = Reader(view, "WebP", "the size in its header")
    (size,) = body.take(RIFF_HEADER)
    if size < RIFF_HEADER.size - CHUNK.size:
        raise body.malformed("its header announces an impossible size", str(size))
    riff = body.part(size - 4, b"RIFF")  # the size counts the four letters WEBP
    chunks = _chunks(riff)
    kind, chunk = next(chunks, (b"", riff))
    if kind == b"VP8X":
        return _extended(chunk, chunks, limits)
    width, height = _bitstream(kind, chunk)
    check_size("WebP", width, height, limits)
    _exhaust(chunks)
    return ImageInfo("webp", width, height, frames=1)


def _chunks(reader: Reader) -> "Iterator[tuple[bytes, Reader]]":
    """The chunks of a container; an odd one is padded, save that some writers forget it at the very end."""
    while reader.left:
        reader.step()
        kind, size = reader.take(CHUNK)
        yield kind, reader.part(size, kind)
        reader.skip(min(size % 2, reader.left))


def _exhaust(chunks: "Iterator[tuple[bytes, Reader]]") -> None:
    """Verify the sizes of what stands behind the picture: metadata, or chunks nobody knows."""
    for _ in chunks:
        pass


def _extended(header: Reader, chunks: "Iterator[tuple[bytes, Reader]]", limits: "Limits") -> ImageInfo:
    flags, *sides = header.take(VP8X_HEADER)
    canvas = _from_24_bits(sides[0]) + 1, _from_24_bits(sides[1]) + 1
    check_size("WebP", *canvas, limits)
    frames = 0
    for kind, chunk in chunks:
        if kind == b"ANMF" and flags & ANIMATION:
            frames += 1
            check_frames("WebP", frames, limits)
            _animation_frame(chunk, canvas)
        elif kind in BITSTREAMS and not flags & ANIMATION:
            frames += 1
            if frames > 1 or _bitstream(kind, chunk) != canvas:
                raise chunk.malformed("its picture does not fit its canvas")
    if not frames:
        raise header.malformed("it has no image data")
    return ImageInfo("webp", *canvas, frames)


def _animation_frame(chunk: Reader, canvas: "Size") -> None:
    """A frame lies inside the canvas and holds one picture of its own size, perhaps after its alpha."""
    x, y, width, height = map(_from_24_bits, chunk.take(ANMF_HEADER))
    size = width + 1, height + 1
    if 2 * x + size[0] > canvas[0] or 2 * y + size[1] > canvas[1]:
        raise chunk.malformed("a frame lies outside of the canvas")
    pictures = [_bitstream(kind, part) for kind, part in _chunks(chunk) if kind in BITSTREAMS]
    if pictures != [size]:
        raise chunk.malformed("a frame does not hold one picture of its size")


def _from_24_bits(field: bytes) -> int:
    return int.from_bytes(field, "little")


def _bitstream(kind: bytes, chunk: Reader) -> "Size":
    match kind:
        case b"VP8 ":
            return _vp8(chunk)
        case b"VP8L":
            return _vp8l(chunk)
    raise chunk.malformed("it does not begin with a picture", f"{kind!r} at {chunk.at}")


def _vp8(chunk: Reader) -> "Size":
    """A key frame: the last 19 bits of its tag are the size of the first partition (RFC 6386, 9.1)."""
    tag, start_code, width, height = chunk.take(VP8_FRAME)
    bits = _from_24_bits(tag)
    if bits & 1 or start_code != START_CODE:
        raise chunk.malformed("its VP8 data does not begin with a key frame")
    if bits >> 5 >= chunk.left:
        raise chunk.malformed("its VP8 partitions do not fit their chunk", f"{bits >> 5} of {chunk.left}")
    return width & FOURTEEN_BITS, height & FOURTEEN_BITS


def _vp8l(chunk: Reader) -> "Size":
    signature, bits = chunk.take(VP8L_HEADER)
    if signature != VP8L_SIGNATURE or bits >> 29 or not chunk.left:
        raise chunk.malformed("its VP8L header does not exist")
    return (bits & FOURTEEN_BITS) + 1, (bits >> 14 & FOURTEEN_BITS) + 1
