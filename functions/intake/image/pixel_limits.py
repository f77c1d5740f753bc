"""ImageSize: the result of every parser; and the checks of sizes and frames against the limits."""

from typing import TYPE_CHECKING, NamedTuple

from intake.model.error_codes import InvalidImage, TooManyFrames, TooManyPixels

if TYPE_CHECKING:
    from intake.model.image_info import ImageWarning
    from intake.model.limits import Limits


class ImageSize(NamedTuple):
    """The result of every parser.

    Attributes:
        width: pixels of the canvas as coded, before any rotation that metadata asks for.
        height: the same for the other side.
        frames: 1 for a still image.
        end: one past the last byte of the image. Bytes behind it are no part of any picture.
        warnings: what is unusual about the image, apart from bytes behind its end.
        format_name: the name of the format, if it is another than that of the first bytes.
    """

    width: int
    height: int
    frames: int
    end: int
    warnings: "tuple[ImageWarning, ...]" = ()
    format_name: str = ""


def check_size(format_name: str, width: int, height: int, limits: "Limits") -> None:
    """Refuse an image, or one frame of it, that has no pixels or more than the limit.

    Raises:
        InvalidImage: there are no pixels.
        TooManyPixels: there are more than the limit.
    """
    if not width or not height:
        raise InvalidImage(f"The {format_name} has no pixels.", reason=f"{width} x {height}")
    if width * height > limits.max_image_pixels:
        raise TooManyPixels(reason=f"{format_name}: {width} x {height}, limit {limits.max_image_pixels}")


def check_frames(format_name: str, frames: int, limits: "Limits") -> None:
    """Refuse an image that has more frames than the limit.

    Raises:
        TooManyFrames: there are more than the limit.
    """
    if frames > limits.max_image_frames:
        raise TooManyFrames(reason=f"{format_name}: {frames} frames, limit {limits.max_image_frames}")
