"""GIF: faults that are refused, and odd files that are accepted."""

import pytest

from intake.image.verify import verify
from intake.model.errors import InvalidImage, TooManyFrames, TooManyPixels
from intake.model.limits import Limits
from support.crafted_images import gif, gif_frame

LIMITS = Limits()
CONTROL = b"!\xf9\x04\0\0\0\0\0"
COMMENT = b"!\xfe\x05hello\0"

FAULTS = {
    "no frame": gif(COMMENT),
    "no trailer": gif(gif_frame(), trailer=b""),
    "another frame cut off": gif(gif_frame(), gif_frame()[:-3], trailer=b""),
    "a frame without data": gif(gif_frame(data=b"\0")),
    "sub-blocks without an end": gif(gif_frame(data=b"\x02\x44\x01"), trailer=b""),
    "a sub-block past the end": gif(gif_frame(data=b"\xff\x44\x01\0")),
    "a code size of 0": gif(gif_frame(code_size=0)),
    "a code size of 12": gif(gif_frame(code_size=12)),
    "a block of no known kind": gif(gif_frame(), b"\0"),
    "an extension cut off": gif(gif_frame(), b"!", trailer=b""),
    "a screen without width": gif(gif_frame(), width=0),
    "a frame without height": gif(gif_frame(height=0)),
    "nothing but a header": b"GIF89a\3\0\2\0\0\0\0",
    "a color table cut off": gif(trailer=b"")[:-1],
}


def size_of(body: bytes) -> tuple[int, int, int]:
    """Width, height and frames."""
    image = verify(body, LIMITS)
    return image.width, image.height, image.frames


@pytest.mark.parametrize("body", list(FAULTS.values()), ids=list(FAULTS))
def test_gif_is_invalid_when_faulty(body: bytes) -> None:
    with pytest.raises(InvalidImage, match=r"^The GIF .*\.$") as refused:
        verify(body, LIMITS)
    assert refused.value.reason


@pytest.mark.parametrize("code_size", range(1, 12))
def test_gif_is_accepted_with_every_valid_code_size(code_size: int) -> None:
    assert size_of(gif(gif_frame(code_size=code_size))) == (3, 2, 1)


def test_gif_frames_are_counted_between_extensions() -> None:
    body = gif(COMMENT, CONTROL, gif_frame(), COMMENT, CONTROL, gif_frame(width=1, height=1), COMMENT)
    assert size_of(body) == (3, 2, 2)


def test_gif_frame_may_have_its_own_color_table() -> None:
    frame = bytearray(gif_frame())
    frame[9] = 0x81
    frame[10:10] = bytes(12)
    assert size_of(gif(bytes(frame))) == (3, 2, 1)


def test_gif87a_is_accepted() -> None:
    assert size_of(gif(gif_frame()).replace(b"GIF89a", b"GIF87a")) == (3, 2, 1)


def test_gif_is_invalid_when_only_its_data_has_a_trailer_byte() -> None:
    with pytest.raises(InvalidImage):
        verify(gif(gif_frame(data=b"\x02;;\0"), trailer=b""), LIMITS)


@pytest.mark.parametrize("body", [gif(width=65535, height=65535), gif(gif_frame(width=65535, height=65535))])
def test_gif_is_refused_when_screen_or_frame_has_too_many_pixels(body: bytes) -> None:
    with pytest.raises(TooManyPixels):
        verify(body, LIMITS)


def test_gif_is_refused_at_the_first_frame_over_the_limit() -> None:
    with pytest.raises(TooManyFrames):
        verify(gif(*[gif_frame()] * 11, trailer=b"and no end"), Limits(max_image_frames=10))
