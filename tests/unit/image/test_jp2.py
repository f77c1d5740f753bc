"""JPEG 2000 in boxes: faults that are refused, and odd files that are accepted."""

from struct import pack

import pytest

from intake.image.verify import verify
from intake.model.error_codes import InvalidImage, TooManyFrames, TooManyPixels, UnsupportedType
from intake.model.image_info import ImageWarning
from intake.model.limits import Limits
from support.crafted_codestreams import FTYP, SIGNATURE, codestream, ihdr, jp2, siz, tile_part
from support.crafted_images import box

LIMITS = Limits(image_types=("jp2",))
PICTURE = box(b"jp2c", codestream())
OPEN = b"\0\0\0\0jp2c" + codestream()
LARGE = pack(">I4sQ", 1, b"jp2c", 16 + len(codestream())) + codestream()
JPX = box(b"ftyp", b"jpx \0\0\0\0jpx jp2 jpxb")

WHOLE = {
    "boxes of other kinds": (jp2(box(b"xml ", b"<a/>"), PICTURE, box(b"uuid", bytes(16)), box(b"zzzz")), 1),
    "a box up to the end": (jp2(OPEN), 1),
    "a box with a large size": (jp2(LARGE), 1),
    "a box larger than its codestream": (jp2(box(b"jp2c", codestream(), bytes(9))), 1),
    "a header behind its codestream": (jp2(PICTURE, box(b"jp2h", ihdr()), header=b""), 1),
    "a header with colors": (jp2(header=box(b"jp2h", ihdr(), box(b"colr", bytes(7)))), 1),
    "a JPX with several codestreams": (jp2(PICTURE, box(b"jpch"), PICTURE, OPEN, ftyp=JPX), 3),
    "a JPX with another size in its second codestream": (
        jp2(PICTURE, box(b"jp2c", codestream(size=siz(9, 9))), ftyp=JPX),
        2,
    ),
    "a JPH": (jp2(ftyp=box(b"ftyp", b"jph \0\0\0\0jph ")), 1),
}


@pytest.mark.parametrize(("body", "frames"), list(WHOLE.values()), ids=list(WHOLE))
def test_jp2_is_accepted(body: bytes, frames: int) -> None:
    image = verify(body, LIMITS)
    assert ("jp2", 3, 2, frames, ()) == (image.type, image.width, image.height, image.frames, image.warnings)


FAULTS = {
    "no brands": SIGNATURE + box(b"jp2h", ihdr()) + PICTURE,
    "brands of four bytes": jp2(ftyp=box(b"ftyp", b"jp2 ")),
    "no header": jp2(header=b""),
    "a header without a size": jp2(header=box(b"jp2h", box(b"colr", bytes(7)))),
    "a header that is too short": jp2(header=box(b"jp2h", box(b"ihdr", bytes(9)))),
    "a header of another compression": jp2(header=box(b"jp2h", ihdr(compression=8))),
    "a header of another size": jp2(header=box(b"jp2h", ihdr(3, 3))),
    "no codestream": jp2(box(b"xml ")),
    "a codestream of no bytes": jp2(box(b"jp2c")),
    "a codestream of text": jp2(box(b"jp2c", b"404 Not Found")),
    "a codestream without its end": jp2(box(b"jp2c", codestream(end=b"")[:-1])),
    "a codestream that goes past the end": jp2(PICTURE)[:-1],
    "a box up to the end without its last byte": jp2(OPEN)[:-1],
    "a box smaller than its own header": jp2(b"\0\0\0\7jp2c" + codestream()),
    "a second codestream that is truncated": jp2(PICTURE, PICTURE)[:-1],
    "metadata that is truncated": jp2(PICTURE, box(b"xml ", b"<a/>"))[:-1],
}


@pytest.mark.parametrize("body", list(FAULTS.values()), ids=list(FAULTS))
def test_jp2_is_invalid_when_faulty(body: bytes) -> None:
    with pytest.raises(InvalidImage, match=r"^The JPEG 2000 .*\.$") as refused:
        verify(body, LIMITS, len(body))
    assert refused.value.reason


@pytest.mark.parametrize(
    ("brand", "found"),
    [(b"mjp2", "a Motion JPEG 2000 video"), (b"mjp3", "a Motion JPEG 2000 video"), (b"jpm ", "a JPM document")],
)
def test_file_of_another_brand_is_unsupported(brand: bytes, found: str) -> None:
    with pytest.raises(UnsupportedType, match=f"^This is {found}; accepted types: jp2\\.$"):
        verify(jp2(ftyp=FTYP.replace(b"jp2 ", brand)), LIMITS)


@pytest.mark.parametrize("tail", [b"\0", b"more", b"\0\0\1\0more"])
@pytest.mark.parametrize("picture", [PICTURE, OPEN, LARGE])
def test_bytes_behind_the_codestream_are_no_part_of_it(picture: bytes, tail: bytes) -> None:
    assert verify(jp2(picture) + tail, LIMITS).warnings == (ImageWarning.TRAILING_DATA,)


def test_codestream_without_its_end_is_proven_by_the_length_of_the_file() -> None:
    body = jp2(box(b"jp2c", codestream(end=b"")))
    assert verify(body, LIMITS, len(body)).warnings == (ImageWarning.MISSING_TRAILER,)
    with pytest.raises(InvalidImage, match="before its EOC marker"):
        verify(body, LIMITS)


def test_jpx_is_refused_when_it_has_too_many_codestreams() -> None:
    with pytest.raises(TooManyFrames):
        verify(jp2(*[PICTURE] * 4), Limits(image_types=("jp2",), max_image_frames=3))


def test_jpx_is_refused_when_its_second_codestream_has_too_many_pixels() -> None:
    large = box(b"jp2c", codestream(tile_part(), size=siz(9, 9)))
    with pytest.raises(TooManyPixels):
        verify(jp2(PICTURE, large), Limits(image_types=("jp2",), max_image_pixels=80))
