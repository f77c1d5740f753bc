"""WebP: faults that are refused, and odd files that are accepted."""

from io import BytesIO

import pytest
from PIL import Image as Pillow

from intake.image.verify import verify
from intake.model.error_codes import CorruptImage, InvalidImage, TooManyFrames, TooManyPixels
from intake.model.limits import Limits
from support.crafted_images import anmf, riff, riff_chunk, vp8, vp8l, vp8x

LIMITS = Limits()
ALPHA = riff_chunk(b"ALPH", b"\0\1\2")
EXIF = riff_chunk(b"EXIF", b"odd")
ANIMATED = vp8x(flags=0x02)
ANIM = riff_chunk(b"ANIM", bytes(6))

FAULTS = {
    "no chunk": riff(),
    "a size that is too small for its letters": riff(vp8(), size=3),
    "a size past the end": riff(vp8(), size=len(riff(vp8())) - 7),
    "a size that cuts the picture": riff(vp8(), size=20),
    "metadata instead of a picture": riff(EXIF, vp8()),
    "an animation without its header": riff(anmf(vp8())),
    "an inter frame": riff(vp8(key=False)),
    "another start code": riff(vp8().replace(b"\x9d\x01\x2a", b"\x9d\x01\x2b")),
    "a first partition past its chunk": riff(vp8(first_partition=4)),
    "a VP8 frame cut off": riff(riff_chunk(b"VP8 ", vp8()[8:16])),
    "a VP8 frame without width": riff(vp8(width=0)),
    "another VP8L signature": riff(vp8l().replace(b"\x2f", b"\x2e")),
    "a version of VP8L that does not exist": riff(vp8l(version=1)),
    "a VP8L frame without data": riff(riff_chunk(b"VP8L", vp8l()[8:13])),
    "a chunk after the picture past the end": riff(vp8(), EXIF[:-3]),
    "half a chunk header after the picture": riff(vp8(), b"EXIF\1"),
    **{
        f"a chunk named {name!r}": riff(vp8x(), vp8(), riff_chunk(name, b"ab"))
        for name in (bytes(4), b"EX\0\0", b"\xffXIF", b"EX\nF", b"\x7fXIF")
    },
    "a chunk without a name before the picture": riff(vp8x(), riff_chunk(b"\1\2\3\4", b""), vp8()),
    "a chunk without a name in a frame": riff(ANIMATED, ANIM, anmf(vp8() + riff_chunk(bytes(4), b""))),
    "an extended file without a picture": riff(vp8x(), EXIF),
    "an extended header that is too short": riff(riff_chunk(b"VP8X", bytes(9)), vp8()),
    "an extended file of two pictures": riff(vp8x(), vp8(), vp8()),
    "a picture of another size than its canvas": riff(vp8x(4, 2), vp8()),
    "an animation without frames": riff(ANIMATED, ANIM),
    "a still picture where frames must be": riff(ANIMATED, vp8()),
    "a frame outside the canvas": riff(ANIMATED, ANIM, anmf(vp8(), x=2)),
    "a frame below the canvas": riff(ANIMATED, ANIM, anmf(vp8(), y=2)),
    "a frame without a picture": riff(ANIMATED, ANIM, anmf(ALPHA)),
    "a frame of two pictures": riff(ANIMATED, ANIM, anmf(vp8() + vp8())),
    "a frame with a picture of another size": riff(ANIMATED, ANIM, anmf(vp8(2, 2))),
    "a frame with a picture cut off": riff(ANIMATED, ANIM, anmf(vp8()[:-2])),
}

ODDITIES = {
    "lossy": (riff(vp8()), 1),
    "lossless": (riff(vp8l()), 1),
    "metadata after a simple picture": (riff(vp8(), EXIF), 1),
    "unknown chunks": (riff(vp8x(), riff_chunk(b"abcd", b"x"), vp8(), riff_chunk(b"efgh", b"")), 1),
    "alpha before the picture": (riff(vp8x(flags=0x10), ALPHA, vp8()), 1),
    "an odd last chunk without its padding": (riff(vp8x(), vp8(), EXIF[:-1]), 1),
    "a chunk named XMP and a zero byte": (riff(vp8x(), vp8(), riff_chunk(b"XMP\0", b"<x:xmpmeta/>")), 1),
    "scale bits above the width": (riff(vp8(width=3 | 1 << 14)), 1),
    "frames of both kinds": (riff(ANIMATED, ANIM, anmf(ALPHA + vp8()), anmf(vp8l(1, 1), 1, 1, x=2), EXIF), 2),
}


def size_of(body: bytes) -> tuple[int, int, int]:
    """Width, height and frames."""
    image = verify(body, LIMITS)
    return image.width, image.height, image.frames


@pytest.mark.parametrize("body", list(FAULTS.values()), ids=list(FAULTS))
def test_webp_is_invalid_when_faulty(body: bytes) -> None:
    with pytest.raises(InvalidImage, match=r"^The WebP .*\.$") as refused:
        verify(body, LIMITS)
    assert refused.value.reason


@pytest.mark.parametrize(("body", "frames"), list(ODDITIES.values()), ids=list(ODDITIES))
def test_webp_is_accepted_when_odd_but_whole(body: bytes, frames: int) -> None:
    assert size_of(body) == (3, 2, frames)


@pytest.mark.parametrize(
    ("is_corrupt", "side", "zeros"), [(True, 3, 256), (False, 3, 255), (True, 512, 2304), (False, 512, 2303)]
)
@pytest.mark.parametrize("form", ["simple", "extended", "animated"])
def test_webp_is_corrupt_when_its_vp8_data_has_a_hole(form: str, *, is_corrupt: bool, side: int, zeros: int) -> None:
    """A blank picture has one zero byte for 128 pixels or more."""
    data = vp8(side, side, data=b"data" + bytes(zeros) + b"\1")
    body = {
        "simple": riff(data),
        "extended": riff(vp8x(side, side), data, riff_chunk(b"EXIF", bytes(9999))),
        "animated": riff(vp8x(side, side, flags=2), ANIM, anmf(vp8(1, 1), 1, 1), anmf(data, side, side)),
    }[form]
    if not is_corrupt:
        assert verify(body, LIMITS).width == side
        return
    with pytest.raises(CorruptImage, match=r"^The WebP is damaged: .* hole .*\.$"):
        verify(body, LIMITS)


@pytest.mark.parametrize("color", ["black", "white", "red"])
@pytest.mark.parametrize("lossless", [True, False])
def test_blank_webp_is_accepted(color: str, *, lossless: bool) -> None:
    target = BytesIO()
    Pillow.new("RGB", (2000, 1500), color).save(target, "WEBP", lossless=lossless)
    assert verify(target.getvalue(), LIMITS).width == 2000


@pytest.mark.parametrize("header", [vp8(16383, 16383), vp8l(16384, 16384), vp8x(2**24, 2**24)])
def test_webp_is_refused_when_its_header_has_too_many_pixels(header: bytes) -> None:
    """The parser does not read the chunks after it, which are damaged."""
    with pytest.raises(TooManyPixels):
        verify(riff(header, b"damaged"), LIMITS)


def test_webp_is_refused_at_the_first_frame_over_the_limit() -> None:
    with pytest.raises(TooManyFrames):
        verify(riff(ANIMATED, *[anmf(vp8())] * 11, b"damaged"), Limits(max_image_frames=10))
