"""Splits an animated WebP: each frame becomes a still WebP (WebP Container Specification).

libvips would hold all frames of an animation in memory at once: a gigabyte for a file of 3 MB.
"""

from struct import Struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

CHUNK = Struct("<4sI")
FIRST_CHUNK = 12
FRAME_HEADER_BYTES, SIZE_AT, SIZE_BYTES = 16, 6, 6
ALPHA_FLAG = 0x10


def split_frames(body: memoryview) -> "Iterator[bytes]":
    """Yield a still WebP for each frame; the body itself if it has none."""
    at, has_frames = FIRST_CHUNK, False
    while at + CHUNK.size <= len(body):
        kind, size = CHUNK.unpack_from(body, at)
        at += CHUNK.size
        if kind == b"ANMF":
            has_frames = True
            yield _make_still(body[at : at + size])
        at += size + size % 2
    if not has_frames:
        yield bytes(body)


def _make_still(frame: memoryview) -> bytes:
    """Put the chunks of a frame into a file. Alpha needs the extended header, with the size of the frame."""
    chunks = bytes(frame[FRAME_HEADER_BYTES:])
    if chunks.startswith(b"ALPH"):
        size = bytes(frame[SIZE_AT : SIZE_AT + SIZE_BYTES])
        chunks = CHUNK.pack(b"VP8X", 10) + bytes((ALPHA_FLAG, 0, 0, 0)) + size + chunks
    return CHUNK.pack(b"RIFF", 4 + len(chunks)) + b"WEBP" + chunks
