"""Checks each strip and tile of a TIFF: Deflate, LZW and JPEG here, other compressions with libvips."""

import zlib
from importlib import import_module
from typing import TYPE_CHECKING

from intake.decode.lzw import measure_lzw
from intake.decode.packed_codes import PackedCodes
from intake.decode.tiff_pieces import read_pieces
from intake.decode.verdict import Verdict
from intake.image.tiff_page import UNCOMPRESSED

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from intake.decode.tiff_pieces import Piece

LZW, JPEG, DEFLATE = 5, 7, (8, 32946)
INFLATED_BYTES = 256 * 1024
"""Bytes that are inflated at once."""
LZW_OF_TIFF_5 = b"\x00\x01"
"""The first bytes of LZW data whose codes begin at the lowest bit."""
MARKER_BYTES = 2
"""The length of SOI and of EOI."""


def decode(body: memoryview, image_type: str, max_pixels: int) -> tuple[Verdict, str]:
    """Check every strip and tile. See `decoders.decode`."""
    unsure, must_decode = "", False
    for piece in read_pieces(body):
        check = CHECKS.get(piece.compression)
        if check is None:
            must_decode = must_decode or piece.compression != UNCOMPRESSED
            continue
        verdict, reason = check(piece, max_pixels)
        if verdict == Verdict.DAMAGED:
            return verdict, reason
        unsure = unsure or reason
    if must_decode:
        decoded: tuple[Verdict, str] = import_module("intake.decode.vips_decoder").decode(body, image_type, max_pixels)
        return decoded
    return Verdict.UNSURE if unsure else Verdict.WHOLE, unsure


def _check_deflate(piece: "Piece", max_pixels: int) -> tuple[Verdict, str]:
    """Inflate a zlib stream, which ends with a checksum (RFC 1950)."""
    del max_pixels
    stream, data, values = zlib.decompressobj(), piece.read(), 0
    try:
        while not stream.eof and (inflated := stream.decompress(data, INFLATED_BYTES)):
            values += len(inflated)
            data = stream.unconsumed_tail
    except zlib.error as error:
        return Verdict.DAMAGED, f"Deflate: {error}"
    if stream.eof and values >= piece.expected:
        return Verdict.WHOLE, ""
    return Verdict.DAMAGED, f"Deflate: {values} of {piece.expected} bytes, {'an' if stream.eof else 'no'} end"


def _check_lzw(piece: "Piece", max_pixels: int) -> tuple[Verdict, str]:
    """Compare the length of the decoded data with the expected one. Some files have no end code, or bytes after it."""
    del max_pixels
    data, expected = piece.read(), piece.expected
    if not expected or data.startswith(LZW_OF_TIFF_5):
        return Verdict.UNSURE, "LZW: the length is not known"
    length = measure_lzw(PackedCodes(data, "big"), 8, early=True, limit=piece.padded)
    if length.fault is None and length.values in (expected, piece.padded):
        return Verdict.WHOLE, ""
    is_one_more = length.fault is None and length.values == expected + 1  # some writers add a byte
    reason = f"LZW: {length.fault or f'{length.values} of {expected} bytes'}"
    return Verdict.UNSURE if is_one_more else Verdict.DAMAGED, reason


def _check_jpeg(piece: "Piece", max_pixels: int) -> tuple[Verdict, str]:
    """Decode a JPEG whose tables may be in another one (TIFF Technical Note 2)."""
    tables = bytes(piece.tables[:-MARKER_BYTES])
    whole = memoryview(tables + bytes(piece.data[MARKER_BYTES:])) if tables else piece.data
    checked: tuple[Verdict, str] = import_module("intake.decode.jpeg_decoder").decode(whole, "jpeg", max_pixels)
    return checked


CHECKS: "Mapping[int, Callable[[Piece, int], tuple[Verdict, str]]]" = {
    LZW: _check_lzw,
    JPEG: _check_jpeg,
} | dict.fromkeys(DEFLATE, _check_deflate)
