"""Whole images of the formats that are not accepted by default.

Pillow and imagecodecs made them (`jpeg_ls_samples.py`), or they are made byte by byte. `sample_images.py` adds
them to those of the other formats.
"""

from io import BytesIO
from typing import Any

from PIL import Image

from support.crafted_codestreams import (
    COD,
    FTYP,
    QCD,
    codestream,
    ihdr,
    jls,
    jp2,
    lse_size,
    scan,
    siz,
    tile_part,
)
from support.crafted_icons import bitmap, icon
from support.crafted_images import box, png, segment
from support.jpeg_ls_samples import JPEG_LS

type Row = tuple[str, str, bytes, int, int, int, bool]
"""Name, type, bytes, width, height, frames, whether Pillow decodes it."""

ICON, CURSOR = b"\0\0\1\0", b"\0\0\2\0"
PILLOW_NAMES = {"jp2": "JPEG2000", "j2c": "JPEG2000", "pnm": "PPM", "cur": "ICO"}
JPEG_2000_VARIANTS: dict[str, dict[str, Any]] = {
    "lossless": {},
    "lossy": {"irreversible": True, "quality_mode": "dB", "quality_layers": [30, 40]},
    "tiles": {"tile_size": (8, 8)},
    "precincts": {"precinct_size": (16, 16), "num_resolutions": 2, "progression": "RPCL"},
    "packet lengths": {"plt": True},
    "comment": {"comment": "by hand"},
}


def encode(picture: Image.Image, type_: str, **options: Any) -> bytes:
    """Encode a picture as one of the types in PILLOW_NAMES, or as an ICO.

    Args:
        picture: of any mode that the type has.
        type_: the name of the type.
        options: for Pillow.
    """
    if type_ in {"ico", "cur"}:
        options["sizes"] = [picture.size]
    elif type_ in {"jp2", "j2c"}:
        options = {"num_resolutions": 1, "no_jp2": type_ == "j2c"} | options
    target = BytesIO()
    picture.save(target, PILLOW_NAMES.get(type_, type_), **options)
    return target.getvalue().replace(ICON, CURSOR, 1) if type_ == "cur" else target.getvalue()


def make_rows(picture: Image.Image) -> list[Row]:
    """Return whole images, many of them of this picture, which has three colors."""
    return [*_icons(picture), *_jpeg_2000(picture), *_jpeg_ls(picture.size), *_pnms(picture)]


def _icons(picture: Image.Image) -> list[Row]:
    saved = {
        f"{type_}: {name}": (type_, encode(picture.convert("RGBA"), type_, **options))
        for type_ in ("ico", "cur")
        for name, options in {"png": {}, "bitmap": {"bitmap_format": "bmp"}}.items()
    }
    made = {f"{bits} bits": icon(bitmap(bits=bits)) for bits in (1, 4, 8, 24, 32)}
    return [
        *((name, type_, data, *picture.size, 1, name != "cur: png") for name, (type_, data) in saved.items()),
        *((f"ico: {name}", "ico", data, 5, 3, 1, True) for name, data in made.items()),
        ("ico: three pictures", "ico", icon(bitmap(), png(), bitmap(4, 4, 32)), 9, 7, 3, False),
        ("cur: two pictures", "cur", icon(png(), bitmap(), kind=2), 9, 7, 2, False),
    ]


def _jpeg_2000(picture: Image.Image) -> list[Row]:
    modes = {mode: picture.convert(mode) for mode in ("L", "RGBA", "CMYK")}
    encoded = [
        *(
            (f"{type_}: {name}", type_, encode(picture, type_, **options))
            for type_ in ("jp2", "j2c")
            for name, options in JPEG_2000_VARIANTS.items()
        ),
        *((f"jp2: {mode}", "jp2", encode(converted, "jp2")) for mode, converted in modes.items()),
    ]
    parts = [tile_part(tile, number, 2) for number in range(2) for tile in range(4)]
    tiles = codestream(*parts, size=siz(4, 4, tile=(2, 2)))
    several = jp2(
        box(b"jp2c", tiles),
        box(b"jp2c", tiles),
        ftyp=FTYP.replace(b"jp2 ", b"jpx ", 1),
        header=box(b"jp2h", ihdr(9, 9)),
    )
    return [
        *((*row, *picture.size, 1, True) for row in encoded),
        ("j2c: interleaved tile-parts", "j2c", tiles, 4, 4, 1, False),
        ("j2c: a tile-part of unknown length", "j2c", codestream(tile_part(size=0), main=COD + QCD), 3, 2, 1, False),
        ("jp2: a box up to the end", "jp2", jp2(b"\0\0\0\0jp2c" + codestream()), 3, 2, 1, False),
        ("jp2: two codestreams", "jp2", several, 4, 4, 2, False),
    ]


def _jpeg_ls(size: tuple[int, int]) -> list[Row]:
    spiff = segment(0xE8, b"SPIFF\0\1\2" + bytes(22))
    made = {
        "three scans": jls(*map(scan, (1, 2, 3)), components=(1, 2, 3)),
        "its size in another segment": jls(lse_size(3, 2, 4), scan(), width=0, height=0),
        "its height behind the scan": jls(scan(), segment(0xDC, b"\0\2"), height=0),
        "segments before its frame": jls(before=spiff),
    }
    return [
        *((f"jls: {name}", "jls", data, *size, 1, False) for name, data in JPEG_LS.items()),
        *((f"jls: {name}", "jls", data, 3, 2, 1, False) for name, data in made.items()),
    ]


def _pnms(picture: Image.Image) -> list[Row]:
    made = {
        "P1": b"P1 3 2\n0 1 0\n1 1 0\n",
        "P2": b"P2\n# grey\n3 2 255\n1 2 3\n4 5 20\n",
        "P3": b"P3 1 2 15 0 1 2\n3 4 15\n",
    }
    pam = b"P7\nWIDTH 3\nHEIGHT 2\nDEPTH 4\nMAXVAL 255\nTUPLTYPE RGB_ALPHA\nENDHDR\n" + bytes(24)
    return [
        *(
            (f"pnm: {mode}", "pnm", encode(picture.convert(mode), "pnm"), *picture.size, 1, True)
            for mode in ("1", "L", "I;16", "RGB")
        ),
        *((f"pnm: {name}", "pnm", data, 1 if name == "P3" else 3, 2, 1, True) for name, data in made.items()),
        ("pnm: PAM", "pnm", pam, 3, 2, 1, False),
    ]
