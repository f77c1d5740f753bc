"""What must hold of a walk, whatever the bytes."""

import time
from random import Random

from intake.image.verify import verify
from intake.model.errors import EmptyBody, IntakeError, InvalidImage, TooManyFrames, TooManyPixels, UnsupportedType
from intake.model.image_info import ImageInfo
from intake.model.limits import Limits

LIMITS = Limits()
ITS_OWN = (EmptyBody, InvalidImage, TooManyFrames, TooManyPixels, UnsupportedType)
MAX_SECONDS = 1.0
"""Of processor time, for at most 16 KB: most walks take some ten microseconds, the longest some ten milliseconds."""


class Wrong(Exception):
    """A walk did what none may; the text says what."""


def judge(body: bytes, random: Random) -> str:
    """Walk over bytes and, where they are an image, over beginnings of them.

    A beginning that is an image has its end within, so the whole must be the same image with bytes behind it: were it
    another one, the beginning would be a cut file that was taken for whole.

    Returns:
        Words that tell one way to end from another.

    Raises:
        Wrong: a walk ended otherwise than with an image or one of its errors, took too long, or found what cannot be.
    """
    found = _walk(body)
    if not isinstance(found, ImageInfo):
        return f"{found.code}: {found.message}"
    whole = None
    for size in sorted(random.randrange(len(body)) for _ in range(3)):
        beginning = _walk(body[:size])
        if isinstance(beginning, ImageInfo):
            whole = size
            if beginning != found:
                raise Wrong(f"its first {size} of {len(body)} bytes are {beginning}, all are {found}")
        # AVIF has no mark at its end: a box that nothing refers to may come behind, and is walked too.
        elif whole is not None and found.type != "avif":
            raise Wrong(f"its first {whole} bytes are whole, its first {size} are not")
    return f"image: {found.type}, {'one frame' if found.frames == 1 else 'frames'}"


def _walk(body: bytes) -> ImageInfo | IntakeError:
    began = time.process_time()
    found: ImageInfo | IntakeError
    try:
        found = verify(body, LIMITS)
    except ITS_OWN as error:
        found = error
    except Exception as error:
        raise Wrong(f"{type(error).__name__} came out: {error}") from error
    seconds = time.process_time() - began
    if seconds > MAX_SECONDS:
        raise Wrong(f"it took {seconds:.1f} seconds")
    if isinstance(found, ImageInfo) and not _possible(found):
        raise Wrong(f"{found} is over the limits")
    return found


def _possible(image: ImageInfo) -> bool:
    pixels = image.width * image.height
    return 0 < pixels <= LIMITS.max_image_pixels and 0 < image.frames <= LIMITS.max_image_frames
