"""`verify` and `identify` on every format."""

from dataclasses import replace
from io import BytesIO

import pytest
from PIL import Image as Pillow

from intake.image.formats import FORMATS, HEAD_BYTES
from intake.image.verify import identify, verify
from intake.model.error_codes import (
    EmptyBody,
    InvalidImage,
    TooFewPixels,
    TooManyFrames,
    TooManyPixels,
    UnsupportedType,
)
from intake.model.image_info import ImageWarning
from intake.model.limits import Limits
from support.sample_images import ANY_TYPE, SAMPLES, Sample, jpeg_of_size, picture

LIMITS = ANY_TYPE
NAMES = {"HEIF": "heic"}
"""Formats that Pillow calls by another name."""

each_format = pytest.mark.parametrize("type_", FORMATS)
each_sample = pytest.mark.parametrize("sample", list(SAMPLES.values()), ids=list(SAMPLES))
each_animation = pytest.mark.parametrize(
    "sample", [pytest.param(sample, id=name) for name, sample in SAMPLES.items() if sample.frames > 1]
)


@each_sample
def test_verify_returns_type_size_and_frames_of_whole_image(sample: Sample) -> None:
    image = verify(sample.data, LIMITS)
    assert (image.type, image.width, image.height, image.frames, image.warnings) == (
        sample.type,
        sample.width,
        sample.height,
        sample.frames,
        (),
    )


@pytest.mark.parametrize(
    "sample", [pytest.param(sample, id=name) for name, sample in SAMPLES.items() if sample.decodes]
)
def test_decoder_finds_the_same_type_size_and_frames(sample: Sample) -> None:
    with Pillow.open(BytesIO(sample.data)) as opened:
        frames = getattr(opened, "n_frames", 1)
        found = (NAMES.get(opened.format or "", (opened.format or "").lower()), *opened.size, frames)
        for frame in range(frames):
            opened.seek(frame)
            opened.load()
    assert (sample.type, sample.width, sample.height, sample.frames) == found


@each_sample
def test_verify_refuses_every_strict_prefix(sample: Sample) -> None:
    """A truncated transfer is detected at every length."""
    for size in range(len(sample.data) - sample.padding):
        with pytest.raises((InvalidImage, UnsupportedType, EmptyBody)):
            verify(sample.data[:size], LIMITS)


@each_format
def test_verify_refuses_picture_without_its_last_byte(type_: str) -> None:
    body = picture(90, 60, 1, type_)
    assert verify(body, LIMITS).type == type_
    with pytest.raises(InvalidImage):
        verify(body[:-1], LIMITS)


@each_sample
@pytest.mark.parametrize("tail", [b"\0", b"\0" * 100, b"trailing bytes that no header announces", b"\xff\xd9"])
def test_verify_accepts_bytes_after_whole_image_with_a_warning(sample: Sample, tail: bytes) -> None:
    """Fields of a TIFF may point to any byte."""
    warnings = () if sample.type == "tiff" else (ImageWarning.TRAILING_DATA,)
    assert verify(sample.data, LIMITS)._replace(warnings=warnings) == verify(sample.data + tail, LIMITS)


@each_sample
def test_identify_returns_type_from_first_bytes(sample: Sample) -> None:
    assert sample.type == identify(sample.data[:HEAD_BYTES], FORMATS)
    assert sample.type == identify(memoryview(sample.data), FORMATS)


@each_format
def test_type_is_unsupported_when_not_accepted(type_: str) -> None:
    others = tuple(other for other in FORMATS if other != type_)
    with pytest.raises(UnsupportedType):
        identify(picture(4, 4, 1, type_)[:HEAD_BYTES], others)
    with pytest.raises(UnsupportedType):
        verify(picture(4, 4, 1, type_), Limits(image_types=others))


@pytest.mark.parametrize(
    "body",
    [
        b"<!doctype html><html><body>404 Not Found</body></html>",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj",
        b'{"message": "no such image"}',
        b"BMW is a maker of cars, and this is a text.",
        b"\0\0\0\x14ftypvvic\0\0\0\0mif1",
        b"\xff\x0a" + bytes(20),
        b"\0\0\1\0\1\0\x10\x10" + bytes(20),
        b"RIFF\x24\0\0\0WAVEfmt " + bytes(20),
        b"\x1f\x8b\x08" + bytes(20),
        bytes(64),
        b"\xff",
        b"B",
    ],
)
def test_bytes_are_unsupported_when_not_an_image(body: bytes) -> None:
    with pytest.raises(UnsupportedType):
        identify(body[:HEAD_BYTES], FORMATS)
    with pytest.raises(UnsupportedType):
        verify(body, LIMITS)


@pytest.mark.parametrize("body", [b"", bytearray(), memoryview(b"")])
def test_verify_raises_empty_body_when_there_are_no_bytes(body: bytes | bytearray | memoryview) -> None:
    with pytest.raises(EmptyBody):
        verify(body, LIMITS)


@each_sample
def test_verify_accepts_any_buffer_and_releases_it(sample: Sample) -> None:
    """A bytearray with a memoryview on it could not be cleared."""
    body = bytearray(sample.data)
    inside = memoryview(b"before" + sample.data)[6:]
    found = [verify(buffer, LIMITS) for buffer in (sample.data, body, memoryview(body), inside)]
    assert [found[0]] * 4 == found
    body.clear()


def test_verify_releases_buffer_when_image_is_refused() -> None:
    """A receipt may keep the error; it must not keep megabytes."""
    body = bytearray(jpeg_of_size(20_000, 1)[:-2])
    with pytest.raises(InvalidImage) as refused:
        verify(body, LIMITS)
    body.clear()
    assert refused.match(r"^The JPEG ends before its EOI marker\.$")


@each_sample
def test_image_is_refused_when_pixels_exceed_limit(sample: Sample) -> None:
    pixels = sample.pixels
    assert verify(sample.data, replace(LIMITS, max_image_pixels=pixels)).width == sample.width
    with pytest.raises(TooManyPixels):
        verify(sample.data, replace(LIMITS, max_image_pixels=pixels - 1))


@each_sample
def test_image_is_refused_when_it_has_fewer_pixels_than_required(sample: Sample) -> None:
    """Its own size counts: the frames of animations and the pages of the TIFF may be smaller."""
    pixels = sample.width * sample.height
    assert verify(sample.data, replace(LIMITS, min_image_pixels=pixels)).width == sample.width
    message = rf" {sample.width} x {sample.height} pixels: {pixels} in all, and at least {pixels + 1} "
    with pytest.raises(TooFewPixels, match=message):
        verify(sample.data, replace(LIMITS, min_image_pixels=pixels + 1))


def test_truncated_image_is_invalid_however_small_it_is() -> None:
    with pytest.raises(InvalidImage):
        verify(picture(1, 1, 1)[:-1], Limits(min_image_pixels=2))


@each_animation
def test_image_is_refused_when_frames_exceed_limit(sample: Sample) -> None:
    assert sample.frames == verify(sample.data, replace(LIMITS, max_image_frames=sample.frames)).frames
    with pytest.raises(TooManyFrames):
        verify(sample.data, replace(LIMITS, max_image_frames=sample.frames - 1))


@pytest.mark.parametrize("name", ["jpeg: baseline", "gif: static", "bmp: rgb"])
@pytest.mark.parametrize("other", FORMATS)
def test_type_is_that_of_first_image_when_another_follows(name: str, other: str) -> None:
    assert SAMPLES[name].type == verify(SAMPLES[name].data + picture(4, 4, 1, other), LIMITS).type


@pytest.mark.parametrize(
    ("type_", "content_type", "extension"),
    [
        ("jpeg", "image/jpeg", "jpg"),
        ("png", "image/png", "png"),
        ("gif", "image/gif", "gif"),
        ("webp", "image/webp", "webp"),
        ("bmp", "image/bmp", "bmp"),
        ("tiff", "image/tiff", "tiff"),
        ("avif", "image/avif", "avif"),
        ("heic", "image/heic", "heic"),
        ("jxl", "image/jxl", "jxl"),
    ],
)
def test_format_has_content_type_and_extension(type_: str, content_type: str, extension: str) -> None:
    image = verify(picture(4, 4, 1, type_), LIMITS)
    assert (image.content_type, image.extension) == (content_type, extension)


def test_every_type_accepted_by_default_has_a_format() -> None:
    assert set(Limits().image_types) <= FORMATS.keys()


@pytest.mark.parametrize("size", [1000, 1001, 4096, 70_000, 153_600, 200_001])
def test_sample_jpeg_has_exactly_the_requested_size(size: int) -> None:
    """Tests of other packages depend on it."""
    body = jpeg_of_size(size, size)
    assert size == len(body)
    with Pillow.open(BytesIO(body)) as opened:
        opened.load()
        image = verify(body, LIMITS)
        assert (image.type, image.width, image.height) == ("jpeg", *opened.size)
    assert body != jpeg_of_size(size, size + 1)
