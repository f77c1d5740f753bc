"""Decodes with libvips: AVIF, WebP, and the TIFFs whose strips nothing else checks."""

import resource
from pathlib import Path
from typing import TYPE_CHECKING

from intake.decode.verdict import Verdict
from intake.decode.vips_library import VipsError, VipsLibrary
from intake.decode.webp_pictures import split_frames

if TYPE_CHECKING:
    from collections.abc import Iterator

    from intake.decode.vips_library import VipsImage

DAMAGED = {
    "avif": ("Corrupt frame detected",),
    "webp": ("unable to read pixels",),
    "tiff": ("Bad code word", "Not enough data for scanline"),
}
"""Parts of the messages for damaged data of each image type.

Whole files cause all other messages of libvips: it does not read their kind, it has too little memory, or libtiff warns
without a text.
"""

BYTES_PER_PIXEL = 20
"""The most memory for a pixel of WebP and AVIF, at 50 megapixels: the coded planes, the pixels, and copies of both."""

LIBRARY = VipsLibrary()


def decode(body: memoryview, image_type: str, max_pixels: int) -> tuple[Verdict, str]:
    """Decode every page, row by row where the format allows it. See `decoders.decode`.

    An image that libvips cannot open is of a kind that it does not read: the structure of the image is whole.
    """
    try:
        for image in _open_pages(body, image_type):
            if image.pixels > max_pixels:
                return Verdict.UNSURE, f"libvips: {image.pixels} pixels"
            try:
                image.decode()
            except VipsError as error:
                is_damage = any(fault in str(error) for fault in DAMAGED[image_type]) and _had_memory(image.pixels)
                verdict = Verdict.DAMAGED if is_damage else Verdict.UNSURE
                return verdict, f"libvips: {error}"
    except VipsError as error:
        return Verdict.UNSURE, f"libvips cannot open it: {error}"
    return Verdict.WHOLE, ""


def _had_memory(pixels: int) -> bool:
    """Whether the process may use as much memory as a picture needs. libwebp does not report that it gets none."""
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit == resource.RLIM_INFINITY:
        return True
    used = int(Path("/proc/self/statm").read_bytes().split()[0]) * resource.getpagesize()  # proc_pid_statm(5)
    return limit - used >= BYTES_PER_PIXEL * pixels


def _open_pages(body: memoryview, image_type: str) -> "Iterator[VipsImage]":
    """Open each page of a TIFF, each frame of a WebP, and the first picture of an AVIF."""
    if image_type == "webp":
        for frame in split_frames(body):
            with LIBRARY.open(frame) as image:
                yield image
        return
    whole, number, pages = bytes(body), 0, 1
    while number < pages:
        with LIBRARY.open(whole, f"page={number}" if number else "") as image:
            pages = image.pages if image_type == "tiff" else 1
            yield image
        number += 1
