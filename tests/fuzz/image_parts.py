"""Splits an image into its parts (chunks, segments, boxes, blocks), and joins parts with correct sizes and checksums.

Without correct sizes and checksums a mutated image would fail at the first check of a parser.
"""

from collections.abc import Iterator
from contextlib import suppress
from struct import error, pack, unpack_from
from zlib import crc32

type Part = tuple[bytes, bytes]
"""The header of a part without its size field, and its content."""

PNG = b"\x89PNG\r\n\x1a\n"
BOXES_INSIDE = {b"meta": 4, b"iprp": 0, b"ipco": 0, b"iinf": 6, b"iref": 4, b"dinf": 0} | dict.fromkeys(
    (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts"), 0
)
"""Boxes that contain boxes, with the number of bytes before the first one (ISO/IEC 14496-12)."""

_SOS, _FILL = 0xDA, 0xFF
_NO_CONTENT = {0x01, *range(0xD0, 0xDA)}
_EXTENSION, _IMAGE = 0x21, 0x2C


def split(data: bytes) -> list[Part] | None:
    """Split an image, as far as it can be read. Return None for a type whose parts have no order (TIFF, BMP)."""
    reader = next((reader for magic, at, reader in _READERS if data[at : at + len(magic)] == magic), None)
    if reader is None:
        return None
    parts: list[Part] = []
    with suppress(error, IndexError):  # keeps the parts before the fault
        parts.extend(reader(data))
    return parts


def join(data: bytes, parts: list[Part]) -> bytes:
    """Join parts in the format of `data`."""
    if data.startswith(PNG):
        chunks = [pack(">I", len(body)) + kind + body + pack(">I", crc32(kind + body)) for kind, body in parts]
        return PNG + b"".join(chunks)
    if data.startswith(b"RIFF"):
        pieces = [kind + pack("<I", len(body)) + body + bytes(len(body) % 2) for kind, body in parts]
        return b"RIFF" + pack("<I", 4 + sum(map(len, pieces))) + b"WEBP" + b"".join(pieces)
    if data.startswith(b"\xff\xd8"):
        return b"".join(kind + (pack(">H", (len(body) + 2) & 0xFFFF) if kind else b"") + body for kind, body in parts)
    if data[4:8] in {b"ftyp", b"JXL "}:
        return join_boxes(parts)
    return b"".join(body for _, body in parts)


def boxes(data: bytes) -> Iterator[Part]:
    at = 0
    while at + 8 <= len(data):
        size = unpack_from(">I", data, at)[0]
        end = at + size if size >= 8 else len(data)
        yield data[at + 4 : at + 8], data[at + 8 : end]
        at = end


def join_boxes(parts: list[Part]) -> bytes:
    return b"".join(pack(">I", len(body) + 8) + kind + body for kind, body in parts)


def _png(data: bytes) -> Iterator[Part]:
    at = len(PNG)
    while at < len(data):
        (size,) = unpack_from(">I", data, at)
        yield data[at + 4 : at + 8], data[at + 8 : at + 8 + size]
        at += size + 12


def _riff(data: bytes) -> Iterator[Part]:
    at = 12
    while at < len(data):
        (size,) = unpack_from("<I", data, at + 4)
        yield data[at : at + 4], data[at + 8 : at + 8 + size]
        at += 8 + size + size % 2


def _jpeg(data: bytes) -> Iterator[Part]:
    at = 0
    while at < len(data):
        marker = data[at + 1]
        if data[at] != _FILL or marker in {0, _FILL}:  # a stray byte, or a fill byte
            yield b"", data[at : at + 1]
            at += 1
            continue
        if marker in _NO_CONTENT:
            yield b"", data[at : at + 2]
            at += 2
            continue
        (size,) = unpack_from(">H", data, at + 2)
        yield data[at : at + 2], data[at + 4 : at + 2 + size]
        at += 2 + max(size, 2)
        if marker == _SOS:
            end = data.find(b"\xff\xd9", at)
            end = len(data) if end < 0 else end
            yield b"", data[at:end]
            at = end


def _gif(data: bytes) -> Iterator[Part]:
    at = 13 + (3 << (data[10] & 7) + 1 if data[10] & 0x80 else 0)
    yield b"", data[:at]
    while at < len(data):
        start = at
        at += 2 if data[at] == _EXTENSION else 1
        if data[start] == _IMAGE:
            flags = data[start + 9]
            at += 10 + (3 << (flags & 7) + 1 if flags & 0x80 else 0)
        if data[start] in {_EXTENSION, _IMAGE}:
            while data[at]:
                at += data[at] + 1
            at += 1
        yield b"", data[start:at]


_READERS = (
    *((PNG, 0, _png), (b"RIFF", 0, _riff), (b"\xff\xd8", 0, _jpeg), (b"GIF8", 0, _gif)),
    *((b"ftyp", 4, boxes), (b"JXL ", 4, boxes)),
)
