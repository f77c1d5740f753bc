"""JPEG-LS: faults that are refused, and odd files that are accepted."""

import pytest

from intake.image.verify import verify
from intake.model.error_codes import CorruptImage, InvalidImage, TooManyPixels, UnsupportedType
from intake.model.limits import Limits
from support.crafted_codestreams import jls, lse_size, scan
from support.crafted_images import jpeg, segment

LIMITS = Limits(image_types=("jls",))
BOTH = Limits(image_types=("jpeg", "jls"))
SPIFF = segment(0xE8, b"SPIFF\0\1\2" + bytes(22)) + segment(0xE8, b"\0\0\0\1")
PRESET = segment(0xF8, b"\1\0\xff\0\3\0\7\0\x15\0\x40")

WHOLE = {
    "a scan for each component": jls(*map(scan, (1, 2, 3)), components=(1, 2, 3)),
    "components in one scan": jls(scan(1, 2, 3, mode=2), components=(1, 2, 3)),
    "16 bits": jls(precision=16),
    "parameters of its own": jls(PRESET, scan()),
    "a table of colors": jls(segment(0xF8, b"\2\1\3" + bytes(9)), scan()),
    "its size in another segment": jls(lse_size(3, 2, 4), scan(), width=0, height=0),
    "its size in two bytes": jls(lse_size(3, 2, 2), scan(), width=0, height=0),
    "its height behind the scan": jls(scan(), segment(0xDC, b"\0\2"), height=0),
    "a height behind the scan that does not count": jls(scan(), segment(0xDC, b"\0\x63")),
    "restarts": jls(segment(0xDD, b"\0\1"), scan(data=b"ab\xff\xd0cd\xff\xd7")),
    "bytes FF in its data": jls(scan(data=b"\xff\x7f" * 99 + b"\xff\x02\xff\0")),
    "fill bytes": jls(end=b"\xff\xff\xff\xd9"),
}


@pytest.mark.parametrize("limits", [LIMITS, BOTH])
@pytest.mark.parametrize("before", [b"", SPIFF, segment(0xFE, b"a" * 3000), PRESET])
def test_jls_is_accepted_with_any_segments_before_its_frame(before: bytes, limits: Limits) -> None:
    """Such a file begins like any JPEG."""
    image = verify(jls(before=before), limits)
    assert (image.type, image.content_type, image.extension, *image[1:3]) == ("jls", "image/jls", "jls", 3, 2)


@pytest.mark.parametrize("body", list(WHOLE.values()), ids=list(WHOLE))
def test_jls_is_accepted(body: bytes) -> None:
    assert verify(body, LIMITS)[:4] == ("jls", 3, 2, 1)


FAULTS = {
    "a frame header that is too short": b"\xff\xd8" + segment(0xF7, b"\x08\0\2\0\3"),
    "no components": jls(components=()),
    "a precision of one bit": jls(precision=1),
    "a precision of 17 bits": jls(precision=17),
    "no width": jls(width=0),
    "no height": jls(height=0),
    "two frame headers": jls(jls()[2:-2]),
    "no scan": jls(PRESET),
    "a component without a scan": jls(scan(1), components=(1, 2)),
    "a scan of an unknown component": jls(scan(9)),
    "a scan of no components": jls(segment(0xDA, b"\0\0\0\0") + b"ab"),
    "a scan header of the wrong length": jls(segment(0xDA, b"\1\1\0\0\0") + b"ab"),
    "a scan of an unknown mode": jls(scan(mode=3)),
    "a scan without data": jls(scan(data=b"")),
    "a scan before the frame": b"\xff\xd8" + PRESET + scan() + jls()[2:],
    "a size in five bytes": jls(lse_size(3, 2, 5), scan(), width=0),
    "a size that is cut": jls(segment(0xF8, b"\4\4\0\0"), scan(), width=0),
    "no end": jls(end=b""),
    "an end without its last byte": jls()[:-1],
}


@pytest.mark.parametrize("body", list(FAULTS.values()), ids=list(FAULTS))
def test_jls_is_invalid_when_faulty(body: bytes) -> None:
    with pytest.raises(InvalidImage, match=r"^The JPEG-LS .*\.$") as refused:
        verify(body, LIMITS, len(body))
    assert refused.value.reason


@pytest.mark.parametrize("data", [bytes(64), b"ab" + bytes(5000), b"\xff" + bytes(65) + b"ab"])
def test_jls_is_corrupt_when_a_scan_has_a_hole(data: bytes) -> None:
    with pytest.raises(CorruptImage, match=r"^The JPEG-LS is damaged: .* hole of zero bytes\.$"):
        verify(jls(scan(1), scan(2, data=data), components=(1, 2)), LIMITS)


@pytest.mark.parametrize("data", [bytes(63), b"ab" + bytes(63) + b"ab"])
def test_jls_is_accepted_when_its_zeros_are_few(data: bytes) -> None:
    assert verify(jls(scan(data=data)), LIMITS).type == "jls"


def test_jls_is_refused_when_another_segment_has_too_many_pixels() -> None:
    with pytest.raises(TooManyPixels):
        verify(jls(lse_size(2**31, 2**31, 4), scan(), width=0, height=0), LIMITS)


@pytest.mark.parametrize(
    ("body", "accepted", "found"),
    [
        (jls(), "jpeg", "JPEG-LS"),
        (jls(before=SPIFF), "jpeg", "JPEG-LS"),
        (jpeg(), "jls", "JPEG"),
        (jpeg(SPIFF), "jls", "JPEG"),
        (jpeg(sof=0xC2), "jls", "JPEG"),
    ],
)
def test_jpeg_and_jls_are_told_apart_when_one_is_accepted(body: bytes, accepted: str, found: str) -> None:
    with pytest.raises(UnsupportedType, match=f"^This is a {found} image; accepted types: {accepted}\\.$"):
        verify(body, Limits(image_types=(accepted,)))
