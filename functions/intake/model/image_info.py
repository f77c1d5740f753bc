"""ImageInfo: type, size, frames and warnings of a verified image."""

from enum import StrEnum
from typing import NamedTuple


class ImageWarning(StrEnum):
    """What is unusual about an image that is stored all the same. The codes are stable."""

    MISSING_TRAILER = "missing_trailer"
    MISSING_PICTURES = "missing_pictures"
    TRAILING_DATA = "trailing_data"
    UNCLEAN_CLOSE = "unclean_close"
    DECODE_WARNING = "decode_warning"


class ImageInfo(NamedTuple):
    """A complete image, as its container describes it.

    Attributes:
        type: the name of the format, as in the setting IMAGE_TYPES, for example `jpeg`.
        width: pixels of the canvas as coded, before any rotation that metadata asks for.
        height: the same for the other side.
        frames: 1 for a still image.
        content_type: the media type (IANA), for example `image/jpeg`.
        extension: the extension of the stored object, without the dot, for example `jpg`.
        warnings: what is unusual about its bytes.
        is_decoded: whether a decoder has checked it (VERIFY=decode), besides its structure. A warning says if the
            decoder is not sure.
    """

    type: str
    width: int
    height: int
    frames: int
    content_type: str
    extension: str
    warnings: tuple[ImageWarning, ...] = ()
    is_decoded: bool = False
