"""GIF: faults that are refused, and odd files that are accepted."""

import pytest

from intake.image.verify import verify
from intake.model.error_codes import CorruptImage, InvalidImage, TooManyFrames, TooManyPixels
from intake.model.image_info import ImageWarning
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
    "a block of no known kind": gif(gif_frame(), b"\1"),
    "zeros to the end": gif(gif_frame(), bytes(9), trailer=b""),
    "zeros before a block of no known kind": gif(gif_frame(), bytes(9), b"\1"),
    "an extension cut off": gif(gif_frame(), b"!", trailer=b""),
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


@pytest.mark.parametrize(("width", "height"), [(0, 0), (0, 2), (3, 0), (0, 9999)])
def test_gif_has_the_size_of_its_first_frame_when_its_screen_has_no_pixels(width: int, height: int) -> None:
    body = gif(CONTROL, gif_frame(width=7, height=5), gif_frame(), width=width, height=height)
    assert size_of(body) == (7, 5, 2)
    with pytest.raises(InvalidImage):
        verify(gif(COMMENT, width=width, height=height), LIMITS)


def test_gif87a_is_accepted() -> None:
    assert size_of(gif(gif_frame()).replace(b"GIF89a", b"GIF87a")) == (3, 2, 1)


@pytest.mark.parametrize("zeros", [1, 2, 2047])
def test_zeros_between_blocks_are_skipped(zeros: int) -> None:
    """GIF87a, appendix A: what stands between two images is ignored."""
    padding = bytes(zeros)
    body = gif(padding, COMMENT, padding, CONTROL, padding, gif_frame(), padding, gif_frame(), padding)
    assert size_of(body) == (3, 2, 2)


@pytest.mark.parametrize(
    "blocks",
    [(gif_frame(), bytes(2048)), (gif_frame(), bytes(4096), gif_frame()), (gif_frame(data=b"\x44" + bytes(4096)),)],
)
@pytest.mark.parametrize("trailer", [b";", b""])
def test_gif_is_corrupt_when_a_hole_is_between_blocks(blocks: tuple[bytes, ...], trailer: bytes) -> None:
    """A hole in the data of a frame ends the frame."""
    with pytest.raises(CorruptImage):
        verify(gif(*blocks, trailer=trailer), LIMITS)


@pytest.mark.parametrize("blocks", [(gif_frame(),), (CONTROL, gif_frame(), COMMENT, CONTROL, gif_frame())])
def test_gif_without_trailer_is_accepted_when_its_length_is_known(blocks: tuple[bytes, ...]) -> None:
    whole, body = gif(*blocks), gif(*blocks, trailer=b"")
    expected = verify(whole, LIMITS)._replace(warnings=(ImageWarning.MISSING_TRAILER,))
    assert expected == verify(body, LIMITS, len(body))
    for other in (None, len(body) - 1, len(body) + 1):
        with pytest.raises(InvalidImage, match=r"^The GIF ends before its trailer\.$"):
            verify(body, LIMITS, other)


@pytest.mark.parametrize(
    "blocks",
    [
        (),
        (COMMENT,),
        (gif_frame(), CONTROL),
        (gif_frame(), COMMENT),
        (gif_frame(), b"\0"),
        (gif_frame(), bytes(9)),
        (gif_frame(), b"!"),
        (gif_frame(), b","),
        (gif_frame(), gif_frame()[:-1]),
    ],
)
def test_gif_without_trailer_is_invalid_when_it_does_not_end_with_a_frame(blocks: tuple[bytes, ...]) -> None:
    """A control block announces another frame; zeros may be a hole."""
    body = gif(*blocks, trailer=b"")
    with pytest.raises(InvalidImage):
        verify(body, LIMITS, len(body))


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
