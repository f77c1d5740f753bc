"""Checks that the LZW data of every frame of a GIF stands for exactly the pixels of the frame."""

from struct import Struct
from typing import TYPE_CHECKING

from intake.decode.lzw import measure_lzw
from intake.decode.packed_codes import PackedCodes
from intake.decode.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

HEADER_BYTES = 13
IMAGE = Struct("<4xHHB")  # left, top, width, height, flags (GIF89a, 20)
EXTENSION, IMAGE_SEPARATOR, TRAILER = 0x21, 0x2C, 0x3B
COLOR_TABLE, COLOR_TABLE_SIZE = 0x80, 0x07


def decode(body: memoryview, image_type: str, max_pixels: int) -> tuple[Verdict, str]:
    """Measure every frame. See `decoders.decode`.

    Some encoders write no end code, or bytes after it. The number of pixels distinguishes them from damage.
    """
    del image_type, max_pixels
    for number, (pixels, code_bits, data) in enumerate(_read_frames(body)):
        length = measure_lzw(PackedCodes(data, "little"), code_bits, early=False, limit=pixels)
        if length.fault or length.values != pixels:
            return Verdict.DAMAGED, f"frame {number}: {length.fault or f'{length.values} of {pixels} pixels'}"
    return Verdict.WHOLE, ""


def _read_frames(body: memoryview) -> "Iterator[tuple[int, int, bytes]]":
    """Yield the pixels, the code size and the data of each frame of a GIF whose structure is whole."""
    at = HEADER_BYTES + _color_table_bytes(body[10])
    while at < len(body) and (kind := body[at]) != TRAILER:
        at += 1
        if kind == EXTENSION:
            _, at = _read_sub_blocks(body, at + 1)
        elif kind == IMAGE_SEPARATOR:
            width, height, flags = IMAGE.unpack_from(body, at)
            at += IMAGE.size + _color_table_bytes(flags)
            code_bits = body[at]
            data, at = _read_sub_blocks(body, at + 1)
            yield width * height, code_bits, data


def _color_table_bytes(flags: int) -> int:
    return 3 << (flags & COLOR_TABLE_SIZE) + 1 if flags & COLOR_TABLE else 0


def _read_sub_blocks(body: memoryview, at: int) -> tuple[bytes, int]:
    """Return the joined data of the sub-blocks, and the position after their terminator."""
    parts = []
    while size := body[at]:
        parts.append(body[at + 1 : at + 1 + size])
        at += 1 + size
    return b"".join(parts), at + 1
