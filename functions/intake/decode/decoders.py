"""Chooses the decoder for an image type, and runs it. Only the child process imports this module."""

from importlib import import_module
from typing import TYPE_CHECKING

from intake.decode.verdict import Verdict

if TYPE_CHECKING:
    from types import ModuleType

DECODERS = {
    "jpeg": "jpeg_decoder",
    "gif": "gif_decoder",
    "webp": "vips_decoder",
    "tiff": "tiff_decoder",
    "avif": "vips_decoder",
}
"""The module of this package that decodes each image type. It is imported when the first such image arrives."""


def decode(body: memoryview, image_type: str, max_pixels: int) -> tuple[Verdict, str]:
    """Decode a whole image, all of its frames, and drop the pixels.

    Args:
        body: the bytes of the image; its structure is whole.
        image_type: the name of the format, as in the setting IMAGE_TYPES.
        max_pixels: the largest canvas that is decoded.

    Returns:
        The verdict, and for the log the decoder and its message. It never raises an Exception.
    """
    name = DECODERS.get(image_type)
    if name is None:
        return Verdict.UNSURE, f"no decoder reads {image_type}"
    module: ModuleType = import_module(f"intake.decode.{name}")
    try:
        verdict, reason = module.decode(body, image_type, max_pixels)
    except MemoryError:
        return Verdict.UNSURE, f"{name}: the memory limit is too small"
    except Exception as error:  # noqa: BLE001 - a decoder of untrusted bytes may raise anything; that proves nothing
        return Verdict.UNSURE, f"{name}: {type(error).__name__}: {error}"
    return verdict, reason
