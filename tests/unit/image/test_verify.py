"""What holds for every type of image."""

from io import BytesIO

import pytest
from PIL import Image as Pillow

from intake.image.verify import HEAD_BYTES, identify, verify
from intake.model.errors import EmptyBody, InvalidImage, TooManyFrames, TooManyPixels, UnsupportedType
from intake.model.image_info import ImageInfo
from intake.model.limits import IMAGE_TYPES, Limits
from support.sample_images import SAMPLES, Sample, jpeg_of_size, picture

LIMITS = Limits()

each_sample = pytest.mark.parametrize("sample", list(SAMPLES.values()), ids=list(SAMPLES))
each_animation = pytest.mark.parametrize(
    "sample", [pytest.param(sample, id=name) for name, sample in SAMPLES.items() if sample.frames > 1]
)


@each_sample
def test_a_whole_image_is_known_by_type_size_and_frames(sample: Sample) -> None:
    assert ImageInfo(sample.type, sample.width, sample.height, sample.frames) == verify(sample.data, LIMITS)


@pytest.mark.parametrize(
    "sample", [pytest.param(sample, id=name) for name, sample in SAMPLES.items() if sample.decodes]
)
def test_a_decoder_agrees(sample: Sample) -> None:
    with Pillow.open(BytesIO(sample.data)) as opened:
        frames = getattr(opened, "n_frames", 1)
        found = ((opened.format or "").lower(), *opened.size, frames)
        for frame in range(frames):
            opened.seek(frame)
            opened.load()
    assert (sample.type, sample.width, sample.height, sample.frames) == found


@each_sample
def test_every_strict_prefix_is_refused(sample: Sample) -> None:
    """Wherever a transfer breaks off, it is noticed."""
    for size in range(len(sample.data) - sample.padding):
        with pytest.raises((InvalidImage, UnsupportedType, EmptyBody)):
            verify(sample.data[:size], LIMITS)


@pytest.mark.parametrize("type_", IMAGE_TYPES)
def test_a_real_picture_that_lost_its_last_byte_is_refused(type_: str) -> None:
    body = picture(90, 60, 1, type_)
    assert ImageInfo(type_, 90, 60, 1) == verify(body, LIMITS)
    with pytest.raises(InvalidImage):
        verify(body[:-1], LIMITS)


@each_sample
@pytest.mark.parametrize("tail", [b"\0", b"\0" * 100, b"trailing bytes that nobody announced", b"\xff\xd9"])
def test_bytes_after_a_whole_image_are_kept(sample: Sample, tail: bytes) -> None:
    assert verify(sample.data, LIMITS) == verify(sample.data + tail, LIMITS)


@each_sample
def test_the_first_bytes_tell_the_type(sample: Sample) -> None:
    assert sample.type == identify(sample.data[:HEAD_BYTES], IMAGE_TYPES)
    assert sample.type == identify(memoryview(sample.data), IMAGE_TYPES)


@pytest.mark.parametrize("type_", IMAGE_TYPES)
def test_a_type_that_is_not_accepted_is_unsupported(type_: str) -> None:
    others = tuple(other for other in IMAGE_TYPES if other != type_)
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
        b"\0\0\0\x1cftypheic\0\0\0\0mif1heic\0\0\0\0",
        b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(20),
        b"\xff\x0a" + bytes(20),
        b"\0\0\1\0\1\0\x10\x10" + bytes(20),
        b"RIFF\x24\0\0\0WAVEfmt " + bytes(20),
        b"\x1f\x8b\x08" + bytes(20),
        bytes(64),
        b"\xff",
        b"B",
    ],
)
def test_what_is_no_image_is_unsupported(body: bytes) -> None:
    with pytest.raises(UnsupportedType):
        identify(body[:HEAD_BYTES], IMAGE_TYPES)
    with pytest.raises(UnsupportedType):
        verify(body, LIMITS)


@pytest.mark.parametrize("body", [b"", bytearray(), memoryview(b"")])
def test_a_body_without_a_byte_is_empty(body: bytes | bytearray | memoryview) -> None:
    with pytest.raises(EmptyBody):
        verify(body, LIMITS)


@each_sample
def test_any_buffer_will_do_and_is_let_go(sample: Sample) -> None:
    """The fetcher's bytearray can grow again: nothing holds on to it."""
    body = bytearray(sample.data)
    inside = memoryview(b"before" + sample.data)[6:]
    found = [verify(buffer, LIMITS) for buffer in (sample.data, body, memoryview(body), inside)]
    assert [found[0]] * 4 == found
    body.clear()


def test_a_refused_body_is_let_go_too() -> None:
    """The error may live on in a receipt or a log; the megabytes must not live with it."""
    body = bytearray(jpeg_of_size(20_000, 1)[:-2])
    with pytest.raises(InvalidImage) as refused:
        verify(body, LIMITS)
    body.clear()
    assert refused.match(r"^The JPEG ends before its EOI marker\.$")


@each_sample
def test_as_many_pixels_as_the_limit_pass_and_one_more_does_not(sample: Sample) -> None:
    pixels = sample.width * sample.height
    assert verify(sample.data, Limits(max_image_pixels=pixels)).width == sample.width
    with pytest.raises(TooManyPixels):
        verify(sample.data, Limits(max_image_pixels=pixels - 1))


@each_animation
def test_as_many_frames_as_the_limit_pass_and_one_more_does_not(sample: Sample) -> None:
    assert sample.frames == verify(sample.data, Limits(max_image_frames=sample.frames)).frames
    with pytest.raises(TooManyFrames):
        verify(sample.data, Limits(max_image_frames=sample.frames - 1))


@pytest.mark.parametrize("name", ["jpeg: baseline", "gif: static", "bmp: rgb"])
@pytest.mark.parametrize("other", IMAGE_TYPES)
def test_the_bytes_tell_the_type_and_not_what_follows(name: str, other: str) -> None:
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
    ],
)
def test_the_type_names_the_object(type_: str, content_type: str, extension: str) -> None:
    image = ImageInfo(type_, 1, 1, 1)
    assert (content_type, extension) == (image.content_type, image.extension)


@pytest.mark.parametrize("size", [1000, 1001, 4096, 70_000, 153_600, 200_001])
def test_a_jpeg_of_a_size_is_exactly_that_large_and_decodes(size: int) -> None:
    """The sample maker itself: other tests count on it."""
    body = jpeg_of_size(size, size)
    assert size == len(body)
    with Pillow.open(BytesIO(body)) as opened:
        opened.load()
        assert ImageInfo("jpeg", *opened.size, 1) == verify(body, LIMITS)
    assert body != jpeg_of_size(size, size + 1)
