"""What is known of an image once its structure is parsed."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ImageInfo:
    """A whole image, as its container describes it.

    Attributes:
        type: one of `intake.model.limits.IMAGE_TYPES`.
        width: pixels of the canvas as coded, before any rotation that metadata asks for.
        height: the same.
        frames: 1 for a still image.
    """

    type: str
    width: int
    height: int
    frames: int

    @property
    def content_type(self) -> str:
        """The media type (IANA), for example `image/jpeg`."""
        return f"image/{self.type}"

    @property
    def extension(self) -> str:
        """What the name of the stored object ends with, without the dot."""
        return "jpg" if self.type == "jpeg" else self.type
