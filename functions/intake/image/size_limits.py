"""What a walk finds out about an image, and the limits that it is held against."""

from typing import TYPE_CHECKING

from intake.model.errors import InvalidImage, TooManyFrames, TooManyPixels

if TYPE_CHECKING:
    from intake.model.limits import Limits


def check_size(name: str, width: int, height: int, limits: "Limits") -> None:
    """Refuse an image, or one frame of it, that has no pixels or more than are allowed."""
    if not width or not height:
        raise InvalidImage(f"The {name} has no pixels.", reason=f"{width} x {height}")
    if width * height > limits.max_image_pixels:
        raise TooManyPixels(reason=f"{name}: {width} x {height}, limit {limits.max_image_pixels}")


def check_frames(name: str, frames: int, limits: "Limits") -> None:
    """Refuse an image that has more frames than are allowed."""
    if frames > limits.max_image_frames:
        raise TooManyFrames(reason=f"{name}: {frames} frames, limit {limits.max_image_frames}")
