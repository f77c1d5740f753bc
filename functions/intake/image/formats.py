"""The table of image formats. A new format is a parser in a module of its own and a row here."""

from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

from intake.image import avif, bmp, gif, jpeg, png, tiff, webp

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from intake.image.pixel_limits import ImageSize
    from intake.model.limits import Limits

HEAD_BYTES = 16
"""How many of the first bytes identify a format."""


class Format(NamedTuple):
    """One row of the table of formats.

    Attributes:
        parse: reads a whole image, or raises InvalidImage, CorruptImage, UnsupportedType, TooManyPixels or
            TooManyFrames.
        content_type: the media type (IANA).
        extension: of the stored object, without the dot.
        magic: a regular expression that matches the first bytes, HEAD_BYTES of them at most.
    """

    parse: "Callable[[memoryview, Limits], ImageSize]"
    content_type: str
    extension: str
    magic: bytes


def _load(module: str) -> "Callable[[memoryview, Limits], ImageSize]":
    """Return a parser that is imported when the first image of its format arrives: few deployments accept it."""

    def parse(view: memoryview, limits: "Limits") -> "ImageSize":
        parser: ModuleType = import_module(f"intake.image.{module}")
        size: ImageSize = parser.parse(view, limits)
        return size

    return parse


FORMATS: dict[str, Format] = {
    "jpeg": Format(jpeg.parse, "image/jpeg", "jpg", rb"\xff\xd8\xff(?!\xf7)"),  # F7 begins a JPEG-LS image
    "png": Format(png.parse, "image/png", "png", rb"\x89PNG\r\n\x1a\n"),
    "gif": Format(gif.parse, "image/gif", "gif", rb"GIF8[79]a"),
    "webp": Format(webp.parse, "image/webp", "webp", rb"RIFF.{4}WEBP"),
    # Many texts begin with "BM", so the size of the second header must be one that exists.
    "bmp": Format(bmp.parse, "image/bmp", "bmp", rb"BM.{12}[\x0c\x10\x28\x34\x38\x40\x6c\x7c]\x00"),
    "tiff": Format(tiff.parse, "image/tiff", "tiff", rb"II[*+]\x00|MM\x00[*+]"),
    "avif": Format(avif.parse, "image/avif", "avif", rb".{4}ftyp(?:avi[fso]|MA1[AB])"),
    "heic": Format(_load("heic"), "image/heic", "heic", rb".{4}ftyphe[iv][cxms]"),
    "jxl": Format(_load("jxl"), "image/jxl", "jxl", rb"\0\0\0\x0cJXL \r\n\x87\n"),
    "ico": Format(_load("ico"), "image/vnd.microsoft.icon", "ico", rb"\0\0\x01\0(?!\0\0)"),
    "cur": Format(_load("ico"), "image/x-win-bitmap", "cur", rb"\0\0\x02\0(?!\0\0)"),
    "jp2": Format(_load("jp2"), "image/jp2", "jp2", rb"\0\0\0\x0cjP(?:  |\x1a\x1a)\r\n\x87\n"),
    "j2c": Format(_load("j2c"), "image/j2c", "j2c", rb"\xff\x4f\xff\x51"),
    # Segments may precede the frame header F7; such a file begins like any JPEG.
    "jls": Format(_load("jls"), "image/jls", "jls", rb"\xff\xd8\xff\xf7"),
    "pnm": Format(_load("pnm"), "image/x-portable-anymap", "pnm", rb"P[1-6](?:\s+(?:[\d#]|\Z)|#)|P7\r?\n"),
}
"""Every format that can be verified, by its name in the setting IMAGE_TYPES."""

HEIF, HEIF_TYPES, HEIF_MAGIC = (
    "heif",
    frozenset(("avif", "heic")),
    rb".{4}ftyp(?:mif[12]|msf1|miaf|Mi[A-Z][A-Za-z]|1pic|tmap)",
)
"""A HEIF file whose first brand does not name its compression. The brands after the head do. Those with Mi are of MIAF
(ISO/IEC 23000-22); 1pic means a single picture (ISO/IEC 23008-12)."""

NAMES_BY_EXTENSION = {row.extension: name for name, row in FORMATS.items()}
"""The name of each format, by the extension of its objects."""
