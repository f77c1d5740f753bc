"""The header of a frame of a JPEG XL codestream (ISO/IEC 18181-1, F.2)."""

from typing import TYPE_CHECKING, NamedTuple

from intake.image.pixel_limits import check_size

if TYPE_CHECKING:
    from intake.image.bit_reader import BitReader
    from intake.image.jxl_header import ImageHeader
    from intake.model.limits import Limits

REGULAR, LOW_FREQUENCY, REFERENCE, SKIP_PROGRESSIVE = range(4)
USE_LOW_FREQUENCY_FRAME = 0x20
REPLACE, BLEND, BLEND_ADD, MULTIPLY = 0, 2, 3, 4
UPSAMPLING = (1, 0), (2, 0), (4, 0), (8, 0)
COORDINATE = (0, 8), (256, 11), (2304, 14), (18688, 30)
DURATION = (0, 0), (1, 0), (0, 8), (0, 32)
HALF_FLOAT = 16
PARTS = 4
"""A frame counts as that many parts: its header takes as long."""
SMALLEST_GROUP, USUAL_SHIFT = 128, 1
BLOCK = 8


class Frame(NamedTuple):
    """What a frame header says.

    Attributes:
        sections: the number of entries of the table of contents.
        is_shown: whether a viewer shows the frame, and not only the next one on top of it.
        is_last: whether no frame follows.
    """

    sections: int
    is_shown: bool = True
    is_last: bool = True


class _Coding(NamedTuple):
    """How a frame is compressed: its kind, and what the number of its sections depends on."""

    kind: int = REGULAR
    is_modular: bool = False
    upsampling: int = 1
    group_shift: int = USUAL_SHIFT
    passes: int = 1
    level: int = 0

    @property
    def is_normal(self) -> bool:
        """Whether the frame is part of the image, not data that other frames use."""
        return self.kind in (REGULAR, SKIP_PROGRESSIVE)


def read_frame_header(bits: "BitReader", header: "ImageHeader", limits: "Limits") -> Frame:
    """Read the header of the next frame.

    Args:
        bits: the codestream, at the end of what comes before the frame.
        header: the headers of the image, or of its preview.
        limits: the limit on pixels.
    """
    bits.count_parts(PARTS + header.extra_channels)
    bits.skip_to_byte()
    if bits.read_flag():
        return Frame(_count_sections(header.size, _Coding()))
    coding = _read_coding(bits, header)
    size, is_partial = header.size, False
    if coding.kind != LOW_FREQUENCY and bits.read_flag():
        size, is_partial = _read_place(bits, header.size, has_position=coding.is_normal)
        check_size("JPEG XL", *size, limits)
    is_shown, is_last = _read_role(bits, header, coding, is_partial=is_partial)
    bits.skip_name()
    _skip_filter(bits, is_modular=coding.is_modular)
    bits.skip_extensions()
    return Frame(_count_sections(size, coding), is_shown, is_last)


def _read_coding(bits: "BitReader", header: "ImageHeader") -> _Coding:
    kind, is_modular, flags = bits.read(2), bits.read_flag(), bits.read_long()
    is_ycbcr = not header.is_xyb and bits.read_flag()
    upsampling = 1
    if not flags & USE_LOW_FREQUENCY_FRAME:
        if is_ycbcr:
            bits.skip(6)  # chroma subsampling
        upsampling = bits.choose(*UPSAMPLING)
        bits.skip(2 * header.extra_channels)
    group_shift = bits.read(2) if is_modular else USUAL_SHIFT
    if header.is_xyb and not is_modular:
        bits.skip(6)  # scales of quantization
    passes = _read_passes(bits) if kind != REFERENCE else 1
    level = 1 + bits.read(2) if kind == LOW_FREQUENCY else 0
    return _Coding(kind, is_modular, upsampling, group_shift, passes, level)


def _read_passes(bits: "BitReader") -> int:
    """Return the number of passes, and skip their steps (F.2)."""
    passes = bits.choose((1, 0), (2, 0), (3, 0), (4, 3))
    if passes > 1:
        steps = bits.choose((0, 0), (1, 0), (2, 0), (3, 1))
        bits.skip(2 * (passes - 1) + 2 * steps)
        for _ in range(steps):
            bits.choose((0, 0), (1, 0), (2, 0), (0, 3))
    return passes


def _read_place(bits: "BitReader", canvas: tuple[int, int], *, has_position: bool) -> tuple[tuple[int, int], bool]:
    """Return the size of a frame that has one of its own, and whether it leaves some of the canvas free."""
    x, y = (_unpack_signed(bits.choose(*COORDINATE)) if has_position else 0 for _ in range(2))
    width, height = bits.choose(*COORDINATE), bits.choose(*COORDINATE)
    is_partial = has_position and (x > 0 or y > 0 or x + width < canvas[0] or y + height < canvas[1])
    return (width, height), is_partial


def _unpack_signed(number: int) -> int:
    return -(number + 1 >> 1) if number & 1 else number >> 1


def _read_role(bits: "BitReader", header: "ImageHeader", coding: _Coding, *, is_partial: bool) -> tuple[bool, bool]:
    """Return whether the frame is shown, and whether it is the last; skip how it is blended and kept."""
    is_last, replaces, duration = False, False, 0
    if coding.is_normal:
        replaces = _read_blending(bits, header, is_partial=is_partial)
        for _ in range(header.extra_channels):
            _read_blending(bits, header, is_partial=is_partial)
        if header.is_animated:
            duration = bits.choose(*DURATION)
            bits.skip(32 * header.has_timecodes)
        is_last = bits.read_flag()
    reference = bits.read(2) if coding.kind != LOW_FREQUENCY and not is_last else 0
    can_be_reference = not is_last and coding.kind != LOW_FREQUENCY and (not duration or reference)
    if coding.kind == REFERENCE or (can_be_reference and replaces and not is_partial):
        bits.skip(1)  # whether it is kept before the color transform
    return coding.is_normal and (is_last or duration > 0), is_last


def _read_blending(bits: "BitReader", header: "ImageHeader", *, is_partial: bool) -> bool:
    """Return whether a channel of the frame replaces what is below it (F.2)."""
    mode = bits.choose((0, 0), (1, 0), (2, 0), (3, 2))
    has_alpha = header.extra_channels > 0 and mode in (BLEND, BLEND_ADD)
    if has_alpha:
        bits.choose((0, 0), (1, 0), (2, 0), (3, 3))
    if has_alpha or mode == MULTIPLY:
        bits.skip(1)
    if mode != REPLACE or is_partial:
        bits.skip(2)
    return mode == REPLACE


def _skip_filter(bits: "BitReader", *, is_modular: bool) -> None:
    """Skip the parameters of the restoration filters (J.1)."""
    if bits.read_flag():
        return
    if bits.read_flag() and bits.read_flag():
        bits.skip(6 * HALF_FLOAT)
    if bits.read(2):
        if not is_modular and bits.read_flag():
            bits.skip(8 * HALF_FLOAT)
        if bits.read_flag():
            bits.skip(5 * HALF_FLOAT)
        if bits.read_flag():
            bits.skip((3 if is_modular else 4) * HALF_FLOAT)
        if is_modular:
            bits.skip(HALF_FLOAT)
    bits.skip_extensions()


def _count_sections(size: tuple[int, int], coding: _Coding) -> int:
    """Return the number of sections: one, or two, the groups of low frequencies, and the groups of each pass (F.3)."""
    scale = coding.upsampling << 3 * coding.level
    group = SMALLEST_GROUP << coding.group_shift
    sides = [-(-side // scale) for side in size]
    groups, low_frequency_groups = (-(-sides[0] // step) * -(-sides[1] // step) for step in (group, BLOCK * group))
    if groups == coding.passes == 1:
        return 1
    return 2 + low_frequency_groups + groups * coding.passes
