"""AvifPictures: what the parsers of the meta box and of the moov box find."""

from typing import NamedTuple

type Extent = tuple[int, int]
"""The position of the first byte of some data in the file, and one past its last byte."""


class AvifPictures(NamedTuple):
    """The still image of an AVIF, or its sequence.

    Attributes:
        size: width and height.
        frames: 1 for a still image.
        coded: where the AV1 data is, that of alpha and of thumbnails too.
    """

    size: tuple[int, int]
    frames: int
    coded: list[Extent]
