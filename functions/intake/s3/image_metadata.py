"""The facts of an image as metadata of its object (Amazon S3 User Guide, "User-defined object metadata").

`x-amz-meta-width`, `-height` and `-frames` are decimal numbers. `x-amz-meta-warnings` has codes separated by commas;
without warnings, the header is left out. `x-amz-meta-verification` is `decode` if a decoder has checked the image, and
left out otherwise. The type is in the extension of the key and in the Content-Type.
"""

import re
from collections.abc import Mapping

from intake.image.formats import FORMATS, NAMES_BY_EXTENSION
from intake.model.image_info import ImageInfo, ImageWarning
from intake.model.verification import Verification

_WIDTH, _HEIGHT, _FRAMES, _WARNINGS = (f"x-amz-meta-{name}" for name in ("width", "height", "frames", "warnings"))
_VERIFICATION = "x-amz-meta-verification"
_NUMBER = re.compile(r"[1-9][0-9]{0,9}")
# How a transfer ended is no fact of the bytes.
_CODES: dict[str, ImageWarning] = {code.value: code for code in ImageWarning if code is not ImageWarning.UNCLEAN_CLOSE}


def to_headers(image: ImageInfo) -> dict[str, str]:
    """Return the headers of a PUT that store the facts of an image."""
    headers = {
        "Content-Type": image.content_type,
        _WIDTH: str(image.width),
        _HEIGHT: str(image.height),
        _FRAMES: str(image.frames),
    }
    if image.warnings:
        headers[_WARNINGS] = ",".join(image.warnings)
    if image.is_decoded:
        headers[_VERIFICATION] = Verification.DECODE
    return headers


def parse_image(key: str, headers: Mapping[str, str]) -> ImageInfo | None:
    """Return the facts of an image, or None if the headers are not as `to_headers` writes them.

    Args:
        key: the key of the object.
        headers: those of its HEAD; the names are case-insensitive.
    """
    extension = key.rpartition(".")[2]
    if extension not in NAMES_BY_EXTENSION:
        return None
    name = NAMES_BY_EXTENSION[extension]
    content_type = FORMATS[name].content_type
    numbers = [headers.get(field, "") for field in (_WIDTH, _HEIGHT, _FRAMES)]
    warnings = _parse_warnings(headers.get(_WARNINGS))
    is_ours = headers.get("content-type") == content_type and all(map(_NUMBER.fullmatch, numbers))
    if not is_ours or warnings is None:
        return None
    width, height, frames = map(int, numbers)
    is_decoded = headers.get(_VERIFICATION) == Verification.DECODE
    return ImageInfo(name, width, height, frames, content_type, extension, warnings, is_decoded)


def _parse_warnings(text: str | None) -> tuple[ImageWarning, ...] | None:
    """Parse the codes; None if one is unknown or repeated, or if there is none in a header that is there."""
    if text is None:
        return ()
    codes = text.split(",")
    if len(set(codes)) != len(codes) or not _CODES.keys() >= set(codes):
        return None
    return tuple(_CODES[code] for code in codes)
