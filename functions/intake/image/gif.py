"""GIF: the screen, then blocks up to the trailer (GIF89a specification).

A file without its trailer is refused although many viewers show it: it cannot be told from one that was cut
between two frames.
"""

from struct import Struct
from typing import TYPE_CHECKING

from intake.image.reader import Reader
from intake.image.size_limits import check_frames, check_size
from intake.model.image_info import ImageInfo

if TYPE_CHECKING:
    from intake.model.limits import Limits

SCREEN = Struct("<6xHHBxx")  # signature and version, width, height, flags (18)
IMAGE_DESCRIPTOR = Struct("<4xHHB")  # left, top, width, height, flags (20)
EXTENSION, IMAGE, TRAILER = 0x21, 0x2C, 0x3B
COLOUR_TABLE = 0x80
COLOUR_TABLE_SIZE = 0x07
SUB_BLOCKS_PER_STEP = 16
"""Sub-blocks are quicker past than other parts, and an honest file has one for every 256 bytes."""
MIN_CODE_SIZES = range(1, 12)
"""An LZW code has at most 12 bits and the first has one more than the minimum (appendix F). The text asks for
2 and more; some encoders write 1 for two colours, and decoders read it."""


def parse(view: memoryview, limits: "Limits") -> ImageInfo:
    reader = Reader(view, "GIF", "its trailer")
    width, height, flags = reader.take(SCREEN)
    check_size("GIF", width, height, limits)
    _skip_colour_table(reader, flags)
    frames = 0
    while (block := _introducer(reader)) != TRAILER:
        if block == IMAGE:
            frames += 1
            check_frames("GIF", frames, limits)
            _image(reader, limits)
        elif block == EXTENSION:
            reader.skip(1)
            _skip_sub_blocks(reader)
        else:
            raise reader.malformed("a block of no known kind", f"{block:02X} before {reader.at}")
    if not frames:
        raise reader.malformed("it has no image data")
    return ImageInfo("gif", width, height, frames)


def _introducer(reader: Reader) -> int:
    reader.step()
    return reader.byte()


def _skip_colour_table(reader: Reader, flags: int) -> None:
    if flags & COLOUR_TABLE:
        reader.skip(3 << (flags & COLOUR_TABLE_SIZE) + 1)


def _image(reader: Reader, limits: "Limits") -> None:
    """One frame. It may lie outside of the screen, as viewers allow, but its own pixels count."""
    width, height, flags = reader.take(IMAGE_DESCRIPTOR)
    check_size("GIF", width, height, limits)
    _skip_colour_table(reader, flags)
    if reader.byte() not in MIN_CODE_SIZES:
        raise reader.malformed("an LZW code size that does not exist")
    if not _skip_sub_blocks(reader):
        raise reader.malformed("a frame has no data")


def _skip_sub_blocks(reader: Reader) -> int:
    """Go past data sub-blocks and their terminator (15, 16); return the bytes before it.

    The one loop that runs once per 256 bytes of an honest file, so it keeps to local names.
    """
    view, start = reader.view, reader.at
    at = start
    try:
        for past in range(SUB_BLOCKS_PER_STEP * (reader.steps.left + 2)):  # noqa: B007 - counts for below
            if not (size := view[at]):
                break
            at += size + 1
    except IndexError:
        raise reader.truncated(f"the sub-blocks from {start} have no end") from None
    reader.step(past // SUB_BLOCKS_PER_STEP)
    reader.at = at + 1
    return at - start
