"""`verify` ends well for any bytes: it returns an image within the limits, or raises one of its own errors."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intake.image.verify import FORMATS, verify
from intake.model.errors import EmptyBody, InvalidImage, TooManyFrames, TooManyPixels, UnsupportedType
from intake.model.image_info import ImageInfo
from intake.model.limits import Limits
from support.sample_images import SAMPLES

LIMITS = Limits(max_image_pixels=1_000_000, max_image_frames=50)
EXPECTED_ERRORS = (EmptyBody, InvalidImage, TooManyFrames, TooManyPixels, UnsupportedType)
SIGNATURES = (
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
WHOLE_FILES = [sample.data for sample in SAMPLES.values()]
many_examples = settings(max_examples=200, deadline=None, database=None)
positions = st.integers(min_value=0, max_value=1 << 16)


def check_verify_ends_well(body: bytes) -> None:
    with suppress(*EXPECTED_ERRORS):
        image = verify(body, LIMITS)
        assert isinstance(image, ImageInfo)
        assert image.type in FORMATS
        assert 0 < image.width * image.height <= LIMITS.max_image_pixels
        assert 0 < image.frames <= LIMITS.max_image_frames


@pytest.mark.parametrize("signature", SIGNATURES)
@given(rest=st.binary(max_size=300))
@many_examples
def test_verify_ends_well_for_any_bytes_after_signature(signature: bytes, rest: bytes) -> None:
    check_verify_ends_well(signature + rest)


@given(st.binary(max_size=100))
@many_examples
def test_verify_ends_well_for_any_bytes(body: bytes) -> None:
    check_verify_ends_well(body)


@given(st.sampled_from(WHOLE_FILES), st.lists(st.tuples(positions, st.integers(0, 255)), min_size=1, max_size=8))
@many_examples
def test_verify_ends_well_when_some_bytes_change(data: bytes, changes: list[tuple[int, int]]) -> None:
    body = bytearray(data)
    for at, byte in changes:
        body[at % len(body)] = byte
    check_verify_ends_well(bytes(body))


@given(
    st.sampled_from(WHOLE_FILES),
    positions,
    st.sampled_from((b"\0\0\0\0", b"\xff" * 4, b"\xff" * 8, b"\x7f\xff\xff\xff", b"\x80\0\0\0")),
)
@many_examples
def test_verify_ends_well_when_a_number_is_extreme(data: bytes, at: int, number: bytes) -> None:
    at %= len(data)
    check_verify_ends_well(data[:at] + number + data[at + len(number) :])


@given(st.sampled_from(WHOLE_FILES), positions, st.binary(max_size=20))
@many_examples
def test_verify_ends_well_when_bytes_are_inserted(data: bytes, at: int, extra: bytes) -> None:
    at %= len(data)
    check_verify_ends_well(data[:at] + extra + data[at:])


@given(st.sampled_from(WHOLE_FILES), positions, positions)
@many_examples
def test_verify_ends_well_when_bytes_are_removed(data: bytes, one: int, other: int) -> None:
    start, end = sorted((one % len(data), other % len(data)))
    check_verify_ends_well(data[:start] + data[end:])


@given(st.sampled_from(WHOLE_FILES), st.sampled_from(WHOLE_FILES), positions, positions)
@many_examples
def test_verify_ends_well_when_two_files_are_joined(one: bytes, other: bytes, cut: int, seam: int) -> None:
    check_verify_ends_well(one[: cut % len(one)] + other[seam % len(other) :])
