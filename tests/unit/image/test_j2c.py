"""Codestreams of JPEG 2000: faults that are refused, and odd ones that are accepted."""

from struct import pack

import pytest

from intake.image.verify import verify
from intake.model.error_codes import CorruptImage, InvalidImage, TooManyPixels
from intake.model.image_info import ImageWarning
from intake.model.limits import Limits
from support.crafted_codestreams import COD, EOC, QCD, SOC, codestream, siz, tile_part
from support.crafted_images import segment

LIMITS = Limits(image_types=("j2c",))
COMMENT = segment(0x64, b"\0\1by hand")
OLD_COMMENT = segment(0x64, b"\0\1Created by OpenJPEG version 1.3.0")
PRECINCTS = segment(0x52, b"\1\0\0\2\0\1\4\4\0\1\x11\x22")
MANY = siz(components=b"\7\1\1" * 200)
FOUR = siz(4, 4, tile=(2, 2))
ONE_AT_A_TIME = [tile_part(tile, part, 2) for part in range(2) for tile in range(4)]

WHOLE = {
    "a large header": codestream(size=siz(components=b"\7\1\1\7\2\2" * 99)),
    "an offset": codestream(size=siz(offset=(7, 5), tile=(9, 9), tile_offset=(6, 5))),
    "segments of every kind": codestream(
        main=b"".join(segment(marker, b"\0" * 9) for marker in range(0x53, 0x70) if marker != 0x5C) + COD + QCD
    ),
    "a marker without a length": codestream(main=COD + b"\xff\x30\xff\x3f" + QCD),
    "a tile-part of unknown length": codestream(tile_part(size=0)),
    "segments before the data": codestream(tile_part(header=segment(0x58, b"\0\5") + segment(0x64, b"\0\1a"))),
    "a tile-part without data": codestream(tile_part(count=2), tile_part(number=1, count=2, data=b"")),
    "an unknown number of tile-parts": codestream(tile_part(count=0), tile_part(number=1, count=0)),
    "the number of tile-parts in the last one": codestream(tile_part(count=0), tile_part(number=1, count=2)),
    "more tile-parts than announced": codestream(tile_part(), tile_part(number=1)),
    "packets between their marks": codestream(tile_part(data=b"\xff\x91\0\4\0\1abc\xff\x92"), main=COMMENT + COD + QCD),
    "numbers of packets that look like markers": codestream(
        tile_part(data=b"\xff\x91\0\4\xff\x90abc\xff\x91\0\4\0\xff\x93abc"), main=COMMENT + COD + QCD
    ),
    "a marker in the data of an old encoder": codestream(tile_part(data=b"\xff\xe7"), main=OLD_COMMENT + COD + QCD),
    "a marker in data without a comment": codestream(tile_part(data=b"\xff\xe7" * 9)),
    "blank packets": codestream(tile_part(data=bytes(260))),
    "many blank packets": codestream(tile_part(data=bytes(800)), size=MANY),
    "blank packets of precincts": codestream(tile_part(data=bytes(3000)), size=siz(100, 100), main=PRECINCTS + QCD),
    "blank packets of another coding style": codestream(
        tile_part(data=bytes(3000)), main=COD + QCD + segment(0x53, b"\0\0\1\4\4\0\1\x11\x22")
    ),
    "blank packets of the coding style of a tile": codestream(tile_part(header=PRECINCTS, data=bytes(3000))),
}


@pytest.mark.parametrize("body", list(WHOLE.values()), ids=list(WHOLE))
def test_codestream_is_accepted(body: bytes) -> None:
    image = verify(body, LIMITS)
    assert (image.type, image.frames, image.warnings) == ("j2c", 1, ())
    assert (image.width, image.height) in {(3, 2), (100, 100)}


def test_codestream_is_accepted_when_its_tiles_are_interleaved() -> None:
    assert verify(codestream(*ONE_AT_A_TIME, size=FOUR), LIMITS)[1:3] == (4, 4)


FAULTS = {
    "a size of the wrong length": codestream(size=siz(count=2)),
    "no components": codestream(size=siz(components=b"")),
    "no width": codestream(size=siz(width=0, tile=(9, 9))),
    "an offset behind its end": codestream(size=siz(width=-1, offset=(8, 0), tile=(9, 9))),
    "a subsampling of 0": codestream(size=siz(components=b"\7\0\1")),
    "tiles without a width": codestream(size=siz(tile=(0, 9))),
    "a first tile beside the image": codestream(size=siz(offset=(9, 9), tile=(9, 9))),
    "a first tile behind the offset of the image": codestream(size=siz(tile_offset=(1, 0), tile=(9, 9))),
    "too many tiles": codestream(size=siz(300, 300, tile=(1, 1))),
    "no coding style": codestream(main=QCD),
    "no quantization": codestream(main=COD),
    "a coding style without precincts": codestream(main=PRECINCTS[:-1].replace(b"\x0e", b"\x0d") + QCD),
    "a bit depth of 39": codestream(size=siz(components=b"\7\1\1\xa6\1\1")),
    **{
        f"a coding style with {value!r} in byte {at}": codestream(main=COD[:at] + value + COD[at + 1 :] + QCD)
        for at, value in ((5, b"\5"), (7, b"\0"), (9, b"\x21"), (10, b"\5"), (11, b"\xff"))
    },
    "a segment of one byte": codestream(main=COD + b"\xff\x64\0\1" + QCD),
    "bytes in place of a segment": codestream(main=COD + b"abcd" + QCD),
    "data before the first tile-part": codestream(main=COD + QCD + b"\xff\x93abc"),
    "an end before the first tile-part": codestream(main=COD + QCD + EOC),
    "a tile-part of 13 bytes": codestream(tile_part(size=13)),
    "a tile-part shorter than its header": codestream(tile_part(header=COMMENT, size=14)),
    "a tile-part one byte too short": codestream(tile_part(size=19)),
    "a tile-part one byte too long": codestream(tile_part(size=21)),
    "a tile-part that goes past the end": codestream(tile_part(size=9999)),
    "a tile-part without data": codestream(tile_part()[:12], end=b""),
    "a tile that is not there": codestream(tile_part(1)),
    "a tile without tile-parts": codestream(*ONE_AT_A_TIME[:3], size=FOUR),
    "a tile with one tile-part too few": codestream(*ONE_AT_A_TIME[:7], size=FOUR),
    "a tile-part of unknown length without an end": codestream(tile_part(size=0), end=b""),
    "bytes in place of its end": codestream(end=b"\0\0"),
}


@pytest.mark.parametrize("body", list(FAULTS.values()), ids=list(FAULTS))
def test_codestream_is_invalid_when_faulty(body: bytes) -> None:
    with pytest.raises(InvalidImage, match=r"^The JPEG 2000 .*\.$") as refused:
        verify(body, LIMITS, len(body))
    assert refused.value.reason


HOLES = {
    "zeros": tile_part(data=b"ab" * 99 + bytes(400) + b"ab" * 99),
    "zeros in the second tile-part": tile_part(count=2) + tile_part(number=1, count=2, data=bytes(5000)),
    "zeros up to the end": tile_part(data=b"ab" + bytes(9000), size=0),
    "bytes FF": tile_part(data=b"ab" + b"\xff" * 256 + b"ab"),
}


@pytest.mark.parametrize("part", list(HOLES.values()), ids=list(HOLES))
def test_codestream_is_corrupt_when_its_data_has_a_hole(part: bytes) -> None:
    with pytest.raises(CorruptImage, match=r"^The JPEG 2000 is damaged: .* hole\.$"):
        verify(codestream(part), LIMITS)


@pytest.mark.parametrize("data", [b"\xff\x90", b"ab\xff\xffab", b"\xff\xd8\xff\xe0" * 9, b"\xff\x91\0\4\0\1\xff\xf0"])
def test_codestream_is_corrupt_when_a_marker_is_in_its_data(data: bytes) -> None:
    """Foreign bytes in place of some kilobytes have one, where the encoder is none that writes them itself."""
    with pytest.raises(CorruptImage, match=r"^The JPEG 2000 is damaged: .* marker in it\.$"):
        verify(codestream(tile_part(data=data), main=COMMENT + COD + QCD), LIMITS)


def test_codestream_without_its_end_is_proven_by_the_length_of_the_file() -> None:
    body = codestream(*ONE_AT_A_TIME, size=FOUR, end=b"")
    assert verify(body, LIMITS, len(body)).warnings == (ImageWarning.MISSING_TRAILER,)
    for known in (None, len(body) + 2):
        with pytest.raises(InvalidImage, match="before its EOC marker"):
            verify(body, LIMITS, known)


@pytest.mark.parametrize("sides", [(50_001, 1000), (2**32 - 1, 2**32 - 1)])
def test_codestream_is_refused_when_it_has_too_many_pixels(sides: tuple[int, int]) -> None:
    with pytest.raises(TooManyPixels):
        verify(SOC + siz(*sides), LIMITS)


def test_codestream_is_refused_when_a_number_in_its_header_is_cut() -> None:
    body = codestream(tile_part(header=pack(">HH", 0xFF64, 99)))
    with pytest.raises(InvalidImage, match="ends before its EOC marker"):
        verify(body, LIMITS)
