"""Makes JPEG 2000 and JPEG-LS images byte by byte. Their structure is whole, their data does not decode."""

from collections.abc import Sequence
from struct import pack

from support.crafted_images import box, segment

SOC, SOD, EOC = b"\xff\x4f", b"\xff\x93", b"\xff\xd9"
COD = segment(0x52, b"\0\0\0\1\0\0\4\4\0\1")
QCD = segment(0x5C, b"\x40\x40")
SIGNATURE = box(b"jP  ", b"\r\n\x87\n")
FTYP = box(b"ftyp", b"jp2 \0\0\0\0jp2 ")
DATA = b"\xc7\xd4\x0c\x01\x8f\x0d"


def siz(
    width: int = 3,
    height: int = 2,
    *,
    offset: tuple[int, int] = (0, 0),
    tile: tuple[int, int] | None = None,
    tile_offset: tuple[int, int] = (0, 0),
    components: bytes = b"\7\1\1",
    count: int | None = None,
) -> bytes:
    """The segment with the size.

    Args:
        width: of the image.
        height: of the image.
        offset: the left upper corner of the image.
        tile: width and height of a tile; one tile, if left out.
        tile_offset: the left upper corner of the first tile.
        components: depth and subsampling of each component.
        count: the number of components in the segment.
    """
    right, bottom = offset[0] + width, offset[1] + height
    number = len(components) // 3 if count is None else count
    sides = (right, bottom, *offset, *(tile or (right, bottom)), *tile_offset)
    return segment(0x51, pack(">H8IH", 0, *sides, number) + components)


def tile_part(
    tile: int = 0, number: int = 0, count: int = 1, *, data: bytes = DATA, header: bytes = b"", size: int | None = None
) -> bytes:
    """A tile-part, whose size is 0 for one up to the end."""
    rest = header + SOD + data
    return segment(0x90, pack(">HIBB", tile, 12 + len(rest) if size is None else size, number, count)) + rest


def codestream(*parts: bytes, size: bytes | None = None, main: bytes = COD + QCD, end: bytes = EOC) -> bytes:
    """A codestream of these tile-parts."""
    return SOC + (size or siz()) + main + b"".join(parts or (tile_part(),)) + end


def ihdr(width: int = 3, height: int = 2, compression: int = 7) -> bytes:
    return box(b"ihdr", pack(">IIHBBBB", height, width, 1, 7, compression, 0, 0))


def jp2(*boxes: bytes, ftyp: bytes = FTYP, header: bytes | None = None) -> bytes:
    """A JP2 of these boxes behind its header."""
    before = SIGNATURE + ftyp + (box(b"jp2h", ihdr()) if header is None else header)
    return before + b"".join(boxes or (box(b"jp2c", codestream()),))


def lse_size(width: int, height: int, side: int) -> bytes:
    """A segment with the size of a JPEG-LS, `side` bytes for a side."""
    return segment(0xF8, bytes((4, side)) + height.to_bytes(side) + width.to_bytes(side))


def scan(*components: int, mode: int = 0, data: bytes = DATA) -> bytes:
    """A scan of a JPEG-LS."""
    selectors = b"".join(bytes((component, 0)) for component in components or (1,))
    return segment(0xDA, bytes((len(selectors) // 2,)) + selectors + bytes((0, mode, 0))) + data


def jls(
    *parts: bytes,
    width: int = 3,
    height: int = 2,
    components: Sequence[int] = (1,),
    precision: int = 8,
    before: bytes = b"",
    end: bytes = b"\xff\xd9",
) -> bytes:
    """A JPEG-LS of these segments and scans behind its frame header."""
    fields = pack(">BHHB", precision, height, width, len(components))
    frame = segment(0xF7, fields + b"".join(bytes((component, 0x11, 0)) for component in components))
    return b"\xff\xd8" + before + frame + b"".join(parts or (scan(*components),)) + end
