"""BMP: faults that are refused, and odd files that are accepted."""

from struct import pack_into

import pytest

from intake.image.verify import verify
from intake.model.error_codes import InvalidImage, TooManyPixels
from intake.model.limits import Limits
from support.crafted_images import bmp

LIMITS = Limits()
RLE = bytes(6) + b"\0\1"


def shortened(body: bytes, by: int) -> bytes:
    """Remove the last bytes, and correct the file size in the header."""
    cut = bytearray(body[:-by])
    pack_into("<I", cut, 2, len(cut))
    return bytes(cut)


def rle(runs: bytes, bits: int = 8) -> bytes:
    return bmp(bits=bits, compression=1 if bits == 8 else 2, pixels=runs)


def with_profile(profile: bytes, kind: bytes = b"DEBM") -> bytes:
    """A BMP with a BITMAPV5HEADER, whose color profile follows the pixels."""
    body = bytearray(bmp(header=124) + profile)
    pack_into("<I", body, 2, len(body))
    pack_into("<4s52xII", body, 14 + 56, kind, len(body) - 14 - len(profile), len(profile))
    return bytes(body)


FAULTS = {
    "no pixels at all": bmp(pixels=b""),
    "one byte too few": shortened(bmp(), 1),
    "one byte too few in wide rows": shortened(bmp(width=100), 1),
    "one row too few": shortened(bmp(height=-3), 16),
    "a file size past the end, and a byte too few": bmp(file_bytes=999)[:-1],
    "padding cut off": bmp(file_bytes=104) + b"\0",
    "padding that is not there": bmp(file_bytes=105),
    "the name of a color profile cut off": with_profile(b"profile.icc", b"KNIL")[:-1],
    "a color profile cut off": with_profile(bytes(100))[:-1],
    "a color profile that is not there": with_profile(bytes(100))[:-100],
    "more colors than there are": bmp(bits=8, colors=257),
    "far more colors than there are": bmp(bits=8, colors=2**32 - 1),
    "more colors than four bits have": bmp(bits=4, colors=17),
    "more colors than one bit has": bmp(bits=1, colors=3),
    "a palette in place of its last pixels": bmp(bits=8, colors=256, pixels_at=54)[:-1],
    "RLE without its end mark": rle(b"\x05\x01\0\0" * 3),
    "RLE that ends in a run": rle(b"\x05\x01\0\0\x05"),
    "RLE that ends in literal pixels": rle(b"\0\x06abcde"),
    "RLE whose end mark is among literal pixels": rle(b"\0\x04ab\0\x01"),
    "RLE whose end mark is among the padding of literal pixels": rle(b"\0\x05abcd\0\x01"),
    "RLE that ends in a move": rle(b"\0\x02\0"),
    "RLE of zeros alone": rle(bytes(5000)),
    "RLE4 that ends in literal pixels": rle(b"\0\x09abcd\0\x01", bits=4),
    "RLE4 of zeros alone": rle(bytes(5000), bits=4),
    "no width": bmp(width=0),
    "no height": bmp(height=0),
    "a negative width": bmp(width=-5, pixels=bytes(48)),
    "two planes": bmp(planes=2),
    "no planes": bmp(planes=0),
    "two bits": bmp(bits=2),
    "no bits, which means JPEG": bmp(bits=0),
    "JPEG inside": bmp(compression=4),
    "PNG inside": bmp(compression=5),
    "a compression that does not exist": bmp(compression=7),
    "RLE8 of four bits": bmp(bits=4, compression=1),
    "RLE4 of eight bits": bmp(bits=8, compression=2),
    "bit fields of 24 bits": bmp(bits=24, compression=3),
    "RLE from the top": bmp(height=-3, bits=8, compression=1, pixels=RLE),
    "RLE of unknown length": bmp(bits=8, compression=1, pixels=RLE, pixel_bytes=0),
    "RLE longer than the file": bmp(bits=8, compression=1, pixels=RLE, pixel_bytes=9),
    "pixels that begin in the header": bmp(pixels_at=53),
    "pixels that begin past the end": bmp(pixels_at=9999),
    "a header cut off": bmp()[:40],
    "a header of 64 KiB": bmp(pixels_at=80_000).replace(b"\x28\0\0\0", b"\x28\0\1\0", 1) + bytes(99_999),
    "a header of 16 MiB": bmp().replace(b"\x28\0\0\0", b"\x28\0\0\1", 1),
}


def size_of(body: bytes) -> tuple[int, int, int]:
    """Width, height and frames."""
    image = verify(body, LIMITS)
    return image.width, image.height, image.frames


@pytest.mark.parametrize("body", list(FAULTS.values()), ids=list(FAULTS))
def test_bmp_is_invalid_when_faulty(body: bytes) -> None:
    with pytest.raises(InvalidImage, match=r"^The BMP .*\.$") as refused:
        verify(body, LIMITS)
    assert refused.value.reason


@pytest.mark.parametrize("file_bytes", [0, 14, 54])
def test_bmp_is_accepted_when_its_file_size_is_too_small(file_bytes: int) -> None:
    """Some writers leave it 0. The size of the pixel array follows from the header."""
    assert size_of(bmp(file_bytes=file_bytes)) == (5, 3, 1)


@pytest.mark.parametrize("file_bytes", [106, 999, 2**32 - 1])
def test_bmp_is_accepted_when_its_file_size_is_too_large_and_its_pixels_are_there(file_bytes: int) -> None:
    assert len(bmp()) == 102
    assert size_of(bmp(file_bytes=file_bytes)) == (5, 3, 1)
    assert size_of(rle(RLE)[:2] + file_bytes.to_bytes(4, "little") + rle(RLE)[6:]) == (5, 3, 1)


def test_bmp_is_accepted_with_color_profile() -> None:
    assert size_of(with_profile(bytes(100))) == (5, 3, 1)


@pytest.mark.parametrize(
    ("bits", "colors", "pixels_at"),
    [(8, 256, None), (4, 1, None), (1, 2, None), (8, 300, 14 + 40 + 4 * 300), (24, 2**32 - 1, None)],
)
def test_bmp_is_accepted_with_any_number_of_colors_that_fits(bits: int, colors: int, pixels_at: int | None) -> None:
    assert size_of(bmp(bits=bits, colors=colors, pixels=bytes(300), pixels_at=pixels_at)) == (5, 3, 1)


def test_bmp_is_accepted_when_the_position_of_its_pixels_omits_the_palette() -> None:
    assert size_of(bmp(bits=8, colors=256, pixels_at=54)) == (5, 3, 1)


@pytest.mark.parametrize("bits", [4, 8])
@pytest.mark.parametrize(
    "runs",
    [b"", b"\0\0", b"\0\0" * 5000, b"\5a" * 5000, b"\0\2\1\1", b"\0\3abcd"[:6], b"\1\0\0\2\0\1", b"\xff\0"],
)
def test_compressed_bmp_is_accepted_when_its_runs_reach_the_end_mark(bits: int, runs: bytes) -> None:
    """Runs may leave pixels out."""
    literals = b"".join(b"\0%c" % n + bytes(-(-n * bits // 16) * 2) for n in range(3, 256))
    assert size_of(rle(runs + b"\0\1", bits)) == (5, 3, 1)
    assert size_of(rle(literals + runs + b"\0\1", bits)) == (5, 3, 1)


def test_bmp_is_accepted_when_a_gap_precedes_its_pixels() -> None:
    assert size_of(bmp(pixels=bytes(48 + 10), pixels_at=64)) == (5, 3, 1)


def test_bmp_is_accepted_with_short_os2_header() -> None:
    assert size_of(bmp(header=16)) == (5, 3, 1)


@pytest.mark.parametrize(("width", "height"), [(2**31 - 1, 2**31 - 1), (2**31 - 1, -(2**31)), (50_000_001, 1)])
def test_bmp_is_refused_when_its_header_has_too_many_pixels(width: int, height: int) -> None:
    with pytest.raises(TooManyPixels):
        verify(bmp(width, height, pixels=b""), LIMITS)


def test_compressed_bmp_may_be_much_smaller_than_its_pixels() -> None:
    body = bmp(5000, 5000, bits=8, compression=1, pixels=RLE)
    assert size_of(body) == (5000, 5000, 1)
