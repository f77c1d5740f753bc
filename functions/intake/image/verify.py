"""Verifies images: the table of formats, and the functions that pick a format and run its parser.

The parsers check the structure only. In compressed data, flipped bits are found in PNG alone, which has CRCs.
"""

import re
from typing import TYPE_CHECKING, NamedTuple

from intake.image import avif, bmp, gif, jpeg, png, tiff, webp
from intake.model.errors import EmptyBody, UnsupportedType
from intake.model.image_info import ImageInfo

if TYPE_CHECKING:
    from collections.abc import Buffer, Callable, Collection

    from intake.image.size_limits import ImageSize
    from intake.model.limits import Limits

HEAD_BYTES = 16
"""How many of the first bytes `identify` needs."""


class Format(NamedTuple):
    """One row of the table of formats.

    Attributes:
        parse: reads a whole image, or raises InvalidImage, UnsupportedType, TooManyPixels or TooManyFrames.
        content_type: the media type (IANA).
        extension: of the stored object, without the dot.
        magic: a regular expression that matches the first bytes, HEAD_BYTES of them at most.
    """

    parse: "Callable[[memoryview, Limits], ImageSize]"
    content_type: str
    extension: str
    magic: bytes


FORMATS: dict[str, Format] = {
    "jpeg": Format(jpeg.parse, "image/jpeg", "jpg", rb"\xff\xd8\xff"),
    "png": Format(png.parse, "image/png", "png", rb"\x89PNG\r\n\x1a\n"),
    "gif": Format(gif.parse, "image/gif", "gif", rb"GIF8[79]a"),
    "webp": Format(webp.parse, "image/webp", "webp", rb"RIFF.{4}WEBP"),
    # Many texts begin with "BM", so the size of the second header must be one that exists.
    "bmp": Format(bmp.parse, "image/bmp", "bmp", rb"BM.{12}[\x0c\x10\x28\x34\x38\x40\x6c\x7c]\x00"),
    "tiff": Format(tiff.parse, "image/tiff", "tiff", rb"II[*+]\x00|MM\x00[*+]"),
    # "mif1" and "msf1" mean any HEIF; the parser looks for AVIF in the list of brands, which is longer than the head.
    "avif": Format(avif.parse, "image/avif", "avif", rb".{4}ftyp(?:avif|avis|mif1|msf1)"),
}
"""Every format that can be verified, by its name in the setting IMAGE_TYPES."""

_MAGIC = re.compile(b"|".join(b"(?P<%b>%b)" % (name.encode(), row.magic) for name, row in FORMATS.items()), re.DOTALL)


def identify(head: "Buffer", accepted: "Collection[str]") -> str:
    """Return the name of the format.

    Args:
        head: the first HEAD_BYTES bytes or more; the whole body where it is shorter.
        accepted: the names of the formats that this deployment accepts.

    Raises:
        UnsupportedType: the format is unknown, or not accepted.
    """
    found = _MAGIC.match(head)
    name = found.lastgroup if found else None
    if name is None:
        raise UnsupportedType(reason=f"head {bytes(head)[:HEAD_BYTES].hex()}")
    if name not in accepted:
        raise UnsupportedType(f"Images of type {name} are not accepted.")
    return name


def verify(body: bytes | bytearray | memoryview, limits: "Limits") -> ImageInfo:
    """Parse a whole image, without copying it, and return what it is.

    Raises:
        EmptyBody: the body has no bytes.
        UnsupportedType: see `identify`.
        InvalidImage: truncated or malformed; `reason` has the position.
        TooManyPixels: raised from the header alone.
        TooManyFrames: raised as soon as they are announced or counted.
    """
    with memoryview(body) as view:
        if not view:
            raise EmptyBody
        name = identify(view[:HEAD_BYTES], limits.image_types)
        parse, content_type, extension, _ = FORMATS[name]
        return ImageInfo(name, *parse(view, limits), content_type, extension)
