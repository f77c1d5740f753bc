"""The tracks of an AVIF sequence: how many frames, and whether each sample is there.

ISO/IEC 14496-12, 8.3 to 8.7.
"""

from operator import itemgetter
from struct import Struct
from typing import TYPE_CHECKING

from intake.image.isobmff import boxes, child, children, version_and_flags
from intake.image.size_limits import check_frames, check_size

if TYPE_CHECKING:
    from collections.abc import Iterator

    from intake.image.reader import Reader
    from intake.model.limits import Limits

SIDES = Struct(">II")
HANDLER = Struct(">4x4s")
RUN = Struct(">III")  # first chunk, samples per chunk, sample description
PICTURES = b"pict"


def check(moov: "Reader", limits: "Limits") -> tuple[tuple[int, int], int]:
    """Verify that every sample of every track is inside of the file; return size and frames of the pictures.

    Alpha lies in a track of its own, and so does audio; none may have more samples than frames are allowed.
    """
    pictures: tuple[tuple[int, int], int] | None = None
    for _, trak in filter(lambda box: box[0] == b"trak", boxes(moov)):
        handler, size, samples = _track(trak, limits)
        if handler == PICTURES and not pictures:
            check_size("AVIF", *size, limits)
            pictures = size, samples
    if not pictures or not pictures[1]:
        raise moov.malformed("its sequence has no frames")
    return pictures


def _track(trak: "Reader", limits: "Limits") -> tuple[bytes, tuple[int, int], int]:
    parts = children(trak)
    media = children(child(parts, b"mdia", trak))
    handler_box = child(media, b"hdlr", trak)
    version_and_flags(handler_box)
    (handler,) = handler_box.take(HANDLER)
    table = children(child(children(child(media, b"minf", trak)), b"stbl", trak))
    sizes = _sample_sizes(child(table, b"stsz", trak), limits)
    offsets = _chunk_offsets(table, trak)
    runs = _runs(child(table, b"stsc", trak))
    _check_samples(trak, sizes, offsets, runs)
    return handler, _track_size(child(parts, b"tkhd", trak)), len(sizes)


def _track_size(tkhd: "Reader") -> tuple[int, int]:
    """The last two fields, in 16.16 fixed point (8.3.2)."""
    tkhd.skip(max(0, tkhd.left - SIDES.size))
    width, height = tkhd.take(SIDES)
    return width >> 16, height >> 16


def _sample_sizes(stsz: "Reader", limits: "Limits") -> list[int]:
    """One size for each sample; the box may hold one for all (8.7.3)."""
    version_and_flags(stsz)
    size, count = stsz.number(4), stsz.number(4)
    check_frames("AVIF", count, limits)
    if size:
        return [size] * count
    stsz.step(count)
    return [stsz.number(4) for _ in range(count)]


def _chunk_offsets(table: "dict[bytes, Reader]", trak: "Reader") -> "Iterator[int]":
    """Where each chunk begins, in 32 or 64 bits (8.7.5)."""
    wide = b"co64" in table
    box = child(table, b"co64" if wide else b"stco", trak)
    version_and_flags(box)
    for _ in range(box.number(4)):
        box.step()
        yield box.number(8 if wide else 4)


def _runs(stsc: "Reader") -> list[tuple[int, int]]:
    """From which chunk on (counted from 1) a chunk has how many samples (8.7.4)."""
    version_and_flags(stsc)
    count = stsc.number(4)
    stsc.step(count)
    return [itemgetter(0, 1)(stsc.take(RUN)) for _ in range(count)]


def _check_samples(trak: "Reader", sizes: list[int], offsets: "Iterator[int]", runs: list[tuple[int, int]]) -> None:
    """Lay the samples out over the chunks: all have a place, and no chunk reaches past the end."""
    placed = 0
    per_chunk = 0
    upcoming = iter(runs)
    first, following = next(upcoming, (0, 0))
    for chunk, offset in enumerate(offsets, start=1):
        if chunk == first:
            per_chunk = following
            first, following = next(upcoming, (0, 0))
        end = offset + sum(sizes[placed : placed + per_chunk])
        placed += per_chunk
        if end > len(trak.view):
            raise trak.truncated(f"chunk {chunk} ends at {end}")
    if placed != len(sizes):
        raise trak.malformed("samples have no place", f"{placed} of {len(sizes)}")
