"""The images that the origin serves: distinct, whole JPEGs of an exact size, in files that are kept between runs."""

from pathlib import Path

from support.crafted_images import segment
from support.sample_images import jpeg_of_size

_COMMENT = 0xFE
_NUMBER_BYTES = 8
_SEGMENT_BYTES = 4 + _NUMBER_BYTES
_PICTURES = 8
"""Distinct pictures. Each image is one of them with its number in a comment, so that no two have the same digest."""


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
            file.write_bytes(_jpeg_with_number(size, index))


def _jpeg_with_number(size: int, index: int) -> bytes:
    data = jpeg_of_size(size - _SEGMENT_BYTES, seed=index % _PICTURES)
    return data[:2] + segment(_COMMENT, index.to_bytes(_NUMBER_BYTES)) + data[2:]
