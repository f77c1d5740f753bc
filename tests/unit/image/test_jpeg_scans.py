"""Huffman tables and scans of a JPEG; holes in scans, and zeros that are a blank picture."""

from io import BytesIO

import pytest
from PIL import Image as Pillow

from intake.image.verify import verify
from intake.model.error_codes import CorruptImage, InvalidImage
from intake.model.limits import Limits
from support.crafted_images import huffman_table, jpeg, samsung_trailer, segment
from support.sample_images import jpeg_of_size

LIMITS = Limits()
DHT, DC, AC = 0xC4, 0x00, 0x10
HOLE = b"\x12" + bytes(256) + b"\x34"
FIRST_DC, FIRST_AC, REFINED_DC, REFINED_AC = b"\0\0\1", b"\1\x3f\2", b"\0\0\x10", b"\1\x3f\x21"


def with_tables(*tables: bytes, scan: bytes = HOLE, **options: int | bytes) -> bytes:
    return jpeg(*(segment(DHT, table) for table in tables), scan=scan, **options)  # type: ignore[arg-type]


AC_1, AC_EOB = huffman_table(AC, 0x01, 0x00), huffman_table(AC, 0x00, 0x01)
DC_0, DC_3 = huffman_table(DC, 0, 3), huffman_table(DC, 3, 0)
SHORT_SCAN = jpeg()[-12:]
SECOND_SCAN = with_tables(DC_0, AC_1)[-len(HOLE) - 12 :]

HOLES = {
    "baseline": with_tables(DC_0, AC_1),
    "extended": with_tables(DC_0, AC_1, sof=0xC1),
    "another table": with_tables(DC_0, AC_EOB, huffman_table(AC + 1, 0x11), tables=1),
    "two tables in one segment": with_tables(DC_0 + AC_1),
    "a table that replaces another": with_tables(DC_0, AC_EOB, AC_1),
    "the DC table of a progressive scan": with_tables(DC_3, sof=0xC2, band=FIRST_DC),
    "the AC table of a progressive scan": with_tables(AC_1, sof=0xC2, band=FIRST_AC),
    "sixteen zeros first": with_tables(huffman_table(AC, 0xF0), sof=0xC2, band=FIRST_AC),
    "the second scan": with_tables(DC_0, AC_1, scan=b"\x12")[:-2] + SECOND_SCAN,
    "at the start of the scan": with_tables(DC_0, AC_1, scan=bytes(256) + b"\1"),
    "at the end of the scan": with_tables(DC_0, AC_1, scan=b"\1" + bytes(256)),
    "before a Samsung trailer": with_tables(DC_0, AC_1)[:-2] + samsung_trailer(b"\0\0data"),
}

BLANK = {
    "tables of Motion JPEG, which are not in the file": jpeg(scan=HOLE),
    "a table after the scan": with_tables(DC_0)[:-2] + segment(DHT, AC_1) + b"\xff\xd9",
    "end of block first": with_tables(DC_0, AC_EOB),
    "a table that is replaced": with_tables(DC_0, AC_1, AC_EOB),
    "a table of another number": with_tables(DC_0, AC_1, huffman_table(AC + 1, 0), tables=1),
    "a table without values": with_tables(DC_0, huffman_table(AC)),
    "no difference first": with_tables(DC_0, AC_1, sof=0xC2, band=FIRST_DC),
    "a run of blank blocks first": with_tables(DC_3, huffman_table(AC, 0x30), sof=0xC2, band=FIRST_AC),
    "a refinement of DC": with_tables(DC_3, AC_1, sof=0xC2, band=REFINED_DC),
    "a refinement of AC": with_tables(DC_3, AC_1, sof=0xC2, band=REFINED_AC),
    "lossless": with_tables(DC_3, AC_1, sof=0xC3),
    "arithmetic": with_tables(DC_3, AC_1, sof=0xC9),
    "255 zeros": with_tables(DC_0, AC_1, scan=b"\1" + bytes(255) + b"\1"),
    "zeros before the scan": jpeg(*(segment(DHT, table) for table in (DC_0, AC_1)), segment(0xFE, bytes(999))),
    "zeros between two scans": with_tables(DC_0, AC_1, scan=b"\1")[:-2] + segment(0xFE, bytes(999)) + b"\xff\xd9",
    "zeros after the end": with_tables(DC_0, AC_1, scan=b"\1") + bytes(999),
    "zeros in a blank scan before another": with_tables(DC_0, AC_EOB)[:-2] + segment(DHT, AC_1) + SHORT_SCAN,
}

FAULTS = {
    "half a table": with_tables(DC_0 + AC_1[:17]),
    "a table without its header": with_tables(DC_0 + AC_1 + b"\x11"),
    "a table of a number over 3": with_tables(huffman_table(4, 0), DC_0, AC_1),
    "a table of a class that does not exist": with_tables(huffman_table(0x20, 0), DC_0, AC_1),
    "more values than there are": with_tables(DC_0, bytes([AC, *bytes(14), 255, 2]) + bytes(range(256)) + b"a"),
    "a difference of 17 bits": with_tables(huffman_table(DC, 0, 17), AC_1),
    "a band that ends before it begins": with_tables(DC_0, AC_1, sof=0xC2, band=b"\5\4\0"),
    "a band of more than 63 coefficients": with_tables(DC_0, AC_1, sof=0xC2, band=b"\1\x40\0"),
    "a refinement of two bits": with_tables(DC_0, AC_1, sof=0xC2, band=b"\1\x3f\x20"),
    "a lowest bit over 13": with_tables(DC_0, AC_1, sof=0xC2, band=b"\1\x3f\x0e"),
    "a sampling factor of 0": jpeg().replace(b"\1\x11\0", b"\1\x10\0", 1),
    "a sampling factor of 5": jpeg().replace(b"\1\x11\0", b"\1\x51\0", 1),
}


@pytest.mark.parametrize("body", list(FAULTS.values()), ids=list(FAULTS))
def test_jpeg_is_invalid_when_no_decoder_accepts_its_tables_or_scans(body: bytes) -> None:
    with pytest.raises(InvalidImage, match=r"^The JPEG is damaged: .*\.$"):
        verify(body, LIMITS)


@pytest.mark.parametrize("body", list(HOLES.values()), ids=list(HOLES))
def test_jpeg_is_corrupt_when_a_scan_has_a_hole(body: bytes) -> None:
    with pytest.raises(CorruptImage, match=r"^The JPEG is damaged: .* hole .*\.$"):
        verify(body, LIMITS)


@pytest.mark.parametrize("body", list(BLANK.values()), ids=list(BLANK))
def test_jpeg_is_accepted_when_zeros_may_be_blank_or_are_no_data(body: bytes) -> None:
    assert verify(body, LIMITS).width == 3


@pytest.mark.parametrize("size", [300, 4096])
@pytest.mark.parametrize("share", [0.2, 0.5, 1.0])
def test_photo_is_corrupt_when_a_part_of_it_is_zeros(size: int, share: float) -> None:
    body = bytearray(jpeg_of_size(60_000, 1))
    start = int((len(body) - 2 - size) * share)
    body[start : start + size] = bytes(size)
    with pytest.raises(CorruptImage):
        verify(body, LIMITS)


@pytest.mark.parametrize("optimize", [False, True])
@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("color", ["black", "white", "red"])
def test_blank_photo_is_accepted(color: str, *, optimize: bool, progressive: bool) -> None:
    """Its scans are runs of equal bytes, of zeros where the tables are made for it."""
    target = BytesIO()
    Pillow.new("RGB", (2000, 1500), color).save(target, "JPEG", optimize=optimize, progressive=progressive)
    assert verify(target.getvalue(), LIMITS).width == 2000
