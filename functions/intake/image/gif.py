"""GIF: the logical screen, then blocks up to the trailer (GIF89a specification).

Zero bytes between blocks are skipped: GIF87a (appendix A) has decoders ignore what stands between two images. A file
that ends after a whole frame without a trailer gets a warning: it cannot be distinguished from one that was truncated
between two frames, unless its length is known.
"""

import re
from struct import Struct
from typing import TYPE_CHECKING

from intake.image.byte_reader import Reader
from intake.image.pixel_limits import ImageSize, check_frames, check_size
from intake.image.zero_runs import check_zero_runs
from intake.model.image_info import ImageWarning

if TYPE_CHECKING:
    from intake.model.limits import Limits

SCREEN = Struct("<6xHHBxx")  # signature and version, width, height, flags (18)
IMAGE_DESCRIPTOR = Struct("<4xHHB")  # left, top, width, height, flags (20)
EXTENSION, IMAGE, TRAILER, PADDING = 0x21, 0x2C, 0x3B, 0x00
COLOR_TABLE = 0x80
COLOR_TABLE_SIZE = 0x07
SUB_BLOCKS_PER_PART = 16
"""16 sub-blocks count as one part: they are skipped faster, and a real file has one for every 256 bytes."""
MIN_CODE_SIZES = range(1, 12)
"""An LZW code has at most 12 bits, and the first has one more than the minimum (appendix F). The specification
requires 2 or more; some encoders write 1 for two colors, and decoders accept it."""
NOT_ZERO = re.compile(rb"[^\0]")
HOLE_BYTES = 2048
"""Zero bytes between two blocks that are no padding: half of the smallest hole that storage and transfers leave."""


def parse(view: memoryview, limits: "Limits") -> ImageSize:
    reader = Reader(view, "GIF", "its trailer")
    width, height, flags = reader.unpack(SCREEN)
    if width and height:
        check_size("GIF", width, height, limits)
    _skip_color_table(reader, flags)
    frames = 0
    while (kind := _read_block_kind(reader)) != TRAILER:
        if kind == IMAGE:
            frames += 1
            check_frames("GIF", frames, limits)
            frame_size = _parse_frame(reader, limits)
            if not (width and height):  # viewers take the size of the first frame
                width, height = frame_size
            if reader.position == reader.end:
                return ImageSize(width, height, frames, reader.position, (ImageWarning.MISSING_TRAILER,))
        elif kind == EXTENSION:
            reader.skip(1)
            _skip_sub_blocks(reader)
        elif kind == PADDING:
            _skip_padding(reader)
        else:
            raise reader.malformed("it has a block of an unknown kind", f"{kind:02X} before {reader.position}")
    if not frames:
        raise reader.malformed("it has no image data")
    return ImageSize(width, height, frames, reader.position)


def _read_block_kind(reader: Reader) -> int:
    reader.count_parts()
    return reader.read_byte()


def _skip_padding(reader: Reader) -> None:
    """Skip zero bytes between blocks, the first of which was read as the kind of a block.

    A hole in the data of a frame ends the frame, and looks like much padding.
    """
    start = reader.position - 1
    match = NOT_ZERO.search(reader.view, start)
    reader.position = match.start() if match else reader.end
    check_zero_runs(reader.view, "GIF", start, reader.position, HOLE_BYTES)


def _skip_color_table(reader: Reader, flags: int) -> None:
    if flags & COLOR_TABLE:
        reader.skip(3 << (flags & COLOR_TABLE_SIZE) + 1)


def _parse_frame(reader: Reader, limits: "Limits") -> tuple[int, int]:
    """Parse one frame; return its width and height.

    It may lie outside the screen, as viewers allow, but its own pixels count.
    """
    width, height, flags = reader.unpack(IMAGE_DESCRIPTOR)
    check_size("GIF", width, height, limits)
    _skip_color_table(reader, flags)
    if reader.read_byte() not in MIN_CODE_SIZES:
        raise reader.malformed("a frame has an invalid LZW code size")
    if not _skip_sub_blocks(reader):
        raise reader.malformed("a frame has no data")
    return width, height


def _skip_sub_blocks(reader: Reader) -> int:
    """Skip data sub-blocks and their terminator (15, 16); return the number of bytes before the terminator.

    This loop runs once for every 256 bytes of a real file, so it uses local names.
    """
    view, start = reader.view, reader.position
    at = start
    try:
        for count in range(SUB_BLOCKS_PER_PART * (reader.parts_left + 2)):  # noqa: B007 - used after the loop
            if not (size := view[at]):
                break
            at += size + 1
    except IndexError:
        raise reader.truncated(f"the sub-blocks from {start} have no end") from None
    reader.count_parts(count // SUB_BLOCKS_PER_PART)
    reader.position = at + 1
    return at - start
