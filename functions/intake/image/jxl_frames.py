"""The frames of a JPEG XL codestream: their headers and tables of contents (ISO/IEC 18181-1, annex F).

A table of contents has the size of each section of its frame, so the end of the last frame is found without decoding.
"""

from typing import TYPE_CHECKING, NamedTuple

from intake.image.jxl_frame_header import read_frame_header
from intake.image.pixel_limits import check_frames

if TYPE_CHECKING:
    from intake.image.bit_reader import BitReader
    from intake.image.byte_reader import Reader
    from intake.image.jxl_frame_header import Frame
    from intake.image.jxl_header import ImageHeader
    from intake.model.limits import Limits

SECTION_BYTES = (0, 10), (1024, 14), (17408, 22), (4211712, 30)
SECTIONS_PER_PART = 4
"""4 sections count as one part: a photo has hundreds, and an animation has as many for each frame."""


class Frames(NamedTuple):
    """What the headers of all frames say.

    Attributes:
        shown: the frames of an animation that a viewer shows; 1 for a still image. None if they cannot be counted.
        end: one past the last byte of the last frame, from the first byte of the codestream. None if it is not known.
    """

    shown: int | None
    end: int | None


def read_frames(bits: "BitReader", header: "ImageHeader", reader: "Reader", limits: "Limits") -> Frames:
    """Read the headers of all frames, after the headers of the image.

    A compressed ICC profile, and a table whose order is changed, are read by decoders alone. The frames after them are
    not found.

    Raises:
        InvalidImage: the codestream ends before the last frame does.
        TooManyPixels: a frame is larger than the limit.
        TooManyFrames: raised as soon as they are counted.
    """
    unknown = Frames(None if header.is_animated else 1, None)
    if header.has_profile:
        return unknown
    if header.preview:
        preview = header._replace(size=header.preview, is_animated=False, has_timecodes=False)
        if not _skip_sections(bits, read_frame_header(bits, preview, limits), reader):
            return unknown
    shown, is_last = 0, False
    while not is_last:
        frame = read_frame_header(bits, header, limits)
        is_last = frame.is_last
        shown += frame.is_shown
        check_frames("JPEG XL", shown if header.is_animated else 1, limits)
        if not _skip_sections(bits, frame, reader):
            return unknown
    return Frames(shown if header.is_animated else 1, bits.position >> 3)


def _skip_sections(bits: "BitReader", frame: "Frame", reader: "Reader") -> bool:
    """Skip the table of contents of a frame and its sections. Return False if the order of the table is changed."""
    reader.count_parts(frame.sections // SECTIONS_PER_PART)
    if bits.read_flag():
        return False
    bits.skip_to_byte()
    sizes = [bits.choose(*SECTION_BYTES) for _ in range(frame.sections)]
    bits.skip_to_byte()
    bits.skip(8 * sum(sizes))
    return True
