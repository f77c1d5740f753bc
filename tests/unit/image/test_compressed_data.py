"""Holes in compressed data: in AVIF and TIFF."""

import zlib
from functools import partial
from io import BytesIO
from random import Random
from struct import pack

import pytest
from PIL import Image

from intake.image import compressed_data
from intake.image.verify import verify
from intake.model.error_codes import CorruptImage, InvalidImage
from intake.model.limits import Limits
from support.crafted_heif import grid, in_mdat, iref
from support.crafted_images import Entry, box, full_box, page, sequence, tiff, track

LIMITS = Limits()
NOISE = Random(1).randbytes(9000).replace(b"\0\0", b"\1\1")
LZW, PACK_BITS, DEFLATE = 5, 32773, 8
TEXT = zlib.compress(bytes(Random(2).choices(range(64), k=90_000)))
BLANK = zlib.compress(bytes(9_000_000))


def strip(compression: int, data: bytes) -> bytes:
    """A TIFF of one strip."""
    return tiff(page(compression=(259, 3, [compression]), counts=(279, 4, [len(data)])), data=data)


def tiles(compression: int, *data: bytes) -> bytes:
    """A TIFF of tiles in one row."""
    offsets = [8 + len(b"".join(data[:at])) for at in range(len(data))]
    entries: dict[str, Entry | None] = {
        "compression": (259, 3, [compression]),
        "tile_width": (322, 3, [16]),
        "tile_rows": (323, 3, [16]),
        "offsets": (324, 4, offsets),
        "counts": (325, 4, list(map(len, data))),
    }
    return tiff(page(16 * len(data), 16, **entries), data=b"".join(data))


def saved(mode: str = "RGB", color: int | None = None, **options: object) -> bytes:
    """A TIFF of noise, or of one color, as Pillow writes it."""
    size, channels = (400, 300), len(mode)
    data = Random(3).randbytes(120_000 * channels) if color is None else bytes([color]) * 120_000 * channels
    target = BytesIO()
    Image.frombytes(mode, size, data).save(target, "TIFF", **options)
    return target.getvalue()


def narrow(width: int, bits: int) -> bytes:
    """A black page whose rows PackBits codes as two zero bytes each."""
    entries = page(width, 999, bits=(258, 3, [bits]), compression=(259, 3, [PACK_BITS]), counts=(279, 4, [1998]))
    return tiff(entries, data=bytes(1998))


def with_hole(body: bytes, at: int, size: int = 4096, value: int = 0) -> bytes:
    return body[:at] + bytes([value]) * size + body[at + size :]


HOLES = {
    **{
        f"zeros in compression {kind}": strip(kind, NOISE + bytes(256) + NOISE)
        for kind in (2, 3, 4, LZW, 32771, PACK_BITS)
    },
    "all zeros": strip(LZW, bytes(256)),
    "zeros in rows of two bytes": tiff(page(2, 999, compression=(259, 3, [PACK_BITS])), data=bytes(1998)),
    "zeros at the end": strip(PACK_BITS, NOISE + bytes(4096)),
    "ones in LZW": strip(LZW, NOISE + b"\xff" * 256 + NOISE),
    "zeros in the last tile": tiles(LZW, NOISE, NOISE, NOISE + bytes(300)),
    "zeros in Deflate": strip(DEFLATE, with_hole(TEXT, 20_000, 64)),
    "zeros in old Deflate": strip(32946, with_hole(TEXT, 20_000)),
    "zeros at the end of Deflate": strip(DEFLATE, TEXT[:-300] + bytes(300)),
    "zeros in place of Deflate": strip(DEFLATE, bytes(400)),
    "zeros in the Deflate of a blank picture": strip(DEFLATE, with_hole(BLANK, 500, 300)[:-9] + bytes(9)),
    "zeros in stored data of Deflate": strip(DEFLATE, with_hole(zlib.compress(NOISE, 0), 4000, 64)),
    "zeros in JPEG": with_hole(saved(compression="jpeg"), 40_000),
    "zeros in the only JPEG": with_hole(saved(compression="jpeg", strip_size=10**6), 150_000, 300),
    "zeros in a second page": tiff(page(), page(compression=(259, 3, [LZW]), counts=(279, 4, [300])), data=bytes(300)),
}

AVIF_HOLES = {
    "all zeros": in_mdat(bytes(256)),
    "zeros at the end": in_mdat(b"a" * 5000 + bytes(256)),
    "zeros in the middle": in_mdat(b"a" * 5000 + bytes(4096) + b"a" * 300_000),
    "ones in the middle": in_mdat(b"a" * 5000 + b"\xff" * 256 + b"a"),
    "zeros in a second item": in_mdat(b"abc", b"a" * 99 + bytes(300), kinds=(b"av01", b"av01")),
    "zeros in a tile": in_mdat(grid(), bytes(300), kinds=(b"grid", b"av01"), iref=iref(1, 2)),
    "zeros in the second half of a sequence": sequence(
        track(stsz=full_box(b"stsz", pack(">II", 400, 2)), stco=full_box(b"stco", pack(">II", 1, 400))),
    )
    + box(b"mdat", b"a" * 500, bytes(900)),
    "zeros in the alpha of a sequence": sequence(
        track(),
        track(
            hdlr=full_box(b"hdlr", bytes(4), b"auxv"),
            stsz=full_box(b"stsz", pack(">II", 400, 2)),
            stco=full_box(b"stco", pack(">II", 1, 600)),
        ),
    )
    + box(b"mdat", bytes(999)),
}

NO_HOLES = {
    "zeros in uncompressed data": strip(1, bytes(9999)),
    "zeros in a compression without a rule": strip(50000, NOISE + bytes(9999)),
    "a short run": strip(LZW, NOISE + b"a" + bytes(255) + b"a" + b"\xff" * 255),
    "ones in PackBits": strip(PACK_BITS, b"\xff" * 9999),
    **{
        f"black rows of one byte, {bits} bits a pixel": narrow(width, bits)
        for width, bits in ((1, 1), (8, 1), (2, 4), (1, 8))
    },
    "a run across two tiles": tiles(LZW, NOISE + bytes(255), bytes(255) + NOISE),
    "a run between the strips": tiff(page(compression=(259, 3, [LZW])), data=NOISE + bytes(9999)),
    "a blank picture in Deflate": strip(DEFLATE, BLANK),
    "a part that is blank in Deflate": strip(DEFLATE, zlib.compress(NOISE + bytes(900_000) + NOISE)),
    "zeros that Deflate stores": strip(DEFLATE, zlib.compress(NOISE + bytes(5000) + NOISE, 0)),
    "a blank picture in Deflate with an empty order of bits": tiff(
        page(compression=(259, 3, [DEFLATE]), order=(266, 3, []), counts=(279, 4, [len(BLANK)])), data=BLANK
    ),
    "a blank picture in Deflate with reversed bits": saved(
        color=0, compression="tiff_adobe_deflate", tiffinfo={266: 2, 278: 300}
    ),
    **{
        f"{color} in {compression}": saved(color=color, compression=compression)
        for color in (0, 255)
        for compression in ("tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg")
    },
}


@pytest.mark.parametrize("body", list(HOLES.values()), ids=list(HOLES))
def test_tiff_is_corrupt_when_its_compressed_data_has_a_hole(body: bytes) -> None:
    with pytest.raises(CorruptImage, match=r"^The TIFF is damaged: .* hole .*\.$") as refused:
        verify(body, LIMITS)
    assert refused.value.reason


@pytest.mark.parametrize("body", list(AVIF_HOLES.values()), ids=list(AVIF_HOLES))
def test_avif_is_corrupt_when_its_coded_data_has_a_hole(body: bytes) -> None:
    with pytest.raises(CorruptImage, match=r"^The AVIF is damaged: .* hole .*\.$"):
        verify(body, LIMITS)


@pytest.mark.parametrize("body", list(NO_HOLES.values()), ids=list(NO_HOLES))
def test_tiff_is_whole_when_its_zeros_may_be_there(body: bytes) -> None:
    assert verify(body, LIMITS).type == "tiff"


def test_tiff_is_invalid_and_not_corrupt_when_it_is_cut_off() -> None:
    with pytest.raises(InvalidImage):
        verify(HOLES["zeros in JPEG"][:-1], LIMITS)


def test_search_ends_when_parts_overlap_too_often() -> None:
    """The hole is in the last part."""
    often = partial(tiles, LZW)
    body = bytearray(often(NOISE, NOISE, NOISE, NOISE + bytes(300)))
    with pytest.raises(CorruptImage):
        verify(body, LIMITS)
    first = pack("<I", 8)
    offsets = body.rindex(b"".join(pack("<I", 8 + at * len(NOISE)) for at in range(4)))
    body[offsets : offsets + 12] = first * 3
    sizes = body.rindex(pack("<I", len(NOISE)) * 3)
    body[sizes : sizes + 12] = pack("<I", len(body) - 300) * 3
    assert verify(body, LIMITS).type == "tiff"


def test_search_ends_when_too_much_was_inflated(monkeypatch: pytest.MonkeyPatch) -> None:
    damaged = strip(DEFLATE, BLANK[:-4] + b"\1\2\3\4")
    with pytest.raises(CorruptImage):
        verify(damaged, LIMITS)
    monkeypatch.setattr(compressed_data, "MAX_INFLATED_BYTES", 1_000_000)
    assert verify(damaged, LIMITS).type == "tiff"
