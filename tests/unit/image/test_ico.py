"""ICO and CUR: faults that are refused, and odd files that are accepted."""

import pytest

from intake.image.verify import verify
from intake.model.error_codes import InvalidImage, TooManyFrames, TooManyPixels
from intake.model.image_info import ImageWarning
from intake.model.limits import Limits
from support.crafted_icons import bitmap, icon
from support.crafted_images import png

LIMITS = Limits(image_types=("ico", "cur"))


def with_crc_fault() -> bytes:
    body = bytearray(png())
    body[-1] ^= 1
    return bytes(body)


BITMAP, SIZE = bitmap(), len(bitmap())
WHOLE = {
    **{f"a bitmap of {bits} bits": (icon(bitmap(bits=bits)), (5, 3, 1)) for bits in (1, 4, 8, 16, 24, 32)},
    "a bitmap of 32 bits without a mask": (icon(bitmap(bits=32, mask=False)), (5, 3, 1)),
    "a bitmap of 32 bits with bit fields": (icon(bitmap(bits=32, compression=3)), (5, 3, 1)),
    "a bitmap with all its colors": (icon(bitmap(bits=8, colors=256)), (5, 3, 1)),
    "a bitmap with a large header": (icon(bitmap(header=124)), (5, 3, 1)),
    "a bitmap from the top": (icon(bitmap(rows=-6)), (5, 3, 1)),
    "a bitmap of no planes": (icon(bitmap(planes=0)), (5, 3, 1)),
    "a bitmap with a short header and colors of three bytes": (icon(bitmap(bits=4, header=12)), (5, 3, 1)),
    "a bitmap with a short header": (icon(bitmap(header=12)), (5, 3, 1)),
    "a bitmap with bytes behind it": (icon(BITMAP + b"more"), (5, 3, 1)),
    "a PNG": (icon(png()), (9, 7, 1)),
    "a PNG of 256 pixels": (icon(png(256, 256)), (256, 256, 1)),
    "a PNG of more than 256 pixels": (icon(png(300, 20)), (300, 20, 1)),
    "the largest of three": (icon(BITMAP, png(), bitmap(2, 20)), (9, 7, 3)),
    "one picture in two entries": (icon(BITMAP + png(), extents=[(SIZE, 38)] * 2), (5, 3, 2)),
    "pictures in another order": (icon(BITMAP + png(), extents=[(len(png()), 38 + SIZE), (SIZE, 38)]), (9, 7, 2)),
    "a gap before its picture": (icon(b"gap" + BITMAP, extents=[(SIZE, 25)]), (5, 3, 1)),
    "a cursor": (icon(BITMAP, png(), kind=2), (9, 7, 2)),
}


@pytest.mark.parametrize(("body", "expected"), list(WHOLE.values()), ids=list(WHOLE))
def test_icon_is_accepted(body: bytes, expected: tuple[int, int, int]) -> None:
    image = verify(body, LIMITS)
    assert expected == (image.width, image.height, image.frames)
    assert set(image.warnings) <= {ImageWarning.TRAILING_DATA}
    assert ("cur" if body[2] == 2 else "ico") == image.type


FAULTS = {
    "no entry": icon(count=1),
    "an entry too few": icon(BITMAP, count=2)[:38],
    "a picture past the end": icon(BITMAP, extents=[(SIZE, 9999)]),
    "a picture that goes past the end": icon(BITMAP, extents=[(SIZE + 1, 22)]),
    "a picture of 4 GiB": icon(BITMAP, extents=[(2**32 - 1, 22)]),
    "a picture inside the directory": icon(BITMAP, extents=[(SIZE, 6)]),
    "a picture of no bytes": icon(BITMAP, extents=[(0, 22)]),
    "pictures that overlap": icon(BITMAP * 2, extents=[(SIZE, 38), (SIZE, 39)]),
    "pictures inside one another": icon(BITMAP * 2, extents=[(2 * SIZE, 38), (SIZE, 38 + SIZE)]),
    "a picture of zeros": icon(bytes(500)),
    "a picture of text": icon(b"404 Not Found" * 9),
    "a BMP with its file header": icon(b"BM" + bytes(12) + BITMAP),
    "a bitmap without its mask": icon(bitmap(mask=False)),
    "a bitmap without its last byte": icon(BITMAP[:-1]),
    "a bitmap of 32 bits without its last byte": icon(bitmap(bits=32, mask=False)[:-1]),
    "a bitmap without a palette": icon(bitmap(bits=8)[:40] + bitmap(bits=8)[40 + 1024 :]),
    "a short header without its last byte": icon(bitmap(bits=8, header=12)[:-1]),
    "a bitmap with too many colors": icon(bitmap(bits=4, colors=17)),
    "a bitmap with 4 billion colors": icon(bitmap(bits=8, colors=2**32 - 1)),
    "a bitmap of one row": icon(bitmap(rows=1)),
    "a bitmap without a width": icon(bitmap(0)),
    "a bitmap of two bits": icon(bitmap(bits=2)),
    "a bitmap of run lengths": icon(bitmap(bits=8, compression=1, pixels=bytes(99) + b"\0\1")),
    "a bitmap of two planes": icon(bitmap(planes=2)),
    "a PNG with a wrong CRC": icon(with_crc_fault()),
    "a PNG without its end": icon(png()[:-12]),
    "a PNG without its last byte": icon(png()[:-1]),
    "a second picture with a fault": icon(BITMAP, png()[:-1]),
}


@pytest.mark.parametrize("body", list(FAULTS.values()), ids=list(FAULTS))
def test_icon_is_invalid_when_faulty(body: bytes) -> None:
    with pytest.raises(InvalidImage, match=r"^The ICO .*\.$") as refused:
        verify(body, LIMITS)
    assert refused.value.reason


@pytest.mark.parametrize("picture", [bitmap(8, 8), bitmap(0x7FFF, 1, rows=2**30, pixels=b""), png(8, 8)])
def test_icon_is_refused_when_a_picture_has_too_many_pixels(picture: bytes) -> None:
    with pytest.raises(TooManyPixels):
        verify(icon(BITMAP, picture), Limits(image_types=("ico",), max_image_pixels=63))


def test_icon_is_refused_when_it_has_too_many_pictures() -> None:
    with pytest.raises(TooManyFrames):
        verify(icon(BITMAP, count=1001), LIMITS)
