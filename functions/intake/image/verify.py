"""What the bytes of an image are: their type, their size, and whether they arrived whole.

One walk over the structure of the container answers all three. Nothing is decoded, so a bomb costs no more
than its header, and a cut is noticed because the end that the structure announces is not there. One file per
format; `reader` keeps every walk inside the body and bounds its steps, `measure` holds the result and the
limits.

What a walk does not do: decode. Bits that flipped inside compressed data are noticed only in PNG (CRC).
"""

import re
from typing import TYPE_CHECKING

from intake.image import avif, bmp, gif, jpeg, png, tiff, webp
from intake.model.errors import EmptyBody, UnsupportedType
from intake.model.image_info import ImageInfo

if TYPE_CHECKING:
    from collections.abc import Buffer, Callable, Collection

    from intake.model.limits import Limits

__all__ = ["HEAD_BYTES", "ImageInfo", "identify", "verify"]

HEAD_BYTES = 16
"""How many bytes `identify` wants to see."""

PARSERS: "dict[str, Callable[[memoryview, Limits], ImageInfo]]" = {
    "jpeg": jpeg.parse,
    "png": png.parse,
    "gif": gif.parse,
    "webp": webp.parse,
    "bmp": bmp.parse,
    "tiff": tiff.parse,
    "avif": avif.parse,
}

MAGIC = re.compile(
    rb"(?P<jpeg>\xff\xd8\xff)"
    rb"|(?P<png>\x89PNG\r\n\x1a\n)"
    rb"|(?P<gif>GIF8[79]a)"
    rb"|(?P<webp>RIFF.{4}WEBP)"
    # "BM" alone is how many texts begin, so the size of the second header has to be one that exists.
    rb"|(?P<bmp>BM.{12}[\x0c\x10\x28\x34\x38\x40\x6c\x7c]\x00)"
    rb"|(?P<tiff>II[*+]\x00|MM\x00[*+])"
    # "mif1" and "msf1" are HEIF in general; the list of brands, past the head, says whether it is AVIF.
    rb"|(?P<avif>.{4}ftyp(?:avif|avis|mif1|msf1))",
    re.DOTALL,
)


def identify(head: "Buffer", accepted: "Collection[str]") -> str:
    """Tell the type by the first 16 bytes, or by the whole body if it is shorter.

    Raises:
        UnsupportedType: no known type, or one that is not accepted.
    """
    found = MAGIC.match(head)
    kind = found.lastgroup if found else None
    if kind is None:
        raise UnsupportedType(reason=f"head {bytes(head)[:HEAD_BYTES].hex()}")
    if kind not in accepted:
        raise UnsupportedType(f"Images of type {kind} are not accepted.")
    return kind


def verify(body: bytes | bytearray | memoryview, limits: "Limits") -> ImageInfo:
    """Walk the whole body, without copying it.

    Raises:
        EmptyBody: there is not a single byte.
        UnsupportedType: as `identify`.
        InvalidImage: cut short, or not built as its format says; `reason` has the position.
        TooManyPixels: known from the header alone.
        TooManyFrames: as soon as they are announced or counted.
    """
    with memoryview(body) as view:
        if not view:
            raise EmptyBody
        return PARSERS[identify(view[:HEAD_BYTES], limits.image_types)](view, limits)
