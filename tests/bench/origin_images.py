"""The images that the origin serves: distinct, whole JPEGs of an exact size, in files that are kept between runs."""

import os
from pathlib import Path

from bench.image_comment import EDITION_AT, SEGMENT_BYTES, edition_bytes, with_comment
from support.sample_images import jpeg_of_size

_PICTURES = 8
"""Distinct pictures. Each image is one of them with a comment of its own."""
_MODIFIED_AT = 1_767_225_600
"""The time of each file in Unix seconds, 2026-01-01: the files of a site are older than a minute."""


def directory(root: Path, size: int) -> Path:
    """Return the directory of the images of a size: `{root}/{size}/{number}.jpg`."""
    return root / str(size)


def write_missing(root: Path, size: int, number: int) -> None:
    """Write those of the first `number` images of `size` bytes that do not exist yet."""
    into = directory(root, size)
    into.mkdir(parents=True, exist_ok=True)
    for index in range(number):
        file = into / f"{index}.jpg"
        if not file.exists():
            file.write_bytes(with_comment(jpeg_of_size(size - SEGMENT_BYTES, seed=index % _PICTURES), index))


def write_edition(root: Path, size: int, number: int, edition: int) -> None:
    """Write an edition into the first `number` images of `size` bytes, which exist.

    The files keep their time, which nginx remembers and makes the ETag of.
    """
    for index in range(number):
        file = directory(root, size) / f"{index}.jpg"
        with file.open("r+b", buffering=0) as opened:
            opened.seek(EDITION_AT)
            opened.write(edition_bytes(edition))
        os.utime(file, (_MODIFIED_AT, _MODIFIED_AT))
