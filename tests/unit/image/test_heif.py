"""HEIF, by its AVIF: faults that are refused, and odd files that are accepted."""

from struct import pack

import pytest

from intake.image.verify import verify
from intake.model.error_codes import InvalidImage, TooManyFrames, TooManyPixels, UnsupportedType
from intake.model.limits import Limits
from support.crafted_heif import PROPERTIES, dinf, grid, iinf, iloc, in_mdat, infe, ipma, iprp, iref, locations
from support.crafted_images import AV1C, FTYP, IDAT, ILOC, IPMA, ISPE, avif, box, full_box, sequence, track

LIMITS = Limits()


TWO = locations((0, 2), (2, 2))
STILL = avif()
IN_FILE = len(STILL)
HUGE = full_box(b"ispe", pack(">II", 2**32 - 1, 2**32 - 1))

TILES = (b"av01",) * 2
PARTS = {
    "a grid": ((grid(1, 2), b"a", b"b"), (b"grid", *TILES), iref(1, 2, 3)),
    "a grid that has one tile twice": ((grid(2, 1), b"a"), (b"grid", b"av01"), iref(1, 2, 2)),
    "a grid with wide numbers": ((grid(wide=True), b"a"), (b"grid", b"av01"), iref(1, 2, wide=True)),
    "an overlay": ((bytes(10) + b"\0\3\0\2", b"a", b"b"), (b"iovl", *TILES), iref(1, 2, 3)),
    "an identity, which has no bytes": ((b"", b"a"), (b"iden", b"av01"), iref(1, 2)),
    "an identity of a grid": (
        (b"", grid(), b"a"),
        (b"iden", b"grid", b"av01"),
        full_box(b"iref", iref(1, 2)[12:], iref(2, 3)[12:]),
    ),
}
FAULTY_PARTS = {
    "a grid without references": ((grid(), b"a"), (b"grid", b"av01"), b""),
    "a grid that refers to its thumbnail": ((grid(), b"a"), (b"grid", b"av01"), iref(1, 2, kind=b"thmb")),
    "a grid of which another is made": ((grid(), b"a"), (b"grid", b"av01"), iref(2, 1)),
    "a grid with a tile too few": ((grid(2, 2), b"a"), (b"grid", b"av01"), iref(1, 2, 2, 2)),
    "a grid with a tile too many": ((grid(), b"a", b"b"), (b"grid", *TILES), iref(1, 2, 3)),
    "a grid with a tile that is not described": ((grid(1, 2), b"a"), (b"grid", b"av01"), iref(1, 2, 9)),
    "a grid with a tile without bytes": ((grid(1, 2), b"a", b""), (b"grid", *TILES), iref(1, 2, 3)),
    "a grid of itself": ((grid(), b"a"), (b"grid", b"av01"), iref(1, 1)),
    "a grid without a size": ((grid()[:7], b"a"), (b"grid", b"av01"), iref(1, 2)),
    "a grid without width": ((grid(width=0), b"a"), (b"grid", b"av01"), iref(1, 2)),
    "an overlay without a size": ((bytes(13), b"a"), (b"iovl", b"av01"), iref(1, 2)),
    "an identity of nothing": ((b"", b"a"), (b"iden", b"av01"), b""),
    "references that run out": ((grid(), b"a"), (b"grid", b"av01"), full_box(b"iref", box(b"dimg", b"\0\1\0\2\0"))),
}

FAULTS = {
    **{
        name: in_mdat(*items, kinds=kinds, iref=references) for name, (items, kinds, references) in FAULTY_PARTS.items()
    },
    "nothing but its brands": FTYP,
    "brands cut off": FTYP[:14] + b"\0\0",
    "no primary item": avif(pitm=b""),
    "no item infos": avif(iinf=b""),
    "no properties": avif(iprp=b""),
    "no locations": avif(iloc=b""),
    "no idat": avif(idat=b""),
    "a primary item that is not described": avif(iinf=iinf(infe(2))),
    "an item info of the first version": avif(iinf=iinf(infe(1, version=1))),
    "a primary item without properties": avif(iprp=iprp(ipma(1, item=2))),
    "a primary item without a size": avif(iprp=iprp(IPMA, box(b"pixi"), AV1C)),
    "a property past the last one": avif(iprp=iprp(ipma(1, 2, 3))),
    "a property of another item past the last one": avif(iprp=box(b"iprp", PROPERTIES, IPMA, ipma(0x7F, item=9))),
    "an item without a configuration": avif(iprp=iprp(ipma(0, 1))),
    "a second item without a configuration": avif(iinf=iinf(infe(1), infe(2)), iloc=TWO),
    "a tile without a configuration": avif(iinf=iinf(infe(1, b"grid"), infe(2)), iloc=TWO),
    "no list of properties": avif(iprp=box(b"iprp", IPMA)),
    "no associations": avif(iprp=box(b"iprp", box(b"ipco", ISPE))),
    "associations that run out": avif(iprp=iprp(full_box(b"ipma", pack(">IHB", 9, 2, 0)))),
    "no width": avif(iprp=iprp(IPMA, full_box(b"ispe", pack(">II", 0, 2)), AV1C)),
    "no height": avif(iprp=iprp(IPMA, full_box(b"ispe", pack(">II", 2, 0)), AV1C)),
    "a size cut off": avif(iprp=iprp(IPMA, full_box(b"ispe", b"\0\0\0"), AV1C)),
    "a primary item without a location": avif(iloc=iloc((0, 4), item=2)),
    "a primary item without bytes": avif(iloc=iloc((0, 0))),
    "a primary item without extents": avif(iloc=iloc()),
    "a cut item with a data reference": avif(iloc=iloc((0, 5), elsewhere=1)),
    "a cut item in the file with a data reference": avif(iloc=iloc((IN_FILE, 99), method=0, elsewhere=7) + dinf(1)),
    "an item in another file": avif(iloc=iloc((0, 4), elsewhere=1) + dinf(0)),
    "an item in the second of two other files": avif(iloc=iloc((0, 4), elsewhere=3) + dinf(1, 0, 0)),
    "data references without their list": avif(iloc=ILOC + box(b"dinf")),
    "an item built of another item": avif(iloc=iloc((0, 4), method=2)),
    "an unknown construction method": avif(iloc=iloc((0, 4), method=15)),
    "a length of 0 up to the end": avif(
        iloc=iloc((IN_FILE + 8, 0), method=0), after=pack(">I4s", 0, b"mdat") + bytes(9)
    ),
    "an item past the last box, which goes to the end": avif(
        iloc=iloc((IN_FILE + 8, 99), method=0), after=pack(">I4s", 0, b"mdat") + bytes(9)
    ),
    "no primary item, and no track": avif(pitm=b"", iloc=b""),
    "an extent past the idat": avif(iloc=iloc((1, 4))),
    "a base past the idat": avif(iloc=iloc((0, 4), base=1)),
    "an extent past the end": avif(iloc=iloc((IN_FILE, 99), method=0)),
    "a second extent past the end": avif(iloc=iloc((0, 9), (IN_FILE, 99), method=0)),
    "locations that run out": avif(iloc=ILOC[:-4].replace(pack(">I", len(ILOC)), pack(">I", len(ILOC) - 4), 1)),
    "locations of an unknown version": avif(iloc=ILOC.replace(b"iloc\1", b"iloc\3")),
    "locations of odd sizes": avif(iloc=full_box(b"iloc", b"\x34\0", bytes(20), version=1)),
    "a box past the end": avif(after=pack(">I4s", 99, b"mdat") + bytes(9)),
    "a large box past the end": avif(after=pack(">I4sQ", 1, b"mdat", 2**63) + bytes(9)),
    "a large box without its size": avif(after=pack(">I4s", 1, b"mdat")),
    "a box smaller than its header": avif(after=pack(">I4s", 7, b"free")),
    "a large box smaller than its header": avif(after=pack(">I4sQ", 1, b"free", 15)),
    "a box past the end of its container": avif(idat=IDAT[:-1]),
    "a box in front past the end": FTYP + pack(">I4s", 99, b"what"),
    "a sequence without its tracks": STILL.replace(b"ftypavif", b"ftypavis"),
    "tracks without pictures": sequence(track(hdlr=full_box(b"hdlr", bytes(4), b"soun"))),
    "no track": sequence(box(b"mvhd")),
    "a track without samples": sequence(track(stsz=full_box(b"stsz", bytes(8)), stco=full_box(b"stco", bytes(4)))),
    "a track without sizes": sequence(track(stsz=b"")),
    "a track without chunks": sequence(track(stco=b"")),
    "a track without runs": sequence(track(stsc=b"")),
    "a track without a header": sequence(track(tkhd=b"")),
    "a track without a handler": sequence(track(hdlr=b"")),
    "a track without width": sequence(track(tkhd=full_box(b"tkhd", bytes(80)))),
    "samples that no chunk holds": sequence(track(stsc=full_box(b"stsc", pack(">IIII", 1, 1, 1, 1)))),
    "runs that begin too late": sequence(track(stsc=full_box(b"stsc", pack(">IIII", 1, 2, 2, 1)))),
    "more runs than the box holds": sequence(track(stsc=full_box(b"stsc", pack(">IIII", 2, 1, 2, 1)))),
    "a chunk past the end": sequence(track(stco=full_box(b"stco", pack(">II", 1, 9999)))),
    "a wide chunk past the end": sequence(track(stco=full_box(b"co64", pack(">IQ", 1, 2**63)))),
    "a sample past the end": sequence(track(stsz=full_box(b"stsz", pack(">IIII", 0, 2, 4, 9999)))),
    "sizes that run out": sequence(track(stsz=full_box(b"stsz", pack(">III", 0, 2, 4)))),
    "a damaged second track": sequence(track(), track(stco=full_box(b"stco", pack(">II", 1, 9999)))),
}

ODDITIES = {
    "in the file instead of the idat": avif(iloc=iloc((IN_FILE + 8, 4), method=0), after=box(b"mdat", bytes(20))),
    "in two pieces": avif(iloc=iloc((0, 1), (1, 3))),
    "in a file that its data reference calls the file itself": avif(iloc=iloc((0, 4), elsewhere=2) + dinf(0, 1)),
    "in a data reference that is not there": avif(iloc=iloc((0, 4), elsewhere=1)),
    "with properties in two lists": avif(iprp=box(b"iprp", PROPERTIES, ipma(1), ipma(2, version=1))),
    **{
        f"a brand among the compatible ones of {major!r}": avif(ftyp=box(b"ftyp", major, b"\0\0\0\0mif1avif"))
        for major in (b"mif1", b"mif2", b"miaf", b"MA1A", b"MA1B", b"tmap", b"avio")
    },
    **{name: in_mdat(*items, kinds=kinds, iref=references) for name, (items, kinds, references) in PARTS.items()},
    "wide item infos": avif(iinf=iinf(infe(1, version=3), version=1), pitm=full_box(b"pitm", pack(">I", 1), version=1)),
    "wide associations": avif(iprp=iprp(ipma(3, 2, 0x8001, wide=True, version=1), ISPE, AV1C, box(b"pixi"))),
    "essential properties": avif(iprp=iprp(ipma(0x81, 0x82))),
    "the first version of locations": avif(
        iloc=full_box(b"iloc", pack(">HHHHHII", 0x4400, 1, 1, 0, 1, 0, 4)), pitm=full_box(b"pitm", b"\0\1")
    ),
    "wide locations": avif(iloc=full_box(b"iloc", pack(">HIIHHHQQQ", 0x8808, 1, 1, 1, 0, 1, 0, 0, 4), version=2)),
    "a box of 64 bits": avif(after=pack(">I4sQ", 1, b"free", 20) + bytes(4)),
    "a box to the end": avif(after=pack(">I4s", 0, b"mdat") + bytes(99)),
    "an unknown box in front": FTYP + box(b"what", b"ever") + STILL[len(FTYP) :],
    "a run of zeros shorter than a hole": in_mdat(b"a" + bytes(255) + b"a"),
    "a run of ones shorter than a hole": in_mdat(b"\xff" * 255 + bytes(255)),
    "a run of other bytes": in_mdat(b"a" * 9999),
    "zeros in metadata": in_mdat(b"abc", bytes(9999), kinds=(b"av01", b"Exif")),
}


def size_of(body: bytes) -> tuple[int, int, int]:
    """Width, height and frames."""
    image = verify(body, LIMITS)
    return image.width, image.height, image.frames


@pytest.mark.parametrize("body", list(FAULTS.values()), ids=list(FAULTS))
def test_avif_is_invalid_when_faulty(body: bytes) -> None:
    with pytest.raises(InvalidImage, match=r"^The AVIF .*\.$") as refused:
        verify(body, LIMITS)
    assert refused.value.reason


@pytest.mark.parametrize("body", list(ODDITIES.values()), ids=list(ODDITIES))
def test_avif_is_accepted_when_odd_but_whole(body: bytes) -> None:
    assert size_of(body) == (3, 2, 1)


@pytest.mark.parametrize("missing", [("pitm", "iloc"), ("iloc",), ("pitm",), ("pitm", "iloc", "iinf", "iprp", "idat")])
def test_avif_sequence_is_accepted_when_its_meta_box_has_no_still_image(missing: tuple[str, ...]) -> None:
    still = avif(ftyp=b"", **dict.fromkeys(missing, b""))
    body = sequence()
    assert size_of(body[:24] + still + body[24:]) == (3, 2, 2)


@pytest.mark.parametrize(
    "tracks",
    [
        (track(),),
        (track(hdlr=full_box(b"hdlr", bytes(4), b"auxv")), track()),
        (track(stsz=full_box(b"stsz", pack(">IIII", 0, 2, 4, 5))),),
        (track(stsc=full_box(b"stsc", pack(">IIII", 1, 1, 1, 1)), stco=full_box(b"stco", pack(">III", 2, 0, 4))),),
        (track(stco=full_box(b"co64", pack(">IQ", 1, 8))),),
    ],
)
def test_avif_sequence_has_as_many_frames_as_its_picture_track_has_samples(tracks: tuple[bytes, ...]) -> None:
    assert size_of(sequence(*tracks)) == (3, 2, 2)


@pytest.mark.parametrize(
    "body",
    [
        avif(ftyp=box(b"ftyp", b"mif1\0\0\0\0mif1heic")),
        avif(ftyp=box(b"ftyp", b"msf1\0\0\0\0")),
        avif(iinf=iinf(infe(1, b"hvc1"))),
        avif(ftyp=box(b"ftyp", b"mif1\0\0\0\0", b"heic" * 64, b"avif")),
    ],
)
def test_heif_is_unsupported_when_not_avif(body: bytes) -> None:
    with pytest.raises(UnsupportedType, match=r"^This is a HE\w+ image.*; accepted types: jpeg, png, .*\.$"):
        verify(body, LIMITS)


def test_avif_is_refused_as_soon_as_it_announces_too_much() -> None:
    with pytest.raises(TooManyPixels):
        verify(avif(iprp=iprp(IPMA, HUGE, AV1C), iloc=iloc((9999, 9999))), LIMITS)
    with pytest.raises(TooManyPixels):
        verify(sequence(track(tkhd=full_box(b"tkhd", bytes(72), b"\xff" * 8))), LIMITS)
    with pytest.raises(TooManyFrames):
        verify(sequence(track(stsz=full_box(b"stsz", pack(">II", 1, 2**32 - 1)))), LIMITS)
