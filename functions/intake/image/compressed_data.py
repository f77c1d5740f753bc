"""HoleSearch: finds holes in the compressed parts of one image, in bounded time."""

import zlib
from contextlib import suppress

from intake.image import byte_reader
from intake.image.byte_reader import Reader
from intake.image.jpeg_scans import check_scans, read_tables
from intake.image.zero_runs import find_zero_run
from intake.model.error_codes import CorruptImage, InvalidImage

ZEROS, ONES = 0x00, 0xFF
HOLE_BYTES = 256
"""A run of this length is a hole, except in Deflate.

The longest runs in whole files of public test corpora, zeros and ones: 13 and 8 in 511 AVIFs, 4 and 2 in 133 TIFFs of
LZW, 3 zeros in 21 of PackBits, 6 in 172 of CCITT. None of 1,195 blank pictures has a longer one.
"""
SUSPICIOUS_BYTES = 64
"""In Deflate, runs of blank pictures are as long as holes. A run of this length is a reason to inflate the data, which
takes 10 ms for a megapixel. 4 of 65 whole files have one, of up to 643 zeros.
"""
MAX_ROUNDS = 2
"""Parts may overlap: the first frame of an AVIF sequence is often its still image as well."""
SOI_BYTES = 2
MAX_INFLATED_BYTES = 64 * 1024 * 1024
INPUT_BYTES, OUTPUT_BYTES = 16 * 1024, 256 * 1024
"""Bytes that are inflated at once, and what they may become at once."""


class HoleSearch:
    """Searches the parts of one image.

    The parts of a hostile image overlap a million times. The search ends without a finding after half of MAX_PARTS,
    after MAX_ROUNDS times the bytes of the image, or when it has inflated MAX_INFLATED_BYTES.
    """

    def __init__(self, reader: "Reader") -> None:
        self._view = reader.view
        self._format_name = reader.format_name
        self._parts_left = byte_reader.MAX_PARTS // 2
        self._bytes_left = MAX_ROUNDS * len(reader.view)
        self._inflated_bytes_left = MAX_INFLATED_BYTES
        self._jpeg = Reader(reader.view, reader.format_name, "the last of its data")

    def check_runs(self, start: int, end: int, values: tuple[int, ...], length: int = HOLE_BYTES) -> None:
        """Refuse a part that has `length` bytes of one of these values in a row.

        Raises:
            CorruptImage: it has.
        """
        if self._must_search(end - start, length):
            for value in values:
                found = find_zero_run(self._view, start, end, length, value)
                if found is not None:
                    raise self._corrupt(value, f"{length} bytes {value:02X} at {found}")

    def check_deflate(self, start: int, end: int) -> None:
        """Refuse a zlib stream that has a long run of zero bytes and does not inflate.

        Raises:
            CorruptImage: it has one, and does not.
        """
        if not self._must_search(end - start):
            return
        found = find_zero_run(self._view, start, end, SUSPICIOUS_BYTES)
        if found is not None and not self._can_inflate(start, end):
            raise self._corrupt(
                ZEROS, f"the zlib stream at {start} does not inflate, {SUSPICIOUS_BYTES} bytes 00 at {found}"
            )

    def check_jpeg(self, start: int, end: int, tables: tuple[int, int] | None) -> None:
        """Refuse a JPEG with a hole in a scan. A fault in its structure is not looked for.

        Args:
            start: the position of the JPEG.
            end: one past its last byte.
            tables: where another JPEG is, with tables for this one.

        Raises:
            CorruptImage: it has a hole.
        """
        if self._must_search(end - start) and find_zero_run(self._view, start, end, HOLE_BYTES) is not None:
            with suppress(InvalidImage):
                first_values = read_tables(self._open_jpeg(*tables)) if tables else None
                check_scans(self._open_jpeg(start, end), needs_eoi=False, tables=first_values)

    def _open_jpeg(self, start: int, end: int) -> Reader:
        """Return a reader after SOI. All JPEGs together have as many parts as one image."""
        self._jpeg.end = end
        self._jpeg.seek(start)
        self._jpeg.skip(SOI_BYTES)
        return self._jpeg

    @property
    def is_over(self) -> bool:
        """Whether further parts are not searched."""
        return self._parts_left <= 0 or self._bytes_left <= 0

    def _must_search(self, size: int, length: int = HOLE_BYTES) -> bool:
        if size < length or self.is_over:
            return False
        self._parts_left -= 1
        self._bytes_left -= size
        return self._bytes_left >= 0

    def _corrupt(self, value: int, reason: str) -> CorruptImage:
        kind = f"0x{value:02X}" if value else "zero"
        message = f"The {self._format_name} is damaged: its compressed data has a hole of {kind} bytes."
        return CorruptImage(message, reason=reason)

    def _can_inflate(self, start: int, end: int) -> bool:
        """Whether a zlib stream has its end and its checksum (RFC 1950), as far as it may be inflated."""
        stream = zlib.decompressobj()
        try:
            for at in range(start, end, INPUT_BYTES):
                data = bytes(self._view[at : min(at + INPUT_BYTES, end)])
                while data and not stream.eof:
                    if self._inflated_bytes_left < 0:
                        return True
                    self._inflated_bytes_left -= len(stream.decompress(data, OUTPUT_BYTES))
                    data = stream.unconsumed_tail
        except zlib.error:
            return False
        return stream.eof
