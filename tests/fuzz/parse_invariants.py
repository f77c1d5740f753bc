"""Invariants of the image parsers that hold for any bytes."""

import time
from random import Random

from intake.image.verify import verify
from intake.model.error_codes import (
    CorruptImage,
    EmptyBody,
    IntakeError,
    InvalidImage,
    TooManyFrames,
    TooManyPixels,
    UnsupportedType,
)
from intake.model.image_info import ImageInfo
from support.sample_images import ANY_TYPE

LIMITS = ANY_TYPE
EXPECTED_ERRORS = (CorruptImage, EmptyBody, InvalidImage, TooManyFrames, TooManyPixels, UnsupportedType)
TYPES_OF_BOXES = frozenset({"avif", "heic", "jxl"})
MAX_SECONDS = 1.0
"""CPU time for at most 16 KB. Most images take about ten microseconds, the slowest about ten milliseconds."""


class InvariantBroken(Exception):
    """A parser broke an invariant; the text says which."""


def check(body: bytes, random: Random) -> str:
    """Parse bytes and, where they are an image, three prefixes of random length.

    A prefix that is a whole image contains its own end. The rest is then trailing data, and all the bytes are the same
    image, apart from its warnings. If they are another one, a truncated file was accepted as whole.

    Returns:
        The outcome: the error's code and message, or the type of the image.

    Raises:
        InvariantBroken: a parser raised an unexpected error, took too long, or returned an impossible image.
    """
    found = _parse(body)
    if not isinstance(found, ImageInfo):
        return f"{found.code}: {found.message}"
    whole = None
    for size in sorted(random.randrange(len(body)) for _ in range(3)):
        prefix = _parse(body[:size])
        if isinstance(prefix, ImageInfo):
            whole = size
            if prefix._replace(warnings=()) != found._replace(warnings=()):
                raise InvariantBroken(f"its first {size} of {len(body)} bytes are {prefix}, all are {found}")
        # Files of boxes have no end marker: trailing boxes are parsed too, and may be truncated.
        elif whole is not None and found.type not in TYPES_OF_BOXES:
            raise InvariantBroken(f"its first {whole} bytes are whole, its first {size} are not")
    return f"image: {found.type}, {'one frame' if found.frames == 1 else 'frames'}"


def _parse(body: bytes) -> ImageInfo | IntakeError:
    began = time.process_time()
    found: ImageInfo | IntakeError
    try:
        found = verify(body, LIMITS)
    except EXPECTED_ERRORS as error:
        found = error
    except Exception as error:
        raise InvariantBroken(f"unexpected {type(error).__name__}: {error}") from error
    seconds = time.process_time() - began
    if seconds > MAX_SECONDS:
        raise InvariantBroken(f"it took {seconds:.1f} seconds")
    if isinstance(found, ImageInfo) and not _is_within_limits(found):
        raise InvariantBroken(f"{found} is over the limits")
    return found


def _is_within_limits(image: ImageInfo) -> bool:
    pixels = image.width * image.height
    return 0 < pixels <= LIMITS.max_image_pixels and 0 < image.frames <= LIMITS.max_image_frames
