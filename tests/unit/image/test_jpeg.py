"""JPEG: faults that are refused, and odd files that are accepted."""

import pytest

from intake.image.verify import verify
from intake.model.error_codes import InvalidImage, TooManyPixels, UnsupportedType
from intake.model.limits import Limits
from support.crafted_images import jpeg, segment
from support.sample_images import SAMPLES

LIMITS = Limits()
WHOLE = jpeg()
FRAME = WHOLE[2 : WHOLE.index(b"\xff\xda")]
SCAN = WHOLE[WHOLE.index(b"\xff\xda") : -2]
SOI, EOI = b"\xff\xd8", b"\xff\xd9"
COMMENT = segment(0xFE, b"a comment")

FAULTS = {
    "nothing but start and end": SOI + COMMENT + EOI,
    "a frame without a scan": SOI + FRAME + EOI,
    "a scan before the frame": SOI + SCAN + FRAME + SCAN + EOI,
    "a scan without data": SOI + FRAME + SCAN[:-2] + EOI,
    "two frame headers": SOI + FRAME + FRAME + SCAN + EOI,
    "a second start": SOI + FRAME + SCAN + SOI + FRAME + SCAN + EOI,
    "no end": SOI + FRAME + SCAN,
    "half an end": SOI + FRAME + SCAN + b"\xff",
    "an end that is stuffed": SOI + FRAME + SCAN + b"\xff\x00\xd9",
    "an end only inside a segment": SOI + FRAME + SCAN + segment(0xE1, EOI),
    "noise between segments that is a marker": SOI + COMMENT + b"noise\xff\xd8" + FRAME + SCAN + EOI,
    "noise and no end": SOI + FRAME + SCAN + COMMENT + b"noise\xff\xff\xff\0",
    "a reserved marker": SOI + segment(0x02, b"") + FRAME + SCAN + EOI,
    "a reserved marker inside a scan": SOI + FRAME + SCAN + b"\xff\x02\x00\x02" + EOI,
    "a length shorter than its own field": SOI + b"\xff\xfe\x00\x01" + FRAME + SCAN + EOI,
    "a length past the end": SOI + FRAME + SCAN + b"\xff\xfe\xff\xff" + EOI,
    "no width": jpeg(width=0),
    "a height left to a DNL segment": jpeg(height=0),
    "a frame of no components": SOI + segment(0xC0, b"\x08\0\1\0\1\0") + SCAN + EOI,
    "a frame of fewer components than announced": SOI + segment(0xC0, b"\x08\0\1\0\1\3\1\x11\0") + SCAN + EOI,
    "an empty frame header": SOI + segment(0xC0, b"") + SCAN + EOI,
    "a scan of no components": SOI + FRAME + segment(0xDA, b"\0\0\x3f\0") + b"\x12" + EOI,
    "a scan of fewer components than announced": SOI + FRAME + segment(0xDA, b"\3\0\0\x3f\0") + b"\x12" + EOI,
    "an empty scan header": SOI + FRAME + segment(0xDA, b"") + b"\x12" + EOI,
}

ODDITIES = {
    "nothing odd": WHOLE,
    "noise between segments": SOI + COMMENT + b"noise" + FRAME + SCAN + EOI,
    "zeros between segments": SOI + COMMENT + bytes(9) + FRAME + SCAN + EOI,
    "a stuffed byte between segments": SOI + COMMENT + b"\xff\x00" + FRAME + SCAN + EOI,
    "noise after fill bytes": SOI + COMMENT + b"\xff\xff\x00\xff\xff" + FRAME + SCAN + EOI,
    "noise before every marker": SOI + COMMENT + b"\0" + FRAME + b"a\xff\0" + SCAN + COMMENT + b"\xff\0\0" + EOI,
    "many scans": SOI + FRAME + SCAN * 5 + EOI,
    "tables between scans": SOI + FRAME + SCAN + segment(0xC4, bytes(17)) + SCAN + EOI,
    "fill bytes before every marker": SOI + b"\xff" * 9 + FRAME + b"\xff" + SCAN + b"\xff" * 99 + EOI,
    "restarts": SOI + FRAME + SCAN + b"\xff\xd0\x01\xff\xd1\x02\xff\xd7" + EOI,
    "stuffed bytes": SOI + FRAME + SCAN + b"\xff\x00\xff\x00" + EOI,
    "a stray restart between segments": SOI + b"\xff\xd0" + FRAME + SCAN + EOI,
    "a picture inside a segment": SOI + segment(0xE1, b"Exif\0\0" + WHOLE) + FRAME + SCAN + EOI,
    "an empty segment": SOI + segment(0xE0, b"") + FRAME + SCAN + EOI,
    "a second picture after the end": WHOLE + jpeg(width=9),
    "half a picture after the end": WHOLE + jpeg(width=9)[:12],
}


def size_of(body: bytes) -> tuple[int, int, int]:
    """Width, height and frames."""
    image = verify(body, LIMITS)
    return image.width, image.height, image.frames


@pytest.mark.parametrize("body", list(FAULTS.values()), ids=list(FAULTS))
def test_jpeg_is_invalid_when_faulty(body: bytes) -> None:
    with pytest.raises(InvalidImage, match=r"^The JPEG .*\.$") as refused:
        verify(body, LIMITS)
    assert refused.value.reason


@pytest.mark.parametrize("body", list(ODDITIES.values()), ids=list(ODDITIES))
def test_jpeg_is_accepted_when_odd_but_whole(body: bytes) -> None:
    assert size_of(body) == (3, 2, 1)


@pytest.mark.parametrize("fault", ["no end", "half an end", "an end that is stuffed", "a length past the end"])
def test_jpeg_message_tells_truncation_from_damage(fault: str) -> None:
    with pytest.raises(InvalidImage, match=r"^The JPEG ends before its EOI marker\.$"):
        verify(FAULTS[fault], LIMITS)
    with pytest.raises(InvalidImage, match=r"^The JPEG is damaged: a marker is out of place\.$"):
        verify(FAULTS["a second start"], LIMITS)


def test_jpeg_does_not_end_with_its_exif_thumbnail() -> None:
    body = SAMPLES["jpeg: exif thumbnail"].data
    thumbnail_end = body.index(EOI) + 2
    assert thumbnail_end < len(body)
    with pytest.raises(InvalidImage):
        verify(body[:thumbnail_end], LIMITS)


@pytest.mark.parametrize("before", [segment(0xFE, b"ab"), segment(0xE8, b"SPIFF\0"), b"\xff\xfe\0\2" * 3])
def test_jpeg_ls_is_unsupported_when_other_segments_come_first(before: bytes) -> None:
    with pytest.raises(UnsupportedType, match=r"^This is a JPEG-LS image; accepted types: "):
        verify(b"\xff\xd8" + before + segment(0xF7, bytes(9)) + segment(0xDA, bytes(6)) + b"a\xff\xd9", LIMITS)


def test_jpeg_is_accepted_when_the_marker_of_jpeg_ls_follows_its_frame() -> None:
    assert verify(SOI + FRAME + segment(0xF7, bytes(9)) + SCAN + EOI, LIMITS).width == verify(WHOLE, LIMITS).width


def test_jpeg_is_refused_when_its_frame_header_has_too_many_pixels() -> None:
    """The parser does not search for the end, which is missing."""
    with pytest.raises(TooManyPixels):
        verify(SOI + segment(0xC2, b"\x08\xff\xff\xff\xff\1\1\x11\0"), LIMITS)
