"""Decides whether a body is whole that ended with a TLS connection without close_notify.

Many servers never send close_notify, but anybody on the path can end a connection without it (RFC 9112, 9.8). Only the
image itself can prove that no byte is missing:

| type | proof |
|---|---|
| JPEG, PNG, GIF, JPEG-LS, JPEG 2000 codestreams | the last bytes are the end marker: EOI, IEND, trailer, EOC |
| WebP, BMP | the header has the size of the file |
| ICO, CUR | the directory has position and size of each picture |
| others | none: a TIFF refers to its data by offset; boxes may follow in AVIF, HEIC, JPEG XL and JP2, images in PNM |

Bytes behind the end of an image prove nothing, and neither does an image with any other warning.
"""

from intake.image.verify import verify
from intake.model.error_codes import ConnectionLost, InvalidImage
from intake.model.limits import Limits

_TYPES_WITH_AN_END = frozenset({"jpeg", "png", "gif", "webp", "ico", "cur", "j2c", "jls"})
_BMP_SIZE = slice(2, 6)
"""The field bfSize of BITMAPFILEHEADER. WebP is verified against its size; a BMP may have any, for old encoders."""


def raise_unless_end_is_proven(body: memoryview, limits: Limits) -> None:
    """Accept a body whose structure proves that it is whole.

    Raises:
        ConnectionLost: the body may be truncated.
        IntakeError: the image is refused whether it is whole or not, see `verify`.
    """
    try:
        image = verify(body, limits)
    except InvalidImage as error:
        raise ConnectionLost(reason=f"no close_notify, and the image is not whole: {error.reason}") from error
    is_bmp_of_its_size = image.type == "bmp" and int.from_bytes(body[_BMP_SIZE], "little") == len(body)
    if image.warnings or not (image.type in _TYPES_WITH_AN_END or is_bmp_of_its_size):
        raise ConnectionLost(reason=f"no close_notify, and nothing proves the end of this {image.type}")
