"""The origin's images: whole JPEGs of an exact size, made by Pillow, no two alike, as files that stay."""

from pathlib import Path

from support.crafted_images import segment
from support.sample_images import jpeg_of_size

_COMMENT = 0xFE
_NUMBER_BYTES = 8
_SEGMENT_BYTES = 4 + _NUMBER_BYTES
_PICTURES = 8
"""As many are drawn; each image is one of them, with its number in a comment."""


def directory(root: Path, size: int) -> Path:
    """Where the images of a size are: `{root}/{size}/{number}.jpg`."""
    return root / str(size)


def draw(root: Path, size: int, number: int) -> None:
    """Make the first `number` images of `size` bytes, as far as they are not there."""
    into = directory(root, size)
    into.mkdir(parents=True, exist_ok=True)
    for index in range(number):
        file = into / f"{index}.jpg"
        if not file.exists():
            file.write_bytes(_numbered(size, index))


def _numbered(size: int, index: int) -> bytes:
    data = jpeg_of_size(size - _SEGMENT_BYTES, seed=index % _PICTURES)
    return data[:2] + segment(_COMMENT, index.to_bytes(_NUMBER_BYTES)) + data[2:]
