"""Facts about a verified image."""

from typing import NamedTuple


class ImageInfo(NamedTuple):
    """A complete image, as its container describes it.

    Attributes:
        type: the name of the format, as the setting IMAGE_TYPES has it, for example `jpeg`.
        width: pixels of the canvas as coded, before any rotation that metadata asks for.
        height: the same.
        frames: 1 for a still image.
        content_type: the media type (IANA), for example `image/jpeg`.
        extension: of the stored object, without the dot, for example `jpg`.
    """

    type: str
    width: int
    height: int
    frames: int
    content_type: str
    extension: str
