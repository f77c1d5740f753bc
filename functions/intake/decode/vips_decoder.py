"""Decodes with libvips: AVIF, WebP and TIFF."""

import os
from typing import TYPE_CHECKING, Any

from intake.decode.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

os.environ["VIPS_CONCURRENCY"] = "1"  # libvips reads it when it is imported; a second thread costs memory alone
os.environ["VIPS_WARNING"] = "0"  # or it writes every warning to the standard error stream

import pyvips

pyvips.cache_set_max(0)  # or it keeps decoded images, in case that they are asked for again

CANNOT = ("not supported", "Unsupported", "Security limit", "not configured", "emory")
"""What a message holds if libvips cannot read this kind of image, or has too little memory."""

ALL_PAGES = -1
"""Pages of equal size become one tall image."""


def decode(body: memoryview, image_type: str, max_pixels: int) -> tuple[Verdict, str]:
    """Decode every page, row by row where the format allows it. See `decoders.decode`.

    An image that cannot be opened is of a kind that libvips does not read: its structure is whole.
    """
    try:
        for image in _open_pages(bytes(body), image_type):
            if image.width * image.height > max_pixels and not image_type == "webp":
                return Verdict.UNSURE, f"libvips: {image.width} by {image.height} pixels"
            try:
                image.avg()
            except pyvips.Error as error:
                text = _describe(error)
                verdict = Verdict.UNSURE if any(word in text for word in CANNOT) else Verdict.DAMAGED
                return verdict, f"libvips: {text}"
    except pyvips.Error as error:
        return Verdict.UNSURE, f"libvips cannot open it: {_describe(error)}"
    return Verdict.WHOLE, ""


def _open_pages(body: bytes, image_type: str) -> "Iterator[Any]":
    if image_type == "webp":
        yield _open(body, n=ALL_PAGES)
        return
    first = _open(body)
    yield first
    if image_type == "tiff":
        for page in range(1, first.get("n-pages") if first.get_typeof("n-pages") else 1):
            yield _open(body, page=page)


def _open(body: bytes, **options: int) -> Any:  # noqa: ANN401 - pyvips has no types
    return pyvips.Image.new_from_buffer(body, "", access="sequential", fail_on="warning", **options)


def _describe(error: "pyvips.Error") -> str:
    return " ".join(str(error).split())
