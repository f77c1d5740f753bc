"""PageChecker: checks that the data of each page of a TIFF is in the file, and has no holes."""

from functools import partial
from operator import add, lt
from typing import TYPE_CHECKING

from intake.image import jpeg, tiff_page
from intake.image.compressed_data import HOLE_BYTES, ONES, ZEROS, HoleSearch
from intake.image.pixel_limits import check_size
from intake.model.error_codes import InvalidImage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from intake.image.tiff_directory import Directories, Field, Fields
    from intake.image.tiff_page import Pieces
    from intake.model.limits import Limits

    HoleCheck = Callable[[int, int], None]

JPEG_TABLES = 347
LZW, JPEG, PACK_BITS = 5, 7, 32773
CCITT, DEFLATE = (2, 3, 4, 32771), (8, 32946)
HOLE_VALUES = dict.fromkeys((*CCITT, PACK_BITS), (ZEROS,)) | {LZW: (ZEROS, ONES)}
"""Bytes that the compressed data never repeats HOLE_BYTES times, by compression."""


class PageChecker:
    """Checks the pages of one TIFF."""

    def __init__(self, directories: "Directories", limits: "Limits") -> None:
        self._directories = directories
        self._reader = directories.reader
        self._limits = limits
        self._holes = HoleSearch(directories.reader)

    def check_page(self, fields: "Fields") -> tuple[int, int]:
        """Check the size of a page, and that all of its data is in the file; return width and height."""
        size = tiff_page.read_size(self._directories, fields)
        check_size("TIFF", *size, self._limits)
        has_pieces = True
        if tiff_page.is_tiled(fields):
            self._check_pieces(fields, tiff_page.describe_tiles(self._directories, fields, *size))
        elif tiff_page.STRIP_OFFSETS in fields or tiff_page.JPEG_OFFSET not in fields:
            self._check_pieces(fields, tiff_page.describe_strips(self._directories, fields, *size))
        else:
            has_pieces = False
        if tiff_page.JPEG_OFFSET in fields:
            self._check_old_jpeg(fields, must_be_whole=not has_pieces)
        return size

    def check_listed_data(self, fields: "Fields") -> None:
        """Check that the data of a directory that is no page is in the file, as far as the directory lists it."""
        for offsets, sizes in tiff_page.DATA:
            if offsets in fields and sizes in fields:
                self._check_lists(fields[offsets], fields[sizes])

    def _check_pieces(self, fields: "Fields", pieces: "Pieces") -> None:
        """Check that every strip or tile of a page is listed, lies inside the file and has its rows."""
        offsets, sizes = fields.get(pieces.offsets_tag), fields.get(pieces.sizes_tag)
        if offsets and pieces.needed == 1 and pieces.bytes and not self._read(fields, pieces.sizes_tag):
            # Some writers omit the size of the only strip, or write 0.
            self._check_end(self._read(fields, pieces.offsets_tag) + pieces.bytes)
            return
        if not offsets or not sizes:
            raise self._reader.malformed("the position of its data is missing", f"tag {pieces.offsets_tag}")
        if offsets.length != sizes.length or offsets.length < pieces.needed:
            counts = f"{offsets.length} and {sizes.length} of {pieces.needed}"
            raise self._reader.malformed("strips or tiles are missing", counts)
        least = pieces.iterate_bytes() if pieces.bytes else ()
        if not self._check_lists(offsets, sizes, least, self._choose_hole_check(fields)):
            raise self._reader.truncated("its strips or tiles have no bytes")

    def _check_lists(
        self, offsets: "Field", sizes: "Field", least: "Iterable[int]" = (), check_hole: "HoleCheck | None" = None
    ) -> bool:
        """Check strips or tiles; return whether they have any bytes.

        Args:
            offsets: their positions.
            sizes: their numbers of bytes.
            least: the least number of bytes of each, as far as it is known.
            check_hole: refuses one that has a hole; None if their compression has no rule.
        """
        least = iter(least)
        has_bytes = False
        values = self._directories.read_values(offsets), self._directories.read_values(sizes)
        for starts, counts in zip(*values, strict=False):
            self._check_end(max(map(add, starts, counts)))
            if any(map(lt, counts, least)):
                raise self._reader.malformed("a strip or tile is shorter than its rows")
            has_bytes = has_bytes or any(counts)
            if check_hole and not self._holes.is_over:
                for start, count in zip(starts, counts, strict=True):
                    if count >= HOLE_BYTES:
                        check_hole(start, start + count)
        return has_bytes

    def _choose_hole_check(self, fields: "Fields") -> "HoleCheck | None":
        compression = tiff_page.read_compression(self._directories, fields)
        if compression == PACK_BITS and tiff_page.has_rows_of_one_byte(self._directories, fields):
            return None  # a row is packed by itself: a count of 0 and a black pixel are two zero bytes
        if compression in HOLE_VALUES:
            return partial(self._holes.check_runs, values=HOLE_VALUES[compression])
        if compression in DEFLATE:
            is_reversed = tiff_page.has_reversed_bits(self._directories, fields)
            return None if is_reversed else self._holes.check_deflate
        if compression == JPEG:
            tables = fields.get(JPEG_TABLES)
            place = (tables.position, tables.position + tables.length) if tables else None
            return partial(self._holes.check_jpeg, tables=place)
        return None

    def _check_old_jpeg(self, fields: "Fields", *, must_be_whole: bool) -> None:
        """Check the JPEG of a page: a thumbnail, tables for its strips, or all of the page (section 22).

        Its size is missing in some files. The JPEG itself then shows its end.
        """
        start, size = self._read(fields, tiff_page.JPEG_OFFSET), self._read(fields, tiff_page.JPEG_BYTE_COUNT)
        self._check_end(start + size)
        if size or not must_be_whole:
            return
        try:
            with self._reader.view[start:] as stream:
                jpeg.parse(stream, self._limits)
        except InvalidImage as error:
            raise self._reader.truncated(f"the JPEG at {start}: {error.reason}") from None

    def _check_end(self, end: int) -> None:
        if end > self._reader.end:
            raise self._reader.truncated(f"the data ends at {end}, the file at {self._reader.end}")

    def _read(self, fields: "Fields", tag: int) -> int:
        return self._directories.read_number(fields, tag, default=0)
