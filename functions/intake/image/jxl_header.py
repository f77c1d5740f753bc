"""The headers of a JPEG XL codestream: the size, and what its frames depend on (ISO/IEC 18181-1, annex D)."""

from typing import TYPE_CHECKING, NamedTuple

from intake.image.pixel_limits import check_size

if TYPE_CHECKING:
    from intake.image.bit_reader import BitReader
    from intake.image.byte_reader import Reader
    from intake.model.limits import Limits

SIGNATURE = 0x0AFF
SIDE = (1, 9), (1, 13), (1, 18), (1, 30)
PREVIEW_SIDE = (1, 6), (65, 8), (321, 10), (1345, 12)
PREVIEW_BLOCKS = (16, 0), (32, 0), (1, 5), (33, 9)
RATIOS = (0, 1), (1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1)
"""Width to height; the first entry stands for a width of its own."""
HALF_FLOAT = 16
ALPHA, SPOT_COLOR, FILTER_ARRAY = 0, 2, 5
CUSTOM, GRAY, XYB = 2, 1, 2
WEIGHTS = 15, 55, 210


class ImageHeader(NamedTuple):
    """What the headers before the first frame say.

    Attributes:
        size: width and height.
        preview: width and height of the preview, which comes before the frames, or None.
        is_animated: whether frames have a duration.
        has_timecodes: whether frames have a time code.
        extra_channels: alpha and others.
        is_xyb: whether the colors are XYB.
        has_profile: whether a compressed ICC profile follows.
    """

    size: tuple[int, int]
    preview: tuple[int, int] | None = None
    is_animated: bool = False
    has_timecodes: bool = False
    extra_channels: int = 0
    is_xyb: bool = True
    has_profile: bool = False


def read_header(bits: "BitReader", reader: "Reader", limits: "Limits") -> ImageHeader:
    """Read the headers from the first bit on.

    Raises:
        InvalidImage: they are truncated or malformed.
        TooManyPixels: raised as soon as the size is read.
    """
    if bits.read(16) != SIGNATURE:
        raise reader.malformed("its codestream does not begin with FF 0A")
    size = _read_size(bits)
    check_size("JPEG XL", *size, limits)
    header = ImageHeader(size)
    if not bits.read_flag():
        header = _read_metadata(bits, header)
    _skip_transforms(bits, is_xyb=header.is_xyb)
    return header


def _read_size(bits: "BitReader") -> tuple[int, int]:
    is_small = bits.read_flag()
    height = 8 * (bits.read(5) + 1) if is_small else bits.choose(*SIDE)
    ratio, base = RATIOS[bits.read(3)]
    if ratio:
        return height * ratio // base, height
    return 8 * (bits.read(5) + 1) if is_small else bits.choose(*SIDE), height


def _read_preview_size(bits: "BitReader") -> tuple[int, int]:
    scale, side = (8, PREVIEW_BLOCKS) if bits.read_flag() else (1, PREVIEW_SIDE)
    height = scale * bits.choose(*side)
    ratio, base = RATIOS[bits.read(3)]
    return (height * ratio // base if ratio else scale * bits.choose(*side)), height


def _read_metadata(bits: "BitReader", header: ImageHeader) -> ImageHeader:
    """Read the image metadata (D.3)."""
    preview, is_animated, has_timecodes = None, False, False
    has_extra_fields = bits.read_flag()
    if has_extra_fields:
        bits.skip(3)  # orientation
        if bits.read_flag():
            _read_size(bits)  # the size on a screen
        if bits.read_flag():
            preview = _read_preview_size(bits)
        is_animated = bits.read_flag()
        has_timecodes = is_animated and _read_animation(bits)
    _skip_bit_depth(bits)
    bits.skip(1)
    extra_channels = bits.choose((0, 0), (1, 0), (2, 4), (1, 12))
    bits.count_parts(extra_channels)
    for _ in range(extra_channels):
        _skip_channel(bits)
    is_xyb = bits.read_flag()
    has_profile = _read_color_encoding(bits)
    if has_extra_fields and not bits.read_flag():
        bits.skip(2 * HALF_FLOAT + 1 + HALF_FLOAT)  # tone mapping
    bits.skip_extensions()
    return ImageHeader(header.size, preview, is_animated, has_timecodes, extra_channels, is_xyb, has_profile)


def _read_animation(bits: "BitReader") -> bool:
    """Skip the unit of time and the number of loops; return whether frames have time codes."""
    bits.choose((100, 0), (1000, 0), (1, 10), (1, 30))
    bits.choose((1, 0), (1001, 0), (1, 8), (1, 10))
    bits.choose((0, 0), (0, 3), (0, 16), (0, 32))
    return bits.read_flag()


def _skip_bit_depth(bits: "BitReader") -> None:
    if bits.read_flag():
        bits.choose((32, 0), (16, 0), (24, 0), (1, 6))
        bits.skip(4)
    else:
        bits.choose((8, 0), (10, 0), (12, 0), (1, 6))


def _skip_channel(bits: "BitReader") -> None:
    """Skip the description of an extra channel (D.3.6)."""
    if bits.read_flag():
        return
    kind = bits.read_enum()
    _skip_bit_depth(bits)
    bits.choose((0, 0), (3, 0), (4, 0), (1, 3))
    bits.skip_name()
    if kind == ALPHA:
        bits.skip(1)
    elif kind == SPOT_COLOR:
        bits.skip(4 * HALF_FLOAT)
    elif kind == FILTER_ARRAY:
        bits.choose((1, 0), (0, 2), (3, 4), (19, 8))


def _read_color_encoding(bits: "BitReader") -> bool:
    """Return whether the colors are those of an ICC profile; skip their description otherwise (E.2)."""
    if bits.read_flag():
        return False
    has_profile = bits.read_flag()
    space = bits.read_enum()
    if has_profile:
        return True
    if space != XYB and bits.read_enum() == CUSTOM:
        _skip_points(bits, 1)
    if space not in (XYB, GRAY) and bits.read_enum() == CUSTOM:
        _skip_points(bits, 3)
    if space != XYB:
        if bits.read_flag():
            bits.skip(24)  # gamma
        else:
            bits.read_enum()
    bits.read_enum()  # rendering intent
    return False


def _skip_points(bits: "BitReader", count: int) -> None:
    """Skip points of the chromaticity diagram."""
    for _ in range(2 * count):
        bits.choose((0, 19), (524288, 19), (1048576, 20), (2097152, 21))


def _skip_transforms(bits: "BitReader", *, is_xyb: bool) -> None:
    """Skip the color matrix and the weights of upsampling (L.1)."""
    if bits.read_flag():
        return
    if is_xyb and not bits.read_flag():
        bits.skip(HALF_FLOAT * 16)
    mask = bits.read(3)
    bits.skip(sum(HALF_FLOAT * weights for bit, weights in enumerate(WEIGHTS) if mask >> bit & 1))
