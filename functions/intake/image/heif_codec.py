"""Codec: the differences between AVIF and HEIC, the two kinds of HEIF; and the values that describe their data."""

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from intake.image.byte_reader import Reader

    type Boxes = dict[bytes, Reader]

type Extent = tuple[int, int]
"""The position of the first byte of some data in the file, and one past its last byte."""


class CodedData(NamedTuple):
    """The compressed data of one item, or the samples of one chunk of a track.

    Attributes:
        configuration: the content of its decoder configuration; None for a track that has none.
        extents: where its bytes are, in order.
    """

    configuration: "Reader | None"
    extents: list[Extent]


class Items(NamedTuple):
    """The items of a meta box, each by its id.

    Attributes:
        types: four letters, for example `hvc1`.
        properties: boxes by type.
        locations: where the bytes are; an item without bytes has none.
        sources: the items that an item is derived from, in order.
    """

    types: dict[int, bytes]
    properties: "dict[int, Boxes]"
    locations: dict[int, list[Extent]]
    sources: dict[int, list[int]]


class HeifPictures(NamedTuple):
    """The still image of a HEIF file, or its sequence.

    Attributes:
        size: width and height.
        frames: 1 for a still image.
        coded: the compressed data, that of alpha and of thumbnails too.
    """

    size: tuple[int, int]
    frames: int
    coded: list[CodedData]


class Codec(NamedTuple):
    """A compression of HEIF files.

    Attributes:
        format_name: of the files, for error messages.
        name: of the compression, for error messages.
        brands: a file of the format has one of them.
        configurations: the type of the property with the decoder configuration, by the type of the item or sample.
        check: refuses compressed data that is malformed or has a hole.
        is_padded: whether encoders pad images to whole blocks, and crop that with a clean aperture (`clap`).
    """

    format_name: str
    name: str
    brands: frozenset[bytes]
    configurations: dict[bytes, bytes]
    check: "Callable[[Reader, list[CodedData]], None]"
    is_padded: bool
