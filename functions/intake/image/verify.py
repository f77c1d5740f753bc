"""Verifies images: picks the format by the first bytes, and runs its parser.

The parsers check the structure. They detect flipped bits in compressed data only in PNG, which has CRCs, and long holes
in the compressed data of other formats.
"""

import re
from typing import TYPE_CHECKING

from intake.image.formats import FORMATS, HEAD_BYTES, HEIF, HEIF_MAGIC, HEIF_TYPES
from intake.image.heif_brands import find_type
from intake.image.unsupported_types import SNIFFED_BYTES, create_unsupported_type, describe
from intake.model.error_codes import EmptyBody, InvalidImage, TooFewPixels
from intake.model.image_info import ImageInfo, ImageWarning

if TYPE_CHECKING:
    from collections.abc import Buffer, Collection

    from intake.model.limits import Limits

_MAGICS = {name: row.magic for name, row in FORMATS.items()} | {HEIF: HEIF_MAGIC}
_MAGIC = re.compile(b"|".join(b"(?P<%b>%b)" % (name.encode(), magic) for name, magic in _MAGICS.items()), re.DOTALL)

_UNPROVEN_ENDS = {
    "gif": "The GIF ends before its trailer.",
    "jp2": "The JPEG 2000 ends before its EOC marker.",
    "j2c": "The JPEG 2000 ends before its EOC marker.",
    "pnm": "The PNM ends in a number that may have more digits, and its length is not known.",
    "jxl": "The JPEG XL does not say where it ends, and its length is not known.",
}
"""Messages for images whose end only the length of the file can prove."""


def identify(head: "Buffer", accepted: "Collection[str]") -> str:
    """Return the name of the format; HEIF if the first bytes do not say which of HEIF_TYPES it is.

    Args:
        head: at least the first HEAD_BYTES bytes, or the whole body if it is shorter. The message of the error is more
            precise with SNIFFED_BYTES.
        accepted: the names of the formats that this deployment accepts.

    Raises:
        UnsupportedType: the format is unknown, or not accepted.
    """
    match = _MAGIC.match(head)
    name = match.lastgroup if match else None
    if name == "jpeg" and name not in accepted and "jls" in accepted:
        return "jls"  # segments may precede its frame header
    if name is None or not (name in accepted or (name == HEIF and not HEIF_TYPES.isdisjoint(accepted))):
        first = bytes(memoryview(head)[:SNIFFED_BYTES])
        raise create_unsupported_type(describe(first, name), accepted, f"head {first[:HEAD_BYTES].hex()}")
    return name


def verify(body: bytes | bytearray | memoryview, limits: "Limits", known_length: int | None = None) -> ImageInfo:
    """Parse a whole image without copying it. Bytes behind its end are accepted, with a warning.

    Args:
        body: the bytes.
        limits: the limits on pixels and frames, and the accepted types.
        known_length: the number of bytes of the whole file, if the origin announced it or the caller knows the digest.
            An image without its trailer is accepted only if none of them is missing.

    Raises:
        EmptyBody: the body has no bytes.
        UnsupportedType: see `identify`.
        InvalidImage: truncated or malformed; `reason` has the position.
        CorruptImage: the compressed data has a hole.
        TooManyPixels: raised as soon as the size is read.
        TooManyFrames: raised as soon as the frames are announced or counted.
        TooFewPixels: the image is whole, and too small. A frame or a page of it may be smaller.
    """
    with memoryview(body) as view:
        if not view:
            raise EmptyBody
        name = identify(view[:SNIFFED_BYTES], limits.image_types)
        if name == HEIF:
            name = find_type(view, limits.image_types)
        width, height, frames, end, warnings, other = FORMATS[name].parse(view, limits)
        name = other or name
        if ImageWarning.MISSING_TRAILER in warnings and known_length != len(view):
            raise InvalidImage(_UNPROVEN_ENDS[name], reason=f"{len(view)} bytes")
        if width * height < limits.min_image_pixels:
            raise TooFewPixels(
                f"The image is {width} x {height} pixels: {width * height} in all, and at least "
                f"{limits.min_image_pixels} are required."
            )
        if end < len(view):
            warnings += (ImageWarning.TRAILING_DATA,)
        _, content_type, extension, _ = FORMATS[name]
        return ImageInfo(name, width, height, frames, content_type, extension, warnings)
