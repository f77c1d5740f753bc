"""Checks the strips and tiles of a TIFF that are compressed by Deflate or LZW, without a decoder of images."""

import zlib
from importlib import import_module
from itertools import chain
from typing import TYPE_CHECKING

from intake.decode.lzw import measure_lzw
from intake.decode.packed_codes import PackedCodes
from intake.decode.verdict import Verdict
from intake.image import tiff_page
from intake.image.byte_reader import Reader
from intake.image.tiff_directory import Directories

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from intake.image.tiff_directory import Fields

LZW, DEFLATE = 5, (8, 32946)
OUTPUT_BYTES = 256 * 1024
YCBCR = 6
OLD_LZW = b"\x00\x01"
"""The first bytes of LZW data whose codes begin at the lowest bit, as TIFF 5.0 had them."""


def decode(body: memoryview, image_type: str, max_pixels: int) -> tuple[Verdict, str]:
    """Measure every strip and tile; let libvips decode what has another compression. See `decoders.decode`."""
    unsure = ""
    must_decode = False
    for compression, expected, data in _read_pieces(body):
        measure = MEASURES.get(compression)
        if measure is None:
            must_decode = must_decode or compression != tiff_page.UNCOMPRESSED
            continue
        verdict, reason = measure(data, expected)
        if verdict == Verdict.DAMAGED:
            return verdict, reason
        unsure = unsure or reason
    if must_decode:
        return import_module("intake.decode.vips_decoder").decode(body, image_type, max_pixels)
    return Verdict.UNSURE if unsure else Verdict.WHOLE, unsure


def _measure_deflate(data: bytes, expected: int) -> tuple[Verdict, str]:
    """Inflate a zlib stream, whose end has a checksum (RFC 1950)."""
    stream, values = zlib.decompressobj(), 0
    try:
        while not stream.eof and (inflated := stream.decompress(data, OUTPUT_BYTES)):
            values += len(inflated)
            data = stream.unconsumed_tail
    except zlib.error as error:
        return Verdict.DAMAGED, str(error)
    if stream.eof and values >= expected:
        return Verdict.WHOLE, ""
    return Verdict.DAMAGED, f"{values} of {expected} bytes, the zlib stream {'has' if stream.eof else 'lacks'} its end"


def _measure_lzw(data: bytes, expected: int) -> tuple[Verdict, str]:
    """Compare the bytes that LZW data stands for. Some writers write no end code, or bytes behind it."""
    if not expected or data.startswith(OLD_LZW):
        return Verdict.UNSURE, "LZW data of unknown length"
    length = measure_lzw(PackedCodes(data, "big"), 8, early=True, limit=expected)
    if length.fault:
        return Verdict.DAMAGED, length.fault
    if length.values == expected:
        return Verdict.WHOLE, ""
    verdict = Verdict.UNSURE if length.values == expected + 1 else Verdict.DAMAGED  # Photoshop adds a byte
    return verdict, f"{length.values} of {expected} bytes"


MEASURES: "dict[int, Callable[[bytes, int], tuple[Verdict, str]]]" = {LZW: _measure_lzw} | dict.fromkeys(
    DEFLATE, _measure_deflate
)


def _read_pieces(body: memoryview) -> "Iterator[tuple[int, int, bytes]]":
    """Yield for each strip and tile its compression, the bytes that it stands for (0: not known), and its data."""
    directories = Directories(Reader(body, "TIFF", ""))
    seen: set[int] = set()
    position = directories.first
    while position and position not in seen:
        seen.add(position)
        fields, position = directories.read(position)
        if tiff_page.is_page(fields):
            yield from _read_page(directories, fields, body)


def _read_page(directories: Directories, fields: "Fields", body: memoryview) -> "Iterator[tuple[int, int, bytes]]":
    width, height = tiff_page.read_size(directories, fields)
    compression = tiff_page.read_compression(directories, fields)
    is_tiled = tiff_page.is_tiled(fields)
    describe = tiff_page.describe_tiles if is_tiled else tiff_page.describe_strips
    pieces = describe(directories, fields, width, height)
    if pieces.offsets_tag not in fields or pieces.sizes_tag not in fields:
        return
    planes = tiff_page.count_planes(directories, fields)
    if is_tiled:
        columns, rows = (directories.read_number(fields, tag) for tag in (tiff_page.TILE_WIDTH, tiff_page.TILE_LENGTH))
        last_rows = rows
    else:
        columns, rows = width, min(directories.read_number(fields, tiff_page.ROWS_PER_STRIP, default=height), height)
        last_rows = height - (pieces.per_plane - 1) * rows
    row_bytes = tiff_page.count_uncompressed_row_bytes(directories, fields, columns, planes)
    if directories.read_number(fields, tiff_page.PHOTOMETRIC, default=0) not in tiff_page.PLAIN_COLORS:
        row_bytes = 0
    starts, counts = (
        list(chain.from_iterable(directories.read_values(fields[tag])))
        for tag in (pieces.offsets_tag, pieces.sizes_tag)
    )
    for number, (start, count) in enumerate(zip(starts, counts)):
        is_last = number % pieces.per_plane == pieces.per_plane - 1
        if count and number < pieces.needed:
            yield compression, (last_rows if is_last else rows) * row_bytes, bytes(body[start : start + count])
