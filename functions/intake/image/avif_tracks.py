"""The tracks of an AVIF sequence: the number of frames, and whether the file has every sample.

ISO/IEC 14496-12, 8.3 to 8.7.
"""

from operator import itemgetter
from struct import Struct
from typing import TYPE_CHECKING

from intake.image.isobmff import read_boxes, read_children, read_version_and_flags, require_child
from intake.image.size_limits import check_frames, check_size

if TYPE_CHECKING:
    from collections.abc import Iterator

    from intake.image.reader import Reader
    from intake.model.limits import Limits

SIDES = Struct(">II")
HANDLER = Struct(">4x4s")
RUN = Struct(">III")  # first chunk, samples per chunk, sample description
PICTURES = b"pict"


def parse_moov(moov: "Reader", limits: "Limits") -> tuple[tuple[int, int], int]:
    """Check that every sample of every track lies inside the file; return size and frames of the picture track.

    Alpha is a track of its own, and so is audio; no track may have more samples than the limit of frames.
    """
    pictures: tuple[tuple[int, int], int] | None = None
    for _, trak in filter(lambda box: box[0] == b"trak", read_boxes(moov)):
        handler, size, samples = _parse_track(trak, limits)
        if handler == PICTURES and not pictures:
            check_size("AVIF", *size, limits)
            pictures = size, samples
    if not pictures or not pictures[1]:
        raise moov.malformed("its sequence has no frames")
    return pictures


def _parse_track(trak: "Reader", limits: "Limits") -> tuple[bytes, tuple[int, int], int]:
    """Return the handler of a track, its size and its number of samples, after the samples are checked."""
    parts = read_children(trak)
    media = read_children(require_child(parts, b"mdia", trak))
    handler_box = require_child(media, b"hdlr", trak)
    read_version_and_flags(handler_box)
    (handler,) = handler_box.unpack(HANDLER)
    table = read_children(require_child(read_children(require_child(media, b"minf", trak)), b"stbl", trak))
    sizes = _read_sample_sizes(require_child(table, b"stsz", trak), limits)
    offsets = _read_chunk_offsets(table, trak)
    runs = _read_runs(require_child(table, b"stsc", trak))
    _check_samples(trak, sizes, offsets, runs)
    return handler, _read_track_size(require_child(parts, b"tkhd", trak)), len(sizes)


def _read_track_size(tkhd: "Reader") -> tuple[int, int]:
    """Read the last two fields, in 16.16 fixed point (8.3.2)."""
    tkhd.skip(max(0, tkhd.remaining - SIDES.size))
    width, height = tkhd.unpack(SIDES)
    return width >> 16, height >> 16


def _read_sample_sizes(stsz: "Reader", limits: "Limits") -> list[int]:
    """Return one size for each sample; the box may hold one for all (8.7.3)."""
    read_version_and_flags(stsz)
    size, count = stsz.read_number(4), stsz.read_number(4)
    check_frames("AVIF", count, limits)
    if size:
        return [size] * count
    stsz.count_parts(count)
    return [stsz.read_number(4) for _ in range(count)]


def _read_chunk_offsets(table: "dict[bytes, Reader]", trak: "Reader") -> "Iterator[int]":
    """Yield the position of each chunk, of 32 or 64 bits (8.7.5)."""
    is_wide = b"co64" in table
    box = require_child(table, b"co64" if is_wide else b"stco", trak)
    read_version_and_flags(box)
    for _ in range(box.read_number(4)):
        box.count_parts()
        yield box.read_number(8 if is_wide else 4)


def _read_runs(stsc: "Reader") -> list[tuple[int, int]]:
    """Return pairs: from this chunk on (counted from 1), a chunk has this many samples (8.7.4)."""
    read_version_and_flags(stsc)
    count = stsc.read_number(4)
    stsc.count_parts(count)
    return [itemgetter(0, 1)(stsc.unpack(RUN)) for _ in range(count)]


def _check_samples(trak: "Reader", sizes: list[int], offsets: "Iterator[int]", runs: list[tuple[int, int]]) -> None:
    """Assign the samples to chunks: every sample needs a chunk, and no chunk may end past the end of the file."""
    assigned = 0
    per_chunk = 0
    next_runs = iter(runs)
    first_chunk, next_per_chunk = next(next_runs, (0, 0))
    for chunk, offset in enumerate(offsets, start=1):
        if chunk == first_chunk:
            per_chunk = next_per_chunk
            first_chunk, next_per_chunk = next(next_runs, (0, 0))
        end = offset + sum(sizes[assigned : assigned + per_chunk])
        assigned += per_chunk
        if end > len(trak.view):
            raise trak.truncated(f"chunk {chunk} ends at {end}")
    if assigned != len(sizes):
        raise trak.malformed("some samples belong to no chunk", f"{assigned} of {len(sizes)}")
