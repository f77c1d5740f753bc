"""Width, height and number of frames of an image, and the checks of them against the limits."""

from typing import TYPE_CHECKING, NamedTuple

from intake.model.errors import InvalidImage, TooManyFrames, TooManyPixels

if TYPE_CHECKING:
    from intake.model.limits import Limits


class ImageSize(NamedTuple):
    """What every parser returns.

    Attributes:
        width: pixels of the canvas as coded, before any rotation that metadata asks for.
        height: the same.
        frames: 1 for a still image.
    """

    width: int
    height: int
    frames: int


def check_size(format_name: str, width: int, height: int, limits: "Limits") -> None:
    """Refuse an image, or one frame of it, that has no pixels or more than the limit.

    Raises:
        InvalidImage, TooManyPixels
    """
    if not width or not height:
        raise InvalidImage(f"The {format_name} has no pixels.", reason=f"{width} x {height}")
    if width * height > limits.max_image_pixels:
        raise TooManyPixels(reason=f"{format_name}: {width} x {height}, limit {limits.max_image_pixels}")


def check_frames(format_name: str, frames: int, limits: "Limits") -> None:
    """Refuse an image that has more frames than the limit.

    Raises:
        TooManyFrames
    """
    if frames > limits.max_image_frames:
        raise TooManyFrames(reason=f"{format_name}: {frames} frames, limit {limits.max_image_frames}")
