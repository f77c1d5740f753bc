"""Whole images of every format and variant, made in memory once a run: by Pillow, or byte by byte where it cannot."""

from dataclasses import dataclass
from functools import cache
from io import BytesIO
from math import isqrt
from random import Random
from typing import Any

import pillow_heif
import pillow_jxl  # noqa: F401 - Pillow then writes and reads JPEG XL
from PIL import Image, ImageCms

from intake.image.formats import FORMATS
from intake.model.limits import Limits
from support import crafted_heif, crafted_images, crafted_jxl

pillow_heif.register_heif_opener()

ANY_TYPE = Limits(image_types=tuple(FORMATS))
"""The default limits, with every type that the service knows."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A whole image, and what `verify` must return for it.

    Attributes:
        decodes: whether Pillow reads it too; it must then find the same size.
        padding: how many of the last bytes may be missing unnoticed, because no header announces them.
        coded_pixels: how many pixels the limit counts; 0 if as many as the image shows.
    """

    name: str
    type: str
    data: bytes
    width: int
    height: int
    frames: int = 1
    decodes: bool = True
    padding: int = 0
    coded_pixels: int = 0

    @property
    def pixels(self) -> int:
        """How many pixels the limit counts."""
        return self.coded_pixels or self.width * self.height


WIDTH, HEIGHT = 21, 13
X265_BLOCK = 64
"""libheif pads an image to at least one block, and crops it when it is shown."""
PLUGINS: dict[str, tuple[str, dict[str, Any]]] = {"heic": ("HEIF", {}), "jxl": ("JXL", {"use_container": True})}
"""The format and the options with which Pillow writes a type that it does not know by itself."""
ICC = ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ")).tobytes()
EXIF = b"Exif\0\0II*\0\x08\0\0\0\0\0\0\0\0\0"


def _image(mode: str = "RGB", turn: int = 0) -> Image.Image:
    slope = Image.linear_gradient("L").rotate(turn).resize((WIDTH, HEIGHT))
    return Image.merge("RGB", (slope, slope.rotate(180), slope)).convert(mode)


def _save(type_: str, mode: str = "RGB", frames: int = 1, **options: Any) -> bytes:
    target = BytesIO()
    format_, more = PLUGINS.get(type_.lower(), (type_, {}))
    options |= more
    if frames > 1:
        options |= {"save_all": True, "append_images": [_image(mode, 60 * turn) for turn in range(1, frames)]}
    _image(mode).save(target, format_, **options)
    return target.getvalue()


SAVED: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("baseline", "JPEG", {}),
    ("progressive", "JPEG", {"progressive": True}),
    ("grey", "JPEG", {"mode": "L"}),
    ("cmyk", "JPEG", {"mode": "CMYK"}),
    ("restarts", "JPEG", {"restart_marker_blocks": 1}),
    ("full chroma", "JPEG", {"subsampling": 0, "quality": 98}),
    ("icc and exif", "JPEG", {"icc_profile": ICC, "exif": EXIF}),
    ("one bit", "PNG", {"mode": "1"}),
    ("palette", "PNG", {"mode": "P"}),
    ("grey and alpha", "PNG", {"mode": "LA"}),
    ("rgba", "PNG", {"mode": "RGBA"}),
    ("sixteen bits", "PNG", {"mode": "I;16"}),
    ("icc and exif", "PNG", {"icc_profile": ICC, "exif": EXIF}),
    ("animated", "PNG", {"frames": 3}),
    ("static", "GIF", {"mode": "L", "interlace": 0}),
    ("interlaced", "GIF", {"mode": "L", "interlace": 1}),
    ("animated", "GIF", {"mode": "L", "frames": 3, "duration": 50, "loop": 0, "comment": b"three frames"}),
    ("lossy", "WEBP", {}),
    ("lossless", "WEBP", {"lossless": True}),
    ("lossy with alpha", "WEBP", {"mode": "RGBA"}),
    ("lossless with alpha", "WEBP", {"mode": "RGBA", "lossless": True}),
    ("icc and exif", "WEBP", {"icc_profile": ICC, "exif": EXIF}),
    ("animated", "WEBP", {"frames": 3}),
    ("animated lossless", "WEBP", {"frames": 3, "lossless": True}),
    ("one bit", "BMP", {"mode": "1"}),
    ("grey", "BMP", {"mode": "L"}),
    ("rgb", "BMP", {}),
    ("rgba", "BMP", {"mode": "RGBA"}),
    ("raw", "TIFF", {}),
    ("lzw", "TIFF", {"compression": "tiff_lzw"}),
    ("deflate", "TIFF", {"compression": "tiff_adobe_deflate"}),
    ("jpeg", "TIFF", {"compression": "jpeg"}),
    ("group 4", "TIFF", {"mode": "1", "compression": "group4"}),
    ("strips", "TIFF", {"strip_size": 128}),
    ("big", "TIFF", {"big_tiff": True}),
    ("pages", "TIFF", {"frames": 3}),
    ("pages of lzw", "TIFF", {"frames": 3, "compression": "tiff_lzw"}),
    ("exif and icc", "TIFF", {"exif": EXIF, "icc_profile": ICC}),
    ("still", "AVIF", {}),
    ("full chroma", "AVIF", {"subsampling": "4:4:4", "quality": 95}),
    ("alpha", "AVIF", {"mode": "RGBA"}),
    ("icc and exif", "AVIF", {"icc_profile": ICC, "exif": EXIF}),
    ("sequence", "AVIF", {"frames": 3}),
    ("sequence with alpha", "AVIF", {"mode": "RGBA", "frames": 3}),
    ("still", "HEIC", {}),
    ("grey", "HEIC", {"mode": "L"}),
    ("alpha", "HEIC", {"mode": "RGBA"}),
    ("lossless", "HEIC", {"quality": -1, "chroma": 444}),
    ("exif", "HEIC", {"exif": EXIF}),
    ("lossy", "JXL", {}),
    ("lossless", "JXL", {"lossless": True}),
    ("alpha", "JXL", {"mode": "RGBA"}),
    ("grey", "JXL", {"mode": "L"}),
    ("exif", "JXL", {"exif": EXIF}),
)


def _saved() -> list[Sample]:
    made = []
    for name, format_, options in SAVED:
        type_, frames = format_.lower(), options.get("frames", 1)
        padding = 15 if type_ == "tiff" and frames > 1 else 0  # Pillow aligns its pages to 16 bytes
        data = _save(format_, **options)
        coded = X265_BLOCK**2 if type_ == "heic" else 0
        sample = Sample(f"{type_}: {name}", type_, data, WIDTH, HEIGHT, frames, padding=padding, coded_pixels=coded)
        made.append(sample)
    return made


def _jpegs() -> list[Sample]:
    plain = _save("JPEG")
    thumbnail = crafted_images.segment(0xE1, EXIF + _save("JPEG", "L"))
    variants = {
        "exif thumbnail": plain[:2] + thumbnail + plain[2:],
        "fill bytes": plain.replace(b"\xff\xc4", b"\xff\xff\xff\xc4"),
        "stray bytes": plain.replace(b"\xff\xc4", b"\0\xff\0stray\xff\xc4"),
    }
    frames = {"extended": 0xC1, "lossless": 0xC3, "arithmetic": 0xC9, "progressive arithmetic": 0xCA}
    return [
        *(Sample(f"jpeg: {name}", "jpeg", data, WIDTH, HEIGHT) for name, data in variants.items()),
        *(
            Sample(f"jpeg: {name}", "jpeg", crafted_images.jpeg(sof=sof), 3, 2, decodes=False)
            for name, sof in frames.items()
        ),
    ]


def _odd_animations() -> list[Sample]:
    """A GIF with zeros between its blocks, and an APNG whose first frame control precedes its animation control."""
    gif = _save("GIF", "L", frames=3)[:-1].replace(b"\0!\xf9\x04", bytes(9) + b"!\xf9\x04") + b"\0;"
    png = _save("PNG", frames=3)
    start, control = png.index(b"acTL") - 4, png.index(b"fcTL") - 4
    early = png[:start] + png[control : control + 38] + png[start:control] + png[control + 38 :]
    return [
        Sample("gif: zeros between blocks", "gif", gif, WIDTH, HEIGHT, 3),
        Sample("png: early frame control", "png", early, WIDTH, HEIGHT, 3),
    ]


def _pngs() -> list[Sample]:
    """Each color type in each depth, plain and interlaced."""
    depths = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
    return [
        Sample(
            f"png: type {color}, {depth} bits{', interlaced' * interlaced}",
            "png",
            crafted_images.png(9, 7, depth, color, interlaced=interlaced),
            width=9,
            height=7,
        )
        for color, allowed in depths.items()
        for depth in allowed
        for interlaced in (False, True)
    ]


def _bmps() -> list[Sample]:
    rle8 = b"\x05\x01\0\0" * 3 + b"\0\1"
    rle4 = b"\x05\x12\0\0" * 3 + b"\0\1"
    made: dict[str, dict[str, Any]] = {
        **{f"header of {size}": {"header": size} for size in (12, 40, 52, 56, 64, 108, 124)},
        **{f"{bits} bits": {"bits": bits} for bits in (1, 4, 8, 16, 24, 32)},
        "core header, palette": {"header": 12, "bits": 8},
        "top-down": {"height": -3},
        "bit fields, 16": {"bits": 16, "compression": 3},
        "bit fields, 32": {"bits": 32, "compression": 3},
        "bit fields, V5": {"bits": 32, "compression": 3, "header": 124},
        "rle8": {"bits": 8, "compression": 1, "pixels": rle8},
        "rle4": {"bits": 4, "compression": 2, "pixels": rle4},
    }
    return [Sample(f"bmp: {name}", "bmp", crafted_images.bmp(**options), 5, 3) for name, options in made.items()]


def _tiffs() -> list[Sample]:
    tiles: dict[str, Any] = {
        "offsets": None,
        "counts": None,
        "rows": None,
        "tiles": (322, 3, [16]),
        "tile_rows": (323, 3, [16]),
        "tile_offsets": (324, 4, [8, 264]),
        "tile_counts": (325, 4, [256, 256]),
    }
    tiled = crafted_images.tiff(crafted_images.page(20, 9, **tiles), data=bytes(512))
    strips: dict[str, Any] = {
        "rows": (278, 3, [3]),
        "offsets": (273, 3, [16, 40, 64]),
        "counts": (279, 3, [24, 24, 16]),
    }
    made = {
        "big-endian": (crafted_images.tiff(crafted_images.page(), order=">"), 8, 8, 1),
        "tiled": (tiled, 20, 9, 1),
        "big, strips": (crafted_images.tiff(crafted_images.page(**strips), big=True), 8, 8, 1),
        "two sizes": (crafted_images.tiff(crafted_images.page(8, 8), crafted_images.page(4, 8)), 8, 8, 2),
    }
    big = crafted_images.tiff(crafted_images.page(**strips), order=">", big=True)  # Pillow reads it as a classic TIFF
    return [
        Sample("tiff: big, big-endian, strips", "tiff", big, 8, 8, decodes=False),
        *(Sample(f"tiff: {name}", "tiff", *rest) for name, rest in made.items()),
    ]


def _avifs() -> list[Sample]:
    return [
        Sample("avif: in its idat box", "avif", crafted_images.avif(), 3, 2, decodes=False),
        Sample("avif: only a track", "avif", crafted_images.sequence(), 3, 2, 2, decodes=False),
    ]


def _heics() -> list[Sample]:
    return [
        Sample("heic: in its idat box", "heic", crafted_heif.heic(), 3, 2, decodes=False),
        Sample("heic: a grid", "heic", crafted_heif.heic_grid(), 3, 2, decodes=False),
        Sample("heic: only a track", "heic", crafted_heif.heic_sequence(), 3, 2, 2, decodes=False),
    ]


def _jxls() -> list[Sample]:
    """Boxes around the codestreams of libjxl, and one codestream of frames that do not decode."""
    stream = crafted_jxl.codestream_of(_save("JXL"))
    cut = len(stream) // 2
    made = {
        "a box to the end of the file": crafted_jxl.jxl(crafted_jxl.open_box(b"jxlc", stream)),
        "in two parts": crafted_jxl.jxl(
            crafted_jxl.part(0, stream[:cut]), crafted_jxl.part(1, stream[cut:], last=True)
        ),
        "metadata between its parts": crafted_jxl.jxl(
            crafted_jxl.part(0, stream[:1]), crafted_images.box(b"xml "), crafted_jxl.part(1, stream[1:], last=True)
        ),
    }
    return [
        *(Sample(f"jxl: {name}", "jxl", data, WIDTH, HEIGHT) for name, data in made.items()),
        Sample("jxl: animated", "jxl", crafted_jxl.animation(), 5, 3, 2, decodes=False),
        Sample("jxl: three frames", "jxl", crafted_jxl.JXL_ANIMATION, WIDTH, HEIGHT, 3, decodes=False),
    ]


SAMPLES: dict[str, Sample] = {
    sample.name: sample
    for sample in (
        *_saved(),
        *_jpegs(),
        *_odd_animations(),
        *_pngs(),
        *_bmps(),
        *_tiffs(),
        *_avifs(),
        *_heics(),
        *_jxls(),
    )
}
"""Whole images by name, `"{type}: {variant}"`. All are small, so that tests can try every prefix."""


@cache
def picture(width: int, height: int, seed: int, type: str = "jpeg") -> bytes:  # noqa: A002 - as Image.type
    """Make a whole image of noise, which does not compress; another seed gives other bytes."""
    noise = Image.frombytes("RGB", (width, height), Random(seed).randbytes(3 * width * height))
    target = BytesIO()
    format_, options = PLUGINS.get(type, (type, {}))
    noise.save(target, format_, **options)
    return target.getvalue()


@cache
def jpeg_of_size(n_bytes: int, seed: int) -> bytes:
    """Make a whole JPEG of exactly `n_bytes`, 1,000 or more, nearly all scan; another seed gives other bytes."""
    side = isqrt(n_bytes * 8 // 5)
    while len(data := picture(side, side, seed)) > n_bytes - 4 and side > 1:
        side = side * 49 // 50
    missing = n_bytes - len(data)
    comments = b""
    while missing:
        size = min(missing, 65_537) if missing - 65_537 not in range(1, 4) else missing - 4
        comments += crafted_images.segment(0xFE, bytes(size - 4))
        missing -= size
    return data[:2] + comments + data[2:]
