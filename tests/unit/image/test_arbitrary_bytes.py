"""`verify` on any bytes: it returns an image within the limits, or raises one of its own errors.

tests/fuzz does the same with mutated images.
"""

from contextlib import suppress
from struct import pack

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intake.image.formats import FORMATS
from intake.image.verify import verify
from intake.model.error_codes import (
    CorruptImage,
    EmptyBody,
    InvalidImage,
    TooManyFrames,
    TooManyPixels,
    UnsupportedType,
)
from intake.model.limits import Limits
from support.crafted_codestreams import codestream, jls, jp2
from support.crafted_images import jpeg, segment

LIMITS = Limits(image_types=tuple(FORMATS), max_image_pixels=1_000_000, max_image_frames=50)
OWN_ERRORS = (CorruptImage, EmptyBody, InvalidImage, TooManyFrames, TooManyPixels, UnsupportedType)
SIGNATURES = (
    b"",
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
    b"\0\0\0\x14ftypheic\0\0\0\0heic",
    b"\0\0\0\x14ftypmif1\0\0\0\0heic\0\0\1\0meta\0\0\0\0",
    b"\0\0\0\x14ftypmif1\0\0\0\0",
    b"\0\0\0\x0cJXL \r\n\x87\n\0\0\0\x14ftypjxl \0\0\0\0jxl \0\0\0\0jxlc\xff\x0a",
    b"\0\0\0\x0cJXL \r\n\x87\n\0\0\0\x14ftypjxl \0\0\0\0jxl \0\0\0\0jxlc\xff\x0a\x10\0\x08\x08\0",
    b"\0\0\0\x14ftypavis\0\0\0\0avis\0\0\0\0moov",
    b"\0\0\1\0\1\0\x10\x10\0\0\1\0\x18\0\x80\0\0\0\x16\0\0\0",
    b"\0\0\2\0\1\0\x10\x10\0\0\1\0\x18\0\x80\0\0\0\x16\0\0\0\x28\0\0\0",
    codestream(end=b"")[:-20],
    jp2(b"\0\0\0\0jp2c"),
    jls(end=b""),
    b"\xff\xd8\xff\xe8\0\x06\0\0\0\1\xff\xf7",
    b"P2 3 2 255 ",
    b"P6 ",
    b"P7\n",
)


@pytest.mark.parametrize("signature", SIGNATURES)
@given(rest=st.binary(max_size=300))
@settings(max_examples=200, database=None)
def test_verify_returns_image_or_raises_its_own_error_for_any_bytes(signature: bytes, rest: bytes) -> None:
    with suppress(*OWN_ERRORS):
        image = verify(signature + rest, LIMITS)
        assert image.type in FORMATS
        assert 0 < image.width * image.height <= LIMITS.max_image_pixels
        assert 0 < image.frames <= LIMITS.max_image_frames


XMP = b"http://ns.adobe.com/xap/1.0/\0<c:Item/><c:Item "
SEGMENTS = ((0xE1, XMP), (0xE2, b"MPF\0II*\0\x08\0\0\0\1\0\2\xb0"), (0xE2, b"MPF\0MM\0*"), (0xC4, b"\x10"), (0xC4, b""))


@pytest.mark.parametrize(("marker", "start"), SEGMENTS)
@given(rest=st.one_of(st.binary(max_size=200), st.from_regex(rb"(?:[a-z]+:(?:Length|Mime|Padding)=[\"'0-9]+ )+")))
@settings(max_examples=200, database=None)
def test_verify_returns_image_or_raises_its_own_error_for_any_segment(marker: int, start: bytes, rest: bytes) -> None:
    """These segments are read only where a whole JPEG is around them."""
    with suppress(*OWN_ERRORS):
        assert verify(jpeg(segment(marker, start + rest)), LIMITS).width == 3


@given(rest=st.binary(max_size=100), size=st.integers(0, 100))
@settings(max_examples=300, database=None)
def test_verify_returns_image_or_raises_its_own_error_for_any_trailer(rest: bytes, size: int) -> None:
    with suppress(*OWN_ERRORS):
        assert verify(jpeg()[:-2] + b"SEFH" + rest + pack("<I4s", size, b"SEFT"), LIMITS).width == 3
