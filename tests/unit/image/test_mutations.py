"""Whatever the bytes, a walk ends, and ends with an image or with one of its own errors."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intake.image.verify import verify
from intake.model.errors import EmptyBody, InvalidImage, TooManyFrames, TooManyPixels, UnsupportedType
from intake.model.image_info import ImageInfo
from intake.model.limits import IMAGE_TYPES, Limits
from support.sample_images import SAMPLES

LIMITS = Limits(max_image_pixels=1_000_000, max_image_frames=50)
ITS_OWN = (EmptyBody, InvalidImage, TooManyFrames, TooManyPixels, UnsupportedType)
MAGIC = (
    b"\xff\xd8\xff",
    b"\x89PNG\r\n\x1a\n",
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
    b"GIF89a",
    b"GIF89a\1\0\1\0\0\0\0",
    b"RIFF\x40\0\0\0WEBPVP8 ",
    b"RIFF\x40\0\0\0WEBPVP8L",
    b"RIFF\x40\0\0\0WEBPVP8X\x0a\0\0\0\2\0\0\0",
    b"BM\x80\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0",
    b"II*\0\x08\0\0\0",
    b"MM\0*\0\0\0\x08",
    b"II+\0\x08\0\0\0\x10\0\0\0\0\0\0\0",
    b"\0\0\0\x14ftypavif\0\0\0\0avif",
    b"\0\0\0\x14ftypavis\0\0\0\0avis\0\0\0\0moov",
)
REAL = [sample.data for sample in SAMPLES.values()]
relaxed = settings(max_examples=200, deadline=None, database=None)
somewhere = st.integers(min_value=0, max_value=1 << 16)


def try_to_inspect(body: bytes) -> None:
    with suppress(*ITS_OWN):
        image = verify(body, LIMITS)
        assert isinstance(image, ImageInfo)
        assert image.type in IMAGE_TYPES
        assert 0 < image.width * image.height <= LIMITS.max_image_pixels
        assert 0 < image.frames <= LIMITS.max_image_frames


@pytest.mark.parametrize("magic", MAGIC)
@given(rest=st.binary(max_size=300))
@relaxed
def test_any_bytes_after_a_signature(magic: bytes, rest: bytes) -> None:
    try_to_inspect(magic + rest)


@given(st.binary(max_size=100))
@relaxed
def test_any_bytes(body: bytes) -> None:
    try_to_inspect(body)


@given(st.sampled_from(REAL), st.lists(st.tuples(somewhere, st.integers(0, 255)), min_size=1, max_size=8))
@relaxed
def test_a_file_with_other_bytes_here_and_there(data: bytes, changes: list[tuple[int, int]]) -> None:
    body = bytearray(data)
    for at, byte in changes:
        body[at % len(body)] = byte
    try_to_inspect(bytes(body))


@given(
    st.sampled_from(REAL),
    somewhere,
    st.sampled_from((b"\0\0\0\0", b"\xff" * 4, b"\xff" * 8, b"\x7f\xff\xff\xff", b"\x80\0\0\0")),
)
@relaxed
def test_a_file_with_an_extreme_number_somewhere(data: bytes, at: int, number: bytes) -> None:
    at %= len(data)
    try_to_inspect(data[:at] + number + data[at + len(number) :])


@given(st.sampled_from(REAL), somewhere, st.binary(max_size=20))
@relaxed
def test_a_file_with_bytes_put_in(data: bytes, at: int, extra: bytes) -> None:
    at %= len(data)
    try_to_inspect(data[:at] + extra + data[at:])


@given(st.sampled_from(REAL), somewhere, somewhere)
@relaxed
def test_a_file_with_bytes_taken_out(data: bytes, one: int, other: int) -> None:
    start, end = sorted((one % len(data), other % len(data)))
    try_to_inspect(data[:start] + data[end:])


@given(st.sampled_from(REAL), st.sampled_from(REAL), somewhere, somewhere)
@relaxed
def test_the_beginning_of_one_file_with_the_end_of_another(one: bytes, other: bytes, cut: int, seam: int) -> None:
    try_to_inspect(one[: cut % len(one)] + other[seam % len(other) :])
