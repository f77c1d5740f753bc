"""JPEG XL: its boxes, its headers and its frames."""

from dataclasses import replace
from struct import pack

import pytest

from intake.image.verify import verify
from intake.model.error_codes import InvalidImage, TooManyFrames, TooManyPixels, UnsupportedType
from intake.model.image_info import ImageWarning
from intake.model.limits import Limits
from support.crafted_images import box
from support.crafted_jxl import (
    ANIMATED,
    CONTAINER,
    DEFAULTS,
    JXL_ANIMATION,
    LAST,
    METADATA,
    PERMUTED,
    PLAIN,
    BitWriter,
    animation,
    codestream_of,
    frame,
    jxl,
    open_box,
    part,
    still,
    stream,
)
from support.sample_images import ANY_TYPE

STREAM = codestream_of(still())
HEAD = STREAM[: -len(LAST)]
PROFILE = [(0, 1), (0, 1), (0, 1), (0, 2), (1, 1), (0, 2), (1, 1), (0, 1), (1, 1), (0, 2), (0, 2)]
"""Image metadata with an ICC profile."""


def size_of(body: bytes, limits: Limits = ANY_TYPE) -> tuple[int, int, int]:
    image = verify(body, limits)
    return image.width, image.height, image.frames


FAULTS = {
    "no second box": CONTAINER[:12],
    "no brand": CONTAINER[:12] + box(b"jxlc", STREAM),
    "another brand": CONTAINER[:12] + box(b"ftyp", b"avif\0\0\0\0") + box(b"jxlc", STREAM),
    "no codestream": jxl(box(b"xml ")),
    "an empty codestream": jxl(box(b"jxlc")),
    "two codestreams": jxl(box(b"jxlc", STREAM), box(b"jxlc", STREAM)),
    "a codestream behind its parts": jxl(part(0, STREAM), box(b"jxlc", STREAM)),
    "a part behind the last one": jxl(part(0, STREAM, last=True), part(1, b"", last=True)),
    "no last part": jxl(part(0, STREAM)),
    "no first part": jxl(part(1, STREAM, last=True)),
    "a part missing": jxl(part(0, STREAM[:9]), part(2, STREAM[9:], last=True)),
    "a part without its number": jxl(box(b"jxlp", b"\0\0\0")),
    "metadata cut off": still() + pack(">I4s", 99, b"Exif") + bytes(9),
    "another signature": jxl(box(b"jxlc", b"\xff\x0b" + STREAM[2:])),
    "nothing behind the headers": jxl(box(b"jxlc", HEAD)),
    "headers cut off": jxl(box(b"jxlc", HEAD[:5])),
    "a section past the end": still(frame(last=True, size=5)),
    "no last frame": still(frame(), frame()),
    "a table of contents that is cut off": still(frame(last=True)[:-5]),
    "more sections than the table holds": still(width=512, height=257),
    "an extension past the end": jxl(box(b"jxlc", stream(*METADATA, *PLAIN[:-1], (0b11, 2), (0xFFF, 12)))),
}
ODDITIES = {
    "metadata behind the codestream": still() + box(b"Exif", bytes(9)) + box(b"brob", b"xml "),
    "metadata before the codestream": jxl(box(b"jbrd", b"a"), box(b"jxll", b"\5"), box(b"jxlc", STREAM)),
    "a large box": jxl(pack(">I4sQ", 1, b"jxlc", len(STREAM) + 16) + STREAM),
    "parts of which some are empty": jxl(part(0, b""), part(1, STREAM), part(2, b"", last=True)),
    "metadata of its own": jxl(box(b"jxlc", stream(*METADATA, *PLAIN, DEFAULTS))),
    "two layers": still(frame(), frame(last=True)),
    "bytes behind its last frame": jxl(box(b"jxlc", STREAM, b"more")),
    "an ICC profile": jxl(box(b"jxlc", stream(*PROFILE, DEFAULTS, frames=(bytes(9),)))),
    "a table of contents in another order": still(PERMUTED),
    "the header of a frame with defaults": still(b"\1" + pack("<H", 4 << 2) + b"data"),
}


@pytest.mark.parametrize("body", list(FAULTS.values()), ids=list(FAULTS))
def test_jxl_is_invalid_when_faulty(body: bytes) -> None:
    with pytest.raises(InvalidImage, match=r"^The JPEG XL .*\.$") as refused:
        verify(body, ANY_TYPE)
    assert refused.value.reason


@pytest.mark.parametrize("body", list(ODDITIES.values()), ids=list(ODDITIES))
def test_jxl_is_accepted_when_odd_but_whole(body: bytes) -> None:
    assert size_of(body) == (5, 3, 1)


@pytest.mark.parametrize(
    ("expected", "fields"),
    [
        ((256, 8), [(1, 1), (0, 5), (0, 3), (31, 5)]),
        ((24, 24), [(1, 1), (2, 5), (1, 3)]),
        ((120, 100), [(0, 1), (0, 2), (99, 9), (2, 3)]),
        ((133, 100), [(0, 1), (0, 2), (99, 9), (3, 3)]),
        ((150, 100), [(0, 1), (1, 2), (99, 13), (4, 3)]),
        ((177, 100), [(0, 1), (2, 2), (99, 18), (5, 3)]),
        ((125, 100), [(0, 1), (3, 2), (99, 30), (6, 3)]),
        ((200, 100), [(0, 1), (0, 2), (99, 9), (7, 3)]),
        ((9000, 1), [(0, 1), (0, 2), (0, 9), (0, 3), (2, 2), (8999, 18)]),
    ],
)
def test_jxl_has_the_size_in_its_header(expected: tuple[int, int], fields: list[tuple[int, int]]) -> None:
    head = BitWriter().add((0x0AFF, 16), *fields, DEFAULTS, DEFAULTS).bytes()
    assert (*expected, 1) == size_of(jxl(box(b"jxlc", head, PERMUTED)))


@pytest.mark.parametrize(
    ("sections", "width", "height"),
    [(1, 256, 256), (2 + 1 + 2, 257, 256), (2 + 1 + 9, 600, 700), (2 + 2 + 9, 2049, 1), (2 + 4 + 81, 2100, 2200)],
)
def test_jxl_frame_has_sections_for_its_groups(sections: int, width: int, height: int) -> None:
    """A group has 256 pixels, a group of low frequencies 2,048; two sections are those of the frame."""
    limits, whole = replace(ANY_TYPE), [b"ab"] * sections
    assert size_of(still(frame(*whole, last=True), width=width, height=height), limits) == (width, height, 1)
    if sections > 1:
        with pytest.raises(InvalidImage, match="codestream ends too early"):
            verify(still(frame(*whole, last=True)[:-1], width=width, height=height), ANY_TYPE)


@pytest.mark.parametrize(
    ("expected", "frames"),
    [
        (1, [frame(ticks=0, last=True)]),
        (2, [frame(ticks=1), frame(ticks=1, last=True)]),
        (2, [frame(ticks=1), frame(ticks=0), frame(ticks=0), frame(ticks=0, last=True)]),
        (9, [*[frame(ticks=1)] * 8, frame(ticks=1, last=True)]),
    ],
)
def test_jxl_animation_has_the_frames_with_a_duration_and_the_last_one(expected: int, frames: list[bytes]) -> None:
    assert size_of(animation(*frames)) == (5, 3, expected)
    with pytest.raises(TooManyFrames):
        verify(animation(*frames), replace(ANY_TYPE, max_image_frames=expected - 1))


@pytest.mark.parametrize(
    "body",
    [
        animation(frame(ticks=1, permuted=True)),
        jxl(box(b"jxlc", stream(*ANIMATED, *PROFILE[2:-1], DEFAULTS, (0, 2), DEFAULTS))),
    ],
)
def test_jxl_animation_is_unsupported_when_its_frames_cannot_be_counted(body: bytes) -> None:
    with pytest.raises(UnsupportedType, match="This is a JPEG XL animation whose frames only a decoder can count"):
        verify(body, ANY_TYPE)


def test_jxl_is_refused_as_soon_as_it_announces_too_much() -> None:
    with pytest.raises(TooManyPixels):
        verify(
            jxl(box(b"jxlc", BitWriter().add((0x0AFF, 16), (0, 1), (3, 2), (2**30 - 1, 30), (1, 3)).bytes())), ANY_TYPE
        )


@pytest.mark.parametrize("known_length", [None, 0, 9999])
def test_jxl_whose_box_goes_to_the_end_needs_its_length_where_its_frames_prove_no_end(known_length: int | None) -> None:
    proven, unproven = (jxl(open_box(b"jxlc", HEAD + end)) for end in (LAST, PERMUTED))
    assert verify(proven, ANY_TYPE, known_length).warnings == ()
    assert verify(proven + b"more", ANY_TYPE, known_length).warnings == (ImageWarning.TRAILING_DATA,)
    assert verify(unproven, ANY_TYPE, len(unproven)).warnings == (ImageWarning.MISSING_TRAILER,)
    with pytest.raises(InvalidImage, match="does not say where it ends"):
        verify(unproven, ANY_TYPE, known_length)


def test_jxl_is_unsupported_when_it_is_a_bare_codestream() -> None:
    with pytest.raises(UnsupportedType, match=r"^This is a bare JPEG XL codestream, without its container; accepted"):
        verify(STREAM, ANY_TYPE)


def test_jxl_of_an_encoder_has_its_frames() -> None:
    assert size_of(JXL_ANIMATION) == (21, 13, 3)
