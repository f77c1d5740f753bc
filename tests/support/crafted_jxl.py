"""Makes JPEG XL files: boxes around codestreams, and headers bit by bit (ISO/IEC 18181)."""

from base64 import b64decode
from struct import pack

from support.crafted_images import box

CONTAINER = b"\0\0\0\x0cJXL \r\n\x87\n" + box(b"ftyp", b"jxl \0\0\0\0jxl ")


class BitWriter:
    """Writes fields, the lowest bit of each byte first."""

    def __init__(self) -> None:
        self._bits = ""

    def add(self, *fields: tuple[int, int]) -> "BitWriter":
        """Append numbers, each with its number of bits."""
        for value, size in fields:
            self._bits += format(value, f"0{size}b")[::-1] if size else ""
        return self

    def align(self) -> "BitWriter":
        """Append zero bits up to a whole byte."""
        self._bits += "0" * (-len(self._bits) % 8)
        return self

    def bytes(self) -> bytes:
        """Return what was written, up to a whole byte."""
        self.align()
        return bytes(int(self._bits[at : at + 8][::-1], 2) for at in range(0, len(self._bits), 8))


def jxl(*boxes: bytes) -> bytes:
    return CONTAINER + b"".join(boxes)


def part(number: int, content: bytes, *, last: bool = False) -> bytes:
    return box(b"jxlp", pack(">I", number | last << 31), content)


def open_box(kind: bytes, content: bytes) -> bytes:
    """A box without a size: it goes to the end of the file."""
    return pack(">I4s", 0, kind) + content


def codestream_of(file: bytes) -> bytes:
    """Return the codestream of a file whose last box holds all of it."""
    return file[file.index(b"jxlc") + 4 :]


def size_header(width: int, height: int) -> list[tuple[int, int]]:
    """The signature, and a size of its own for each side."""
    return [(0x0AFF, 16), (0, 1), (0, 2), (height - 1, 9), (0, 3), (0, 2), (width - 1, 9)]


ANIMATED = [(0, 1), (1, 1), (0, 3), (0, 1), (0, 1), (1, 1), (0, 2), (0, 2), (0, 2), (0, 1)]
"""Image metadata that announces an animation of 100 ticks a second, without time codes."""
PLAIN = [(0, 1), (0, 2), (1, 1), (0, 2), (1, 1), (1, 1), (1, 1), (0, 2)]
"""The rest of the metadata: 8 bits, no extra channels, XYB, the default colors and tones, no extensions."""
DEFAULTS = (1, 1)
"""All fields of a header have their default."""


def frame(*, ticks: int | None = None, last: bool = False, section: bytes = b"data", size: int | None = None) -> bytes:
    """A frame of one section, as libjxl compresses photos. Its section does not decode.

    Args:
        ticks: its duration, 0 or 1, in an animation.
        last: whether no frame follows.
        section: its data.
        size: the size of the section in the table of contents.
    """
    bits = BitWriter().add((0, 1), (0, 2), (0, 1), (0, 2))  # regular, VarDCT, no flags
    bits.add((0, 2), (3, 3), (2, 3), (0, 2), (0, 1), (0, 2))  # no upsampling, scales, one pass, no crop, replaces
    if ticks is not None:
        bits.add((ticks, 2))
    bits.add((last, 1))
    if not last:
        bits.add((0, 2))  # not kept for other frames
        if not ticks:
            bits.add((0, 1))
    bits.add((0, 2), (1, 1), (0, 2), (0, 1)).align()  # no name, the default filters, no extensions; in order
    bits.add((0, 2), (len(section) if size is None else size, 10))
    return bits.bytes() + section


def animation(*frames: bytes, width: int = 5, height: int = 3) -> bytes:
    """An animation; by default of two frames that are shown, and one between them that is not."""
    head = BitWriter().add(*size_header(width, height), *ANIMATED, *PLAIN, DEFAULTS).bytes()
    shown = frames or (frame(ticks=1), frame(ticks=0), frame(ticks=1, last=True))
    return jxl(box(b"jxlc", head, *shown))


def still(*frames: bytes, width: int = 5, height: int = 3) -> bytes:
    """A still image with the default metadata."""
    head = BitWriter().add(*size_header(width, height), DEFAULTS, DEFAULTS).bytes()
    return jxl(box(b"jxlc", head, *(frames or (frame(last=True),))))


JXL_ANIMATION = b64decode(
    b"AAAADEpYTCANCocKAAAAFGZ0eXBqeGwgAAAAAGp4bCAAAAA+anhscAAAAAD/CmAAKAiaAEBMCAABAIgASygl1iEUFAIkPDQ4x1xQ"
    b"MKXg+QWiAii4b0C/dYUgBujxAAAAADdqeGxwAAAAAQgAAQCUAEsoJdYhFBQCJDw04sb2oGBK4eAFogIAAAAHPlfIfStkUQrx+AAA"
    b"AAA2anhscIAAAAIIAAUAkABLKCXWIRQUAiQ8NOLG9qBgSuHgBaICAAAAAADgwOcKWZRCPD4="
)
"""Three frames of 21 x 13 pixels in two parts. Pillow does not write animations; imagecodecs 2026.10.10 wrote it:

    frames = numpy.zeros((3, 13, 21, 3), "u1")
    for number in range(3):
        frames[number, ..., number] = numpy.arange(21) * 12
    imagecodecs.jpegxl_encode(frames, photometric="RGB", usecontainer=True, lossless=True, effort=7)
"""
