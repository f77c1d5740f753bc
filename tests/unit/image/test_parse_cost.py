"""What hostile images cost the parsers, counted in executed lines, which do not depend on the machine."""

import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from struct import pack
from types import CodeType

import pytest

from intake.image import byte_reader as reader
from intake.image.verify import verify
from intake.model.error_codes import IntakeError, InvalidImage
from intake.model.limits import MIB, Limits
from support.crafted_heif import iloc
from support.crafted_images import (
    SIGNATURE,
    avif,
    box,
    chunk,
    full_box,
    huffman_table,
    ihdr,
    jpeg,
    mp_index,
    page,
    riff,
    riff_chunk,
    segment,
    tiff,
    track,
    vp8,
    vp8x,
    xmp,
)
from support.sample_images import SAMPLES, jpeg_of_size

KIB = 1024
LIMITS = Limits()
ROOT = str(Path(reader.__file__).parent)
PARTS = 10_000
"""Instead of the real limit, which takes ten times as long to count and shows the same."""
LINES_PER_PART = 50


def count_lines(body: bytes) -> int:
    """Count the lines of the parsers that run, whether the image is refused or not."""
    lines = 0

    def count(code: CodeType, _: int) -> object:
        nonlocal lines
        if not code.co_filename.startswith(ROOT):
            return sys.monitoring.DISABLE
        lines += 1
        return None

    tool, event = sys.monitoring.PROFILER_ID, sys.monitoring.events.LINE
    sys.monitoring.use_tool_id(tool, "lines of the parsers")
    try:
        sys.monitoring.register_callback(tool, event, count)
        sys.monitoring.set_events(tool, event)
        verify(body, LIMITS)
    except IntakeError:
        pass
    finally:
        sys.monitoring.set_events(tool, 0)
        sys.monitoring.free_tool_id(tool)
    return lines


def filled(head: bytes, part: bytes, size: int = 20 * MIB) -> bytes:
    return head + part * ((size - len(head)) // len(part))


def wide_directory(entries: int) -> bytes:
    """A BigTIFF of one directory with unknown entries."""
    entry = pack("<HHQQ", 65000, 1, 1, 0)
    return b"II+\0" + pack("<HHQQ", 8, 0, 16, entries) + entry * entries + bytes(8)


def overlapping_directories(entries: int) -> bytes:
    """A thousand directories, each of which overlaps all that follow."""
    step = 18
    body = bytearray(b"II*\0" + pack("<I", 8))
    for at in range(8, 8 + step * 999, step):
        body += pack("<HHHIII", entries, 1, 1, 1, 0, at + step)
    return bytes(body) + bytes(12 * entries)


BOMB = zlib.compress(bytes(64 * MIB))


def strips(compression: int, position: int, size: int, data: bytes = b"", order: str = "<") -> bytes:
    """A TIFF of 20 MiB of strips, all in the same place."""
    count = (20 * MIB - len(data)) // 8
    offsets, sizes = (273, 4, [position] * count), (279, 4, [size] * count)
    entries = page(1, count, compression=(259, 3, [compression]), rows=(278, 3, [1]), offsets=offsets, counts=sizes)
    return tiff(entries, data=data, order=order)


BODIES: dict[str, Callable[[], bytes]] = {
    "segments of a JPEG": lambda: filled(b"\xff\xd8", b"\xff\xfe\0\2"),
    "restarts of a JPEG": lambda: filled(b"\xff\xd8", b"\xff\xd0"),
    "stray bytes of a JPEG": lambda: filled(b"\xff\xd8", b"\xff\0"),
    "fill bytes between stray bytes of a JPEG": lambda: filled(b"\xff\xd8", b"\xff" * 9999 + b"\0"),
    "fill bytes of a JPEG": lambda: filled(b"\xff\xd8", b"\xff"),
    "scans of a JPEG": lambda: filled(SAMPLES["jpeg: lossless"].data[:15], b"\xff\xda\0\x08\x01\x01\0\0\x3f\0\x12"),
    "stuffed bytes of a JPEG": lambda: filled(SAMPLES["jpeg: lossless"].data[:-2], b"\xff\0"),
    "scans of a JPEG with holes": lambda: filled(jpeg(scan=bytes(256))[:-2], jpeg(scan=bytes(256))[15:-2]),
    "pictures in the index of a JPEG": lambda: jpeg(*[mp_index(*[(9, 9)] * 4000)] * 300),
    "fields of the index of a JPEG": lambda: jpeg(
        segment(
            0xE2, b"MPF\0II*\0" + pack("<IH", 8, 2000) + pack("<HHII", 0xB002, 7, 32_000, 24_010) * 2000 + bytes(32_000)
        )
    ),
    "tables of a JPEG": lambda: jpeg(*[segment(0xC4, huffman_table(0, 1) * 3600)] * 300),
    "items in the XMP of a JPEG": lambda: jpeg(*[xmp("<c:Item>" * 8000)] * 300),
    "chunks of a PNG": lambda: filled(SIGNATURE + ihdr(1, 1, 8, 0), chunk(b"tEXt")),
    "data chunks of a PNG": lambda: filled(SIGNATURE + ihdr(1, 1, 8, 0), chunk(b"IDAT")),
    "zeros of a GIF": lambda: filled(b"GIF89a\1\0\1\0\0\0\0", bytes(255) + b"!\xfe\0"),
    "extensions of a GIF": lambda: filled(b"GIF89a\1\0\1\0\0\0\0", b"!\xfe\0"),
    "chunks of a WebP": lambda: riff(vp8(), riff_chunk(b"none", b"") * (20 * MIB // 8)),
    "parts of a frame of a WebP": lambda: riff(
        vp8x(flags=2), riff_chunk(b"ANMF", bytes(16) + riff_chunk(b"none", b"") * (20 * MIB // 8))
    ),
    "entries of a TIFF": lambda: wide_directory(MIB),
    "overlapping directories of a TIFF": lambda: overlapping_directories(65535),
    "directories below a TIFF": lambda: tiff(page(below=(330, 4, [*range(8, 4 * MIB)])), data=bytes(5 * MIB)),
    "arrays of a TIFF": lambda: strips(1, 0, 1),
    "arrays of a TIFF in the other byte order": lambda: strips(1, 0, 1, order=">"),
    "strips of a TIFF that overlap": lambda: strips(5, 8, 20 * MIB),
    "strips of a TIFF of 256 bytes": lambda: strips(5, 8, 256),
    "strips of a TIFF of JPEG with holes": lambda: strips(7, 20 * MIB - 300, 300),
    "strips of a TIFF that inflate a thousandfold": lambda: strips(8, 8, len(BOMB), BOMB),
    "garbage in place of metadata of a TIFF": lambda: tiff(
        page(below=(34665, 4, [*range(8, 4 * MIB)])), data=b"\xff" * (5 * MIB)
    ),
    "extents of an AVIF that overlap": lambda: avif(
        iloc=iloc(*[(99, 19 * MIB)] * 9000, method=0), after=box(b"mdat", b"a" * (20 * MIB))
    ),
    "boxes of an AVIF": lambda: avif(after=box(b"free") * (20 * MIB // 8)),
    "brands of an AVIF": lambda: avif(ftyp=box(b"ftyp", b"mif1" * (5 * MIB))),
    "properties of an AVIF": lambda: avif(iprp=box(b"iprp", box(b"ipco", box(b"free") * (20 * MIB // 8)))),
    "associations of an AVIF": lambda: avif(
        iprp=box(b"iprp", box(b"ipco"), full_box(b"ipma", pack(">I", 2**32 - 1), bytes(20 * MIB)))
    ),
    "extents of an AVIF that take no bytes": lambda: avif(
        iloc=full_box(b"iloc", pack(">HI", 0, 2**32 - 1), pack(">IHHH", 1, 0, 0, 65535) * 2 * MIB, version=2)
    ),
    "tracks of an AVIF": lambda: avif(after=box(b"moov", track() * (20 * MIB // len(track())))),
    "chunks of a track of an AVIF": lambda: avif(
        after=box(b"moov", track(stco=full_box(b"stco", pack(">I", 2**32 - 1), bytes(20 * MIB))))
    ),
    "runs of a track of an AVIF": lambda: avif(
        after=box(b"moov", track(stsc=full_box(b"stsc", pack(">I", 2**32 - 1), bytes(20 * MIB))))
    ),
}


@pytest.mark.parametrize("body", list(BODIES.values()), ids=list(BODIES))
def test_parser_runs_few_lines_when_20_mib_are_tiny_parts(
    body: Callable[[], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "MAX_PARTS", PARTS)
    assert count_lines(body()) < PARTS * LINES_PER_PART


def test_image_is_refused_when_it_has_more_than_100_000_parts() -> None:
    """At fifty lines each, they take a sixth of a second."""
    assert 100_000 == reader.MAX_PARTS  # noqa: SIM300 - the expected value first
    few = filled(jpeg()[:-2], b"\xff\xfe\0\2", 100 * KIB) + b"\xff\xd9"
    assert verify(few, LIMITS).type == "jpeg"
    with pytest.raises(InvalidImage, match="more parts"):
        verify(filled(jpeg()[:-2], b"\xff\xfe\0\2", 500 * KIB) + b"\xff\xd9", LIMITS)


@pytest.mark.parametrize("size", [1000, 2000, 4000])
def test_gif_parser_runs_three_lines_for_each_sub_block(size: int) -> None:
    lines = count_lines(b"GIF89a\1\0\1\0\0\0\0!\xfe" + b"\1a" * size + b"\0;")
    assert lines == pytest.approx(3 * size, abs=100)


@pytest.mark.parametrize("extension", [b"!\xfe", b"!\xf9"])
def test_gif_is_refused_when_it_has_millions_of_sub_blocks(extension: bytes) -> None:
    """20 MiB of the smallest sub-blocks took half a second; a real file has one for every 256 bytes."""
    one = extension + b"\1a" * 50_000 + b"\0"
    with pytest.raises(InvalidImage, match="more parts"):
        verify(b"GIF89a\1\0\1\0\0\0\0" + one * 40 + b";", LIMITS)
    with pytest.raises(InvalidImage, match="more parts"):
        verify(b"GIF89a\1\0\1\0\0\0\0" + extension + b"\1a" * 2_000_000 + b"\0;", LIMITS)


def test_jpeg_parser_runs_the_same_lines_for_any_size() -> None:
    """A scan is one search."""
    small, large = jpeg_of_size(20_000, 1), jpeg_of_size(60_000, 1)
    assert count_lines(small) == count_lines(large) < 1000


def test_jpeg_parser_looks_for_further_pictures_until_one_is_missing() -> None:
    """Each of 4,000 pictures that are not there would be a search of all bytes."""
    pictures = b"\xff\xd8" * 4000
    few, many = (mp_index(*[(9, 2 * number) for number in range(40, 40 + count)]) for count in (40, 4000))
    assert count_lines(jpeg(many) + pictures) - count_lines(jpeg(few) + pictures) < 5 * 4000


def test_tiff_is_refused_when_pages_share_one_huge_array() -> None:
    """A thousand directories that point at the same million strips would multiply the work."""
    count = 2 * MIB // 4
    huge = [(256, 4, [1]), (257, 4, [1]), (273, 4, [0] * count), (279, 4, [0] * count)]
    body = bytearray(tiff(huge, data=b"\1"))
    offsets, sizes = body.rindex(pack("<HHI", 273, 4, count)), body.rindex(pack("<HHI", 279, 4, count))
    for at in (offsets, sizes):
        body[at + 8 : at + 12] = pack("<I", 9)
    directory = bytes(body[-54:-4])
    for _ in range(20):
        body[-4:] = pack("<I", len(body))
        body += directory + bytes(4)
    body[9 : 9 + 4] = pack("<I", 1)
    with pytest.raises(InvalidImage, match="share the same arrays"):
        verify(body, LIMITS)
