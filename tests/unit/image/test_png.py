"""PNG: faults that are refused, and odd files that are accepted."""

from struct import pack

import pytest

from intake.image.verify import verify
from intake.model.error_codes import InvalidImage, TooManyFrames, TooManyPixels
from intake.model.limits import Limits
from support.crafted_images import SIGNATURE, chunk, ihdr, png_rows
from support.sample_images import SAMPLES

LIMITS = Limits()
HEADER = ihdr(3, 2, 8, 0)
DATA = png_rows(3, 2, 8, interlaced=False)
IDAT, IEND = chunk(b"IDAT", DATA), chunk(b"IEND")
PLTE = chunk(b"PLTE", bytes(6))
INDEXED = ihdr(3, 2, 8, 3)


def actl(frames: int) -> bytes:
    return chunk(b"acTL", pack(">II", frames, 0))


def fctl(number: int, width: int = 3, height: int = 2, x: int = 0, y: int = 0) -> bytes:
    return chunk(b"fcTL", pack(">IIIIIHHBB", number, width, height, x, y, 1, 10, 0, 0))


def fdat(number: int, data: bytes = DATA) -> bytes:
    return chunk(b"fdAT", pack(">I", number) + data)


ANIMATED = (HEADER, actl(2), fctl(0), IDAT, fctl(1), fdat(2), IEND)

FAULTS = {
    "no header": (IDAT, IEND),
    "another chunk before the header": (chunk(b"tEXt", b"a\0b"), HEADER, IDAT, IEND),
    "a second header": (HEADER, HEADER, IDAT, IEND),
    "a header that is too short": (chunk(b"IHDR", bytes(12)), IDAT, IEND),
    "a header that is too long": (chunk(b"IHDR", bytes(14)), IDAT, IEND),
    "no width": (ihdr(0, 2, 8, 0), IDAT, IEND),
    "no height": (ihdr(3, 0, 8, 0), IDAT, IEND),
    "a width of more than 31 bits": (ihdr(2**31, 1, 8, 0), IDAT, IEND),
    "three bits of grey": (ihdr(3, 2, 3, 0), IDAT, IEND),
    "four bits of red": (ihdr(3, 2, 4, 2), IDAT, IEND),
    "sixteen bits of palette": (ihdr(3, 2, 16, 3), PLTE, IDAT, IEND),
    "a color type that does not exist": (ihdr(3, 2, 8, 5), IDAT, IEND),
    "a compression that does not exist": (ihdr(3, 2, 8, 0, method=1), IDAT, IEND),
    "an interlace that does not exist": (ihdr(3, 2, 8, 0, interlace=2), IDAT, IEND),
    "no data": (HEADER, IEND),
    "empty data": (HEADER, chunk(b"IDAT"), IEND),
    "interrupted data": (HEADER, IDAT, chunk(b"tEXt", b"a\0b"), IDAT, IEND),
    "no palette": (INDEXED, IDAT, IEND),
    "a palette after the data": (INDEXED, IDAT, PLTE, IEND),
    "a palette after grey data": (HEADER, IDAT, PLTE, IEND),
    "two palettes": (INDEXED, PLTE, PLTE, IDAT, IEND),
    "an empty palette": (INDEXED, chunk(b"PLTE"), IDAT, IEND),
    "a palette of four bytes": (INDEXED, chunk(b"PLTE", bytes(4)), IDAT, IEND),
    "a palette of 257 colors": (INDEXED, chunk(b"PLTE", bytes(771)), IDAT, IEND),
    "a chunk whose name is not letters": (HEADER, chunk(b"tE t", b"a"), IDAT, IEND),
    "no end": (HEADER, IDAT),
    "an animation of no frames": (HEADER, actl(0), IDAT, IEND),
    "an animation header that is too short": (HEADER, chunk(b"acTL", bytes(4)), IDAT, IEND),
    "an animation with a frame missing": (HEADER, actl(2), fctl(0), IDAT, IEND),
    "an animation with a frame too many": (HEADER, actl(1), fctl(0), IDAT, fctl(1), fdat(2), IEND),
    "an animation with a gap in its numbers": (HEADER, actl(2), fctl(0), IDAT, fctl(2), fdat(3), IEND),
    "an animation with data out of order": (HEADER, actl(2), fctl(0), IDAT, fctl(1), fdat(3), IEND),
    "a frame without data at the end": (HEADER, actl(2), fctl(0), IDAT, fctl(1), IEND),
    "a frame of empty data": (HEADER, actl(2), fctl(0), IDAT, fctl(1), fdat(2, b""), IEND),
    "a frame without data in the middle": (HEADER, actl(3), fctl(0), IDAT, fctl(1), fctl(2), fdat(3), IEND),
    "an early frame control out of order": (HEADER, fctl(1), actl(1), IDAT, IEND),
    "an early frame control without a frame": (HEADER, fctl(0), actl(2), IDAT, IEND),
    "two early frame controls": (HEADER, fctl(0), fctl(1), actl(2), IDAT, IEND),
    "a frame outside the canvas": (HEADER, actl(2), fctl(0), IDAT, fctl(1, 3, 2, 1, 0), fdat(2), IEND),
    "a frame without pixels": (HEADER, actl(2), fctl(0), IDAT, fctl(1, 0, 2), fdat(2), IEND),
}

ODDITIES = {
    "nothing odd": (HEADER, IDAT, IEND),
    "data byte by byte": (HEADER, *(chunk(b"IDAT", DATA[at : at + 1]) for at in range(len(DATA))), IEND),
    "an empty IDAT among others": (HEADER, chunk(b"IDAT"), IDAT, chunk(b"IDAT"), IEND),
    "unknown chunks": (HEADER, chunk(b"ruSt", b"\0" * 99), IDAT, chunk(b"prVt"), IEND),
    "a palette for color": (ihdr(3, 2, 8, 2), PLTE, IDAT, IEND),
    "frames without an animation": (HEADER, fctl(7), IDAT, fdat(3), IEND),
    "an animation announced too late": (HEADER, IDAT, actl(0), IEND),
}


def size_of(body: bytes) -> tuple[int, int, int]:
    """Width, height and frames."""
    image = verify(body, LIMITS)
    return image.width, image.height, image.frames


@pytest.mark.parametrize("chunks", list(FAULTS.values()), ids=list(FAULTS))
def test_png_is_invalid_when_faulty(chunks: tuple[bytes, ...]) -> None:
    with pytest.raises(InvalidImage, match=r"^The PNG .*\.$") as refused:
        verify(SIGNATURE + b"".join(chunks), LIMITS)
    assert refused.value.reason


@pytest.mark.parametrize("chunks", list(ODDITIES.values()), ids=list(ODDITIES))
def test_png_is_accepted_when_odd_but_whole(chunks: tuple[bytes, ...]) -> None:
    assert size_of(SIGNATURE + b"".join(chunks)) == (3, 2, 1)


def test_apng_has_the_frames_that_it_announces() -> None:
    assert size_of(SIGNATURE + b"".join(ANIMATED)) == (3, 2, 2)


@pytest.mark.parametrize(
    "chunks",
    [
        (HEADER, fctl(0), actl(2), IDAT, fctl(1), fdat(2), IEND),
        (HEADER, fctl(0), chunk(b"tEXt", b"a\0b"), actl(2), IDAT, IDAT, fctl(1), fdat(2), IEND),
        (HEADER, fctl(0), actl(2), actl(2), IDAT, fctl(1), fdat(2), IEND),
        (INDEXED, fctl(0), PLTE, actl(2), IDAT, fctl(1), fdat(2), IEND),
    ],
)
def test_apng_may_have_a_frame_control_before_its_animation_control(chunks: tuple[bytes, ...]) -> None:
    assert size_of(SIGNATURE + b"".join(chunks)) == (3, 2, 2)


def test_apng_default_image_is_not_counted_when_it_is_no_frame() -> None:
    chunks = (HEADER, actl(2), IDAT, fctl(0), fdat(1), fctl(2), fdat(3, DATA[:5]), fdat(4, DATA[5:]), IEND)
    assert size_of(SIGNATURE + b"".join(chunks)) == (3, 2, 2)


def test_png_is_invalid_when_any_bit_flips() -> None:
    """Every chunk has a CRC, and nothing but the signature is outside the chunks."""
    whole = SAMPLES["png: animated"].data
    for bit in range(8 * 8, 8 * len(whole)):
        flipped = bytearray(whole)
        flipped[bit // 8] ^= 1 << bit % 8
        with pytest.raises(InvalidImage):
            verify(flipped, LIMITS)


def test_png_is_refused_as_soon_as_it_announces_too_much() -> None:
    """The parser does not read on: there is nothing more."""
    with pytest.raises(TooManyPixels):
        verify(SIGNATURE + ihdr(2**31 - 1, 2**31 - 1, 16, 6), LIMITS)
    with pytest.raises(TooManyFrames):
        verify(SIGNATURE + HEADER + actl(2**32 - 1), LIMITS)
