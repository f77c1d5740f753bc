"""The images that Pillow saves: which formats and variants, and with which options."""

from io import BytesIO
from typing import Any

import pillow_heif
import pillow_jxl  # noqa: F401 - Pillow then writes and reads JPEG XL
from PIL import Image, ImageCms

pillow_heif.register_heif_opener()

WIDTH, HEIGHT = 21, 13
X265_BLOCK = 64
"""libheif pads an image to at least one block, and crops it when it is shown."""
PLUGINS: dict[str, tuple[str, dict[str, Any]]] = {"heic": ("HEIF", {}), "jxl": ("JXL", {"use_container": True})}
"""The format and the options with which Pillow writes a type that it does not know by itself."""
ICC = ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ")).tobytes()
EXIF = b"Exif\0\0II*\0\x08\0\0\0\0\0\0\0\0\0"


def draw(mode: str = "RGB", turn: int = 0) -> Image.Image:
    slope = Image.linear_gradient("L").rotate(turn).resize((WIDTH, HEIGHT))
    return Image.merge("RGB", (slope, slope.rotate(180), slope)).convert(mode)


def save(type_: str, mode: str = "RGB", frames: int = 1, **options: Any) -> bytes:
    target = BytesIO()
    format_, more = PLUGINS.get(type_.lower(), (type_, {}))
    options |= more
    if frames > 1:
        options |= {"save_all": True, "append_images": [draw(mode, 60 * turn) for turn in range(1, frames)]}
    draw(mode).save(target, format_, **options)
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
