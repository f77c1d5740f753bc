"""Faults of BMP files, and the oddities that are none."""

from struct import pack_into

import pytest

from intake.image.verify import verify
from intake.model.errors import InvalidImage, TooManyPixels
from intake.model.image_info import ImageInfo
from intake.model.limits import Limits
from support.crafted_images import bmp

LIMITS = Limits()
RLE = bytes(6) + b"\0\1"


def shortened(body: bytes, by: int) -> bytes:
    """Without the last bytes, and with a file size that says so."""
    cut = bytearray(body[:-by])
    pack_into("<I", cut, 2, len(cut))
    return bytes(cut)


FAULTS = {
    "no pixels at all": bmp(pixels=b""),
    "one byte too few": shortened(bmp(), 1),
    "one byte too few in wide rows": shortened(bmp(width=100), 1),
    "one row too few": shortened(bmp(height=-3), 16),
    "a file size past the end": bmp(file_bytes=999),
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


@pytest.mark.parametrize("body", list(FAULTS.values()), ids=list(FAULTS))
def test_a_faulty_bmp_is_invalid(body: bytes) -> None:
    with pytest.raises(InvalidImage, match=r"^The BMP .*\.$") as refused:
        verify(body, LIMITS)
    assert refused.value.reason


@pytest.mark.parametrize("file_bytes", [0, 14, 54])
def test_a_file_size_that_is_too_small_is_forgiven(file_bytes: int) -> None:
    """Writers leave the field out; the pixels say for themselves how many they are."""
    assert ImageInfo("bmp", 5, 3, 1) == verify(bmp(file_bytes=file_bytes), LIMITS)


def test_a_gap_before_the_pixels_is_allowed() -> None:
    assert ImageInfo("bmp", 5, 3, 1) == verify(bmp(pixels=bytes(48 + 10), pixels_at=64), LIMITS)


def test_a_short_os2_header_passes() -> None:
    assert ImageInfo("bmp", 5, 3, 1) == verify(bmp(header=16), LIMITS)


@pytest.mark.parametrize(("width", "height"), [(2**31 - 1, 2**31 - 1), (2**31 - 1, -(2**31)), (50_000_001, 1)])
def test_a_bomb_is_refused_at_its_header(width: int, height: int) -> None:
    with pytest.raises(TooManyPixels):
        verify(bmp(width, height, pixels=b""), LIMITS)


def test_runs_may_stand_for_a_picture_of_any_size_within_the_limit() -> None:
    body = bmp(5000, 5000, bits=8, compression=1, pixels=RLE)
    assert ImageInfo("bmp", 5000, 5000, 1) == verify(body, LIMITS)
