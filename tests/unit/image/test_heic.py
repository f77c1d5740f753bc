"""HEIC: what differs from AVIF. Brands, HEVC data, holes, and the size that a clean aperture leaves."""

from dataclasses import replace
from itertools import cycle
from random import Random
from struct import pack

import pytest

from intake.image.verify import identify, verify
from intake.model.error_codes import CorruptImage, InvalidImage, TooManyFrames, TooManyPixels, UnsupportedType
from intake.model.limits import Limits
from support.crafted_heif import HVCC, grid, heic, heic_sequence, iinf, infe, ipma, iref, stsd, unit
from support.crafted_images import AV1C, ISPE, avif, box, full_box, track
from support.sample_images import ANY_TYPE, picture

LONG = Random(1).randbytes(6000).replace(b"\0\0", b"\1\1")
SLICE = b"\x26\1"
"""The header of a NAL unit with the slice of a key picture."""
PARAMETERS = b"\x40\1"
"""That of a unit with parameters."""


def hvcc(*arrays: bytes, version: int = 1, bits: int = 3) -> bytes:
    return box(b"hvcC", bytes([version]), bytes(20), bytes([bits, len(arrays)]), *arrays)


def clap(width: tuple[int, int], height: tuple[int, int]) -> bytes:
    """A HEIC of 3 x 2 pixels with a clean aperture."""
    aperture = box(b"clap", pack(">8i", *width, *height, 0, 1, 0, 1))
    return heic(iprp=box(b"iprp", box(b"ipco", ISPE, HVCC, aperture), ipma(1, 2, 3)))


FAULTS = {
    "a unit past the end of its item": heic(unit()[:-1]),
    "a unit longer than its item": heic(pack(">I", 99) + SLICE),
    "a length cut off": heic(unit() + b"\0\0\1"),
    "a unit without a header": heic(unit() + unit(b"\x26")),
    "a unit of no bytes": heic(unit(b"") + unit()),
    "a unit of no known kind": heic(unit(b"\xa6\1ab")),
    "no unit with a picture": heic(unit(PARAMETERS + b"ab")),
    "no configuration": heic(iprp=box(b"iprp", box(b"ipco", ISPE, AV1C), ipma(1, 2))),
    "a configuration of another version": heic(hvcc=hvcc(version=0)),
    "a configuration with lengths of three bytes": heic(hvcc=hvcc(bits=2)),
    "a configuration cut off": heic(hvcc=box(b"hvcC", b"\1", bytes(20))),
    "parameter sets past the end of the configuration": heic(hvcc=hvcc(pack(">BHH", 33, 1, 9) + b"ab")),
    "a second item cut off": heic(unit(), unit()[:-1], kinds=(b"hvc1", b"hvc1")),
    "a tile cut off": heic(grid(), unit()[:-1], kinds=(b"grid", b"hvc1"), iref=iref(1, 2)),
    "a track without a configuration": heic_sequence(description=stsd(b"hvc1", box(b"pasp", bytes(8)))),
    "a track of another compression": heic_sequence(description=stsd(b"avc1")),
    "a track without descriptions": heic_sequence(description=b""),
    "a sample whose units do not fit": heic_sequence(unit() + unit(b"\x26\1abcd")[:8]),
    "a sequence without pictures": heic_sequence(hdlr=full_box(b"hdlr", bytes(4), b"soun")),
}
GENERAL_BRANDS = (b"mif1", b"mif2", b"msf1", b"miaf", b"MiHB", b"MiHA", b"MiHE", b"MiPr", b"MiBu", b"1pic", b"tmap")

ODDITIES = {
    "lengths of one byte": heic(unit(size=1), hvcc=hvcc(bits=0)),
    "lengths of two bytes": heic(unit(size=2) * 3, hvcc=hvcc(bits=0xFD)),
    "parameter sets": heic(hvcc=hvcc(pack(">BHHH", 33, 2, 1, 0)[:5] + b"a\0\0", pack(">BH", 34, 0))),
    "parameters before the picture": heic(unit(PARAMETERS) + unit()),
    "a run of zeros shorter than a hole": heic(unit(SLICE + b"a" + bytes(14) + b"a")),
    "a run of ones": heic(unit(SLICE + b"\xff" * 5000)),
    "a unit in two extents": heic(
        unit(), iloc=full_box(b"iloc", pack(">HHHHHHIIII", 0x4400, 1, 1, 1, 0, 2, 0, 3, 3, 5), version=1)
    ),
    "audio beside the image": heic(after=box(b"moov", track(hdlr=full_box(b"hdlr", bytes(4), b"soun")))),
    "metadata of zeros": heic(unit(), bytes(99), kinds=(b"hvc1", b"Exif")),
    **{
        f"a brand among the compatible ones of {major!r}": heic(ftyp=box(b"ftyp", major, b"\0\0\0\0mif1", brand))
        for major, brand in zip(GENERAL_BRANDS, cycle((b"heic", b"heix", b"hevc", b"heim")), strict=False)
    },
}


@pytest.mark.parametrize("body", list(FAULTS.values()), ids=list(FAULTS))
def test_heic_is_invalid_when_faulty(body: bytes) -> None:
    with pytest.raises(InvalidImage, match=r"^The HEIC .*\.$") as refused:
        verify(body, ANY_TYPE)
    assert refused.value.reason


@pytest.mark.parametrize("body", list(ODDITIES.values()), ids=list(ODDITIES))
def test_heic_is_accepted_when_odd_but_whole(body: bytes) -> None:
    image = verify(body, ANY_TYPE)
    assert (image.type, image.content_type, image.width, image.height, image.frames) == ("heic", "image/heic", 3, 2, 1)


@pytest.mark.parametrize("at", [10, 2500, 5900])
@pytest.mark.parametrize("size", [16, 100, 4096])
def test_heic_is_corrupt_when_its_data_has_a_hole(at: int, size: int) -> None:
    whole = unit(SLICE + LONG)
    with pytest.raises(CorruptImage, match="has a hole of zero bytes"):
        verify(heic(whole[:at] + bytes(size) + whole[at + size :]), ANY_TYPE)


@pytest.mark.parametrize(
    ("expected", "width", "height"),
    [
        ((2, 1), (2, 1), (1, 1)),
        ((1, 2), (3, 2), (4, 2)),
        ((3, 2), (3, 1), (3, 1)),  # larger than the image
        ((3, 2), (0, 1), (1, 1)),
        ((3, 2), (2, 1), (-1, 1)),
        ((2, 1), (2, 0), (1, 0)),
    ],
)
def test_heic_has_the_size_of_its_clean_aperture(
    expected: tuple[int, int], width: tuple[int, int], height: tuple[int, int]
) -> None:
    image = verify(clap(width, height), ANY_TYPE)
    assert expected == (image.width, image.height)


def test_heic_is_refused_as_soon_as_it_announces_too_much() -> None:
    """The size that is decoded counts, not the one that is left of it; and that of a grid."""
    with pytest.raises(TooManyPixels):
        verify(clap((1, 1), (1, 1)), replace(ANY_TYPE, max_image_pixels=5))
    with pytest.raises(TooManyPixels):
        verify(heic(grid(1, 1, 60_000, 60_000), unit(), kinds=(b"grid", b"hvc1"), iref=iref(1, 2)), ANY_TYPE)
    with pytest.raises(TooManyFrames):
        verify(heic_sequence(), replace(ANY_TYPE, max_image_frames=1))


@pytest.mark.parametrize(
    ("found", "body"),
    [
        ("a HEIC image", heic()),
        ("a HEIC image", heic(ftyp=box(b"ftyp", b"mif1\0\0\0\0mif1heic"))),
        ("a HEIC image", heic_sequence()),
        ("a HEIC image", picture(9, 9, 1, "heic")),
        ("a HEIF image", heic(ftyp=box(b"ftyp", b"mif1\0\0\0\0mif1"))),
    ],
)
def test_heic_is_unsupported_by_default(found: str, body: bytes) -> None:
    with pytest.raises(UnsupportedType, match=f"^This is {found}; accepted types: jpeg, .*, avif\\.$"):
        verify(body, Limits())


@pytest.mark.parametrize(
    ("found", "body"),
    [
        ("AV1", heic(kinds=(b"av01",))),
        ("AVC (H.264)", heic(iinf=iinf(infe(1, b"avc1")))),
        ("layered HEVC", heic(iinf=iinf(infe(1, b"lhv1")))),
        ("other", heic(iinf=iinf(infe(1, b"Exif")))),
        ("JPEG", heic(grid(), unit(), kinds=(b"grid", b"jpeg"), iref=iref(1, 2))),
    ],
)
def test_heic_is_unsupported_when_its_data_is_not_hevc(found: str, body: bytes) -> None:
    with pytest.raises(UnsupportedType) as refused:
        verify(body, ANY_TYPE)
    expected = f"This is a HEIF image with {found} data where its brands announce HEVC; accepted types: jpeg, "
    assert refused.value.message.startswith(expected)


@pytest.mark.parametrize(
    ("expected", "accepted"), [("avif", ("avif", "heic")), ("avif", ("avif",)), (None, ("heic",)), (None, ("jpeg",))]
)
def test_heif_that_names_both_compressions_is_an_avif(expected: str | None, accepted: tuple[str, ...]) -> None:
    body = avif(ftyp=box(b"ftyp", b"mif1\0\0\0\0heicavif"))
    if expected:
        assert expected == verify(body, Limits(image_types=accepted)).type
    else:
        with pytest.raises(UnsupportedType, match="This is an AVIF image"):
            verify(body, Limits(image_types=accepted))


@pytest.mark.parametrize("accepted", [("avif",), ("heic",), ("jpeg", "heic")])
def test_first_bytes_with_a_general_brand_are_accepted_where_avif_or_heic_is(accepted: tuple[str, ...]) -> None:
    """The error must not depend on how many bytes arrive at once, so 16 bytes decide whether a download goes on."""
    for body in (heic(ftyp=box(b"ftyp", b"mif1\0\0\0\0mif1heic")), avif(ftyp=box(b"ftyp", b"mif1\0\0\0\0mif1avif"))):
        for size in (16, 20, 1024):
            assert identify(body[:size], accepted) == "heif"
            with pytest.raises(UnsupportedType):
                identify(body[:size], ("jpeg", "png"))
