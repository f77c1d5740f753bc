"""Reads the compressed strips and tiles of a TIFF whose structure is whole (TIFF 6.0, sections 8 and 15)."""

from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from intake.image import tiff_page
from intake.image.byte_reader import Reader
from intake.image.tiff_directory import Directories

if TYPE_CHECKING:
    from collections.abc import Iterator

    from intake.image.tiff_directory import Fields

JPEG_TABLES = 347
REVERSED_BITS = bytes(int(f"{value:08b}"[::-1], 2) for value in range(256))


class Piece(NamedTuple):
    """A strip or tile.

    Attributes:
        compression: the number of its compression.
        expected: the number of its bytes before compression, or 0 if that is not known.
        padded: the same for a strip with all of its rows: some writers pad the last strip.
        data: its bytes.
        tables: the JPEG with the tables of all pieces; empty if there is none.
        is_reversed: whether each byte of LZW or Deflate data has its lowest bit first.
    """

    compression: int
    expected: int
    padded: int
    data: memoryview
    tables: memoryview
    is_reversed: bool

    def read(self) -> bytes:
        """Copy LZW or Deflate data, each byte with its highest bit first."""
        return bytes(self.data).translate(REVERSED_BITS if self.is_reversed else None)


def read_pieces(body: memoryview) -> "Iterator[Piece]":
    """Yield the strips and tiles of each page. Thumbnails in other directories are skipped."""
    directories = Directories(Reader(body, "TIFF", "the last of its data"))
    position, seen = directories.first, set[int]()
    while position and position not in seen:
        seen.add(position)
        fields, position = directories.read(position)
        if tiff_page.is_page(fields):
            yield from _read_page(directories, fields)


def _read_page(directories: Directories, fields: "Fields") -> "Iterator[Piece]":
    view, compression = directories.reader.view, tiff_page.read_compression(directories, fields)
    describe = tiff_page.describe_tiles if tiff_page.is_tiled(fields) else tiff_page.describe_strips
    pieces = describe(directories, fields, *tiff_page.read_size(directories, fields), is_compressed=True)
    if pieces.offsets_tag not in fields or pieces.sizes_tag not in fields:
        return
    offsets, sizes = (
        chain.from_iterable(directories.read_values(fields[tag])) for tag in (pieces.offsets_tag, pieces.sizes_tag)
    )
    tables = fields.get(JPEG_TABLES)
    table_bytes = view[tables.position : tables.position + tables.length] if tables else view[:0]
    is_reversed = tiff_page.has_reversed_bits(directories, fields)
    for start, size, expected in zip(offsets, sizes, pieces.iterate_bytes(), strict=False):
        if size:
            data = view[start : start + size]
            yield Piece(compression, expected, pieces.bytes, data, table_bytes, is_reversed)
