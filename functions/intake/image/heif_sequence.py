"""The tracks of a HEIF sequence: the number of frames, and whether every sample is in the file.

ISO/IEC 14496-12, 8.3 to 8.7.
"""

from operator import itemgetter
from struct import Struct
from typing import TYPE_CHECKING

from intake.image.heif_codec import CodedData, HeifPictures
from intake.image.isobmff import read_boxes, read_children, read_version_and_flags, require_child
from intake.image.pixel_limits import check_frames, check_size

if TYPE_CHECKING:
    from collections.abc import Iterator

    from intake.image.byte_reader import Reader
    from intake.image.heif_codec import Codec, Extent
    from intake.model.limits import Limits

SIDES = Struct(">II")
HANDLER = Struct(">4x4s")
RUN = Struct(">III")  # first chunk, samples per chunk, sample description
VISUAL_SAMPLE_ENTRY_BYTES = 78
"""The fields of a sample entry before its boxes (12.1.3)."""
PICTURES, AUXILIARY = b"pict", b"auxv"
"""The handlers of tracks of compressed pictures; auxiliary means alpha or depth."""


def parse_moov(moov: "Reader", limits: "Limits", codec: "Codec") -> HeifPictures | None:
    """Check that every sample of every track lies inside the file; return the first track of pictures.

    Alpha and audio are tracks of their own; a still image may come with audio, and then there is no track of pictures.
    No track may have more samples than the limit of frames.
    """
    pictures: HeifPictures | None = None
    coded: list[CodedData] = []
    for _, trak in filter(lambda box: box[0] == b"trak", read_boxes(moov)):
        handler, track = _parse_track(trak, limits, codec)
        if handler in (PICTURES, AUXILIARY):
            coded += track.coded
        if handler == PICTURES and not pictures:
            check_size(moov.format_name, *track.size, limits)
            if not track.frames:
                raise moov.malformed("its sequence has no frames")
            pictures = track
    return pictures and pictures._replace(coded=coded)


def _parse_track(trak: "Reader", limits: "Limits", codec: "Codec") -> tuple[bytes, HeifPictures]:
    """Check the samples of a track; return its handler and its samples."""
    parts = read_children(trak)
    media = read_children(require_child(parts, b"mdia", trak))
    handler_box = require_child(media, b"hdlr", trak)
    read_version_and_flags(handler_box)
    (handler,) = handler_box.unpack(HANDLER)
    table = read_children(require_child(read_children(require_child(media, b"minf", trak)), b"stbl", trak))
    sizes = _read_sample_sizes(require_child(table, b"stsz", trak), limits)
    offsets = _read_chunk_offsets(table, trak)
    runs = _read_runs(require_child(table, b"stsc", trak))
    configuration = _find_configuration(table[b"stsd"], codec) if b"stsd" in table else None
    chunks = [CodedData(configuration, [chunk]) for chunk in _assign_samples(trak, sizes, offsets, runs)]
    return handler, HeifPictures(_read_track_size(require_child(parts, b"tkhd", trak)), len(sizes), chunks)


def _find_configuration(stsd: "Reader", codec: "Codec") -> "Reader | None":
    """Return the decoder configuration of the first sample entry of the codec (8.5.2)."""
    read_version_and_flags(stsd)
    stsd.skip(4)
    for kind, entry in read_boxes(stsd):
        if kind in codec.configurations:
            entry.skip(VISUAL_SAMPLE_ENTRY_BYTES)
            return read_children(entry).get(codec.configurations[kind])
    return None


def _read_track_size(tkhd: "Reader") -> tuple[int, int]:
    """Read the last two fields, in 16.16 fixed point (8.3.2)."""
    tkhd.skip(max(0, tkhd.remaining - SIDES.size))
    width, height = tkhd.unpack(SIDES)
    return width >> 16, height >> 16


def _read_sample_sizes(stsz: "Reader", limits: "Limits") -> list[int]:
    """Return the size of each sample; the box may have one size for all (8.7.3)."""
    read_version_and_flags(stsz)
    size, count = stsz.read_number(4), stsz.read_number(4)
    check_frames(stsz.format_name, count, limits)
    if size:
        return [size] * count
    stsz.count_parts(count)
    return [stsz.read_number(4) for _ in range(count)]


def _read_chunk_offsets(table: "dict[bytes, Reader]", trak: "Reader") -> "Iterator[int]":
    """Yield the position of each chunk, a field of 32 or 64 bits (8.7.5)."""
    is_wide = b"co64" in table
    box = require_child(table, b"co64" if is_wide else b"stco", trak)
    read_version_and_flags(box)
    for _ in range(box.read_number(4)):
        box.count_parts()
        yield box.read_number(8 if is_wide else 4)


def _read_runs(stsc: "Reader") -> list[tuple[int, int]]:
    """Return pairs of a chunk (counted from 1) and the samples in it and in each later chunk (8.7.4)."""
    read_version_and_flags(stsc)
    count = stsc.read_number(4)
    stsc.count_parts(count)
    return [itemgetter(0, 1)(stsc.unpack(RUN)) for _ in range(count)]


def _assign_samples(
    trak: "Reader", sizes: list[int], offsets: "Iterator[int]", runs: list[tuple[int, int]]
) -> "Iterator[Extent]":
    """Assign the samples to chunks, and yield where each chunk is.

    Raises:
        InvalidImage: a sample has no chunk, or a chunk ends outside the file.
    """
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
        yield offset, end
    if assigned != len(sizes):
        raise trak.malformed("some samples belong to no chunk", f"{assigned} of {len(sizes)}")
