"""Makes images byte by byte, with variants and faults that no encoder writes."""

import struct
import zlib
from struct import pack

SIGNATURE = b"\x89PNG\r\n\x1a\n"
PNG_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


def segment(marker: int, payload: bytes) -> bytes:
    """A JPEG marker segment."""
    return pack(">BBH", 0xFF, marker, len(payload) + 2) + payload


def jpeg(
    *before: bytes,
    width: int = 3,
    height: int = 2,
    scan: bytes = b"\x12\x34",
    sof: int = 0xC0,
    tables: int = 0,
    band: bytes = b"\x00\x3f\x00",
) -> bytes:
    """A JPEG of the fewest segments after those given; its scan does not decode.

    Args:
        before: marker segments before the frame header.
        width: pixels of a line.
        height: lines.
        sof: the marker of the frame header.
        scan: the entropy-coded data.
        tables: the Huffman tables of the scan, four bits for DC and for AC.
        band: the last three bytes of the scan header: first and last coefficient, approximation.
    """
    frame = segment(sof, pack(">BHHBBBB", 8, height, width, 1, 1, 0x11, 0))
    header = segment(0xDA, b"\x01\x01" + bytes([tables]) + band)
    return b"\xff\xd8" + b"".join(before) + frame + header + scan + b"\xff\xd9"


def huffman_table(kind: int, *values: int) -> bytes:
    """The content of a DHT segment: a table of `values` whose codes have eight bits. AC tables begin at 0x10."""
    return bytes([kind, *bytes(7), len(values), *bytes(8), *values])


def mp_index(*pictures: tuple[int, int], order: str = "<") -> bytes:
    """An MPF segment that names pictures by their bytes and their offset from the byte order mark; 0 is the first."""
    directory = pack(
        order + "HHHI4sHHIIHHIII",
        3,
        0xB000,
        7,
        4,
        b"0100",
        0xB001,
        4,
        1,
        len(pictures),
        0xB002,
        7,
        16 * len(pictures),
        50,
        0,
    )
    entries = b"".join(pack(order + "IIII", 0, *picture, 0) for picture in pictures)
    mark = {"<": b"II*\0", ">": b"MM\0*"}[order]
    return segment(0xE2, b"MPF\0" + mark + pack(order + "I", 8) + directory + entries)


def xmp(text: str) -> bytes:
    """An APP1 segment with XMP."""
    return segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + text.encode())


def samsung_trailer(*blocks: bytes) -> bytes:
    """The trailer of a Samsung phone: blocks, the directory SEFH, its length, SEFT."""
    sizes = [len(block) for block in blocks]
    entries = [pack("<HHII", 0, 0x0A01, sum(sizes[number:]), size) for number, size in enumerate(sizes)]
    directory = b"SEFH" + pack("<II", 101, len(blocks)) + b"".join(entries)
    return b"".join(blocks) + directory + pack("<I", len(directory)) + b"SEFT"


def chunk(kind: bytes, data: bytes = b"") -> bytes:
    """A PNG chunk with its CRC."""
    return pack(">I", len(data)) + kind + data + pack(">I", zlib.crc32(kind + data))


def ihdr(width: int, height: int, depth: int, color: int, *, interlace: int = 0, method: int = 0) -> bytes:
    return chunk(b"IHDR", pack(">IIBBBBB", width, height, depth, color, method, 0, interlace))


def png_rows(width: int, height: int, bits: int, *, interlaced: bool) -> bytes:
    """Black pixels, unfiltered, compressed."""
    passes = ADAM7 if interlaced else ((0, 0, 1, 1),)
    rows = b""
    for x, y, across, down in passes:
        columns, lines = -(-(width - x) // across), -(-(height - y) // down)
        if columns > 0 and lines > 0:
            rows += (b"\0" + bytes((columns * bits + 7) // 8)) * lines
    return zlib.compress(rows)


def png(width: int = 9, height: int = 7, depth: int = 8, color: int = 2, *, interlaced: bool = False) -> bytes:
    """A black PNG of any depth and color type."""
    data = png_rows(width, height, depth * PNG_CHANNELS[color], interlaced=interlaced)
    palette = chunk(b"PLTE", bytes(6)) if color == 3 else b""
    header = ihdr(width, height, depth, color, interlace=int(interlaced))
    return SIGNATURE + header + palette + chunk(b"IDAT", data) + chunk(b"IEND")


def gif(*blocks: bytes, width: int = 3, height: int = 2, trailer: bytes = b";") -> bytes:
    """A GIF of the given blocks, with a color table of two entries."""
    return b"GIF89a" + pack("<HHBBB", width, height, 0x80, 0, 0) + bytes(6) + b"".join(blocks) + trailer


def gif_frame(*, width: int = 3, height: int = 2, code_size: int = 2, data: bytes = b"\x02\x44\x01\x00") -> bytes:
    return b"," + pack("<HHHHB", 0, 0, width, height, 0) + bytes([code_size]) + data


def riff(*chunks: bytes, size: int | None = None) -> bytes:
    body = b"WEBP" + b"".join(chunks)
    return b"RIFF" + pack("<I", len(body) if size is None else size) + body


def riff_chunk(kind: bytes, data: bytes) -> bytes:
    return kind + pack("<I", len(data)) + data + bytes(len(data) % 2)


def vp8(
    width: int = 3, height: int = 2, *, first_partition: int = 2, key: bool = True, data: bytes = bytes(4)
) -> bytes:
    tag = (first_partition << 5 | 0x10 | (not key)).to_bytes(3, "little")
    return riff_chunk(b"VP8 ", tag + b"\x9d\x01\x2a" + pack("<HH", width, height) + data)


def vp8l(width: int = 3, height: int = 2, *, version: int = 0) -> bytes:
    return riff_chunk(b"VP8L", b"\x2f" + pack("<I", width - 1 | (height - 1) << 14 | version << 29) + bytes(3))


def vp8x(width: int = 3, height: int = 2, *, flags: int = 0) -> bytes:
    sides = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return riff_chunk(b"VP8X", pack("<B3x", flags) + sides)


def anmf(picture: bytes, width: int = 3, height: int = 2, *, x: int = 0, y: int = 0) -> bytes:
    fields = (x // 2, y // 2, width - 1, height - 1, 100)
    return riff_chunk(b"ANMF", b"".join(field.to_bytes(3, "little") for field in fields) + b"\0" + picture)


def bmp(
    width: int = 5,
    height: int = 3,
    bits: int = 24,
    *,
    header: int = 40,
    compression: int = 0,
    pixels: bytes | None = None,
    planes: int = 1,
    pixel_bytes: int | None = None,
    file_bytes: int | None = None,
    pixels_at: int | None = None,
    colors: int = 0,
) -> bytes:
    """A BMP with any of the headers; it is black unless pixels are given."""
    if pixels is None:
        pixels = bytes((max(width, 0) * bits + 31) // 32 * 4 * abs(height))
    if header == 12:
        fields = pack("<HHHH", width, height, planes, bits)
    else:
        size = len(pixels) if pixel_bytes is None else pixel_bytes
        fields = pack("<iiHHIIiiII", width, height, planes, bits, compression, size, 2835, 2835, colors, 0)
        masks = pack("<III", 0xF800, 0x07E0, 0x001F) if bits == 16 else pack("<III", 0xFF0000, 0xFF00, 0xFF)
        fields += masks if compression == 3 or header > 64 else b""
    fields = fields[: header - 4].ljust(header - 4, b"\0") + (fields[36:] if header == 40 else b"")
    palette = bytes((3 if header == 12 else 4) << bits) if bits <= 8 else b""
    start = 14 + 4 + len(fields) + len(palette) if pixels_at is None else pixels_at
    whole = pack("<I", header) + fields + palette + pixels
    return b"BM" + pack("<IHHI", 14 + len(whole) if file_bytes is None else file_bytes, 0, 0, start) + whole


Entry = tuple[int, int, list[int]]


def tiff(*pages: list[Entry], order: str = "<", big: bool = False, data: bytes = bytes(64)) -> bytes:
    """A TIFF: header, `data` at 8 (16 in a BigTIFF), then the directories. Long values precede their directory."""
    offset, count = ("Q", "Q") if big else ("I", "H")
    body = bytearray((b"II" if order == "<" else b"MM") + pack(order + "H", 43 if big else 42))
    body += pack(order + "HHQ", 8, 0, 0) if big else pack(order + "I", 0)
    link = len(body) - struct.calcsize("=" + offset)
    body += data
    for entries in pages:
        table = b""
        for tag, kind, values in entries:
            raw = pack(f"{order}{len(values)}{ {1: 'B', 3: 'H', 4: 'I', 5: 'Q', 13: 'I', 16: 'Q'}[kind] }", *values)
            if len(raw) > struct.calcsize("=" + offset):
                body += raw
                raw = pack(order + offset, len(body) - len(raw))
            table += pack(f"{order}HH{offset}", tag, kind, len(values)) + raw.ljust(
                struct.calcsize("=" + offset), b"\0"
            )
        body[link : link + struct.calcsize("=" + offset)] = pack(order + offset, len(body))
        body += pack(order + count, len(entries)) + table
        link = len(body)
        body += pack(order + offset, 0)
    return bytes(body)


def page(width: int = 8, height: int = 8, /, **changes: Entry | None) -> list[Entry]:
    """A directory of one gray strip at 8; a change replaces or removes an entry."""
    entries: dict[str, Entry | None] = {
        "width": (256, 4, [width]),
        "height": (257, 4, [height]),
        "bits": (258, 3, [8]),
        "compression": (259, 3, [1]),
        "photometric": (262, 3, [1]),
        "offsets": (273, 4, [8]),
        "samples": (277, 3, [1]),
        "rows": (278, 4, [height]),
        "counts": (279, 4, [width * height]),
    }
    return sorted(entry for entry in (entries | changes).values() if entry)


def box(kind: bytes, *parts: bytes) -> bytes:
    payload = b"".join(parts)
    return pack(">I4s", len(payload) + 8, kind) + payload


def full_box(kind: bytes, *parts: bytes, version: int = 0, flags: int = 0) -> bytes:
    return box(kind, pack(">I", version << 24 | flags), *parts)


FTYP = box(b"ftyp", b"avif\0\0\0\0avifmif1miaf")
PITM = full_box(b"pitm", b"\0\1")
IINF = full_box(b"iinf", b"\0\1", full_box(b"infe", pack(">HH4s", 1, 0, b"av01"), b"\0", version=2))
ISPE = full_box(b"ispe", pack(">II", 3, 2))
AV1C = box(b"av1C", b"\x81\0\0\0")
IPMA = full_box(b"ipma", pack(">IHBBB", 1, 1, 2, 1, 2))
IPRP = box(b"iprp", box(b"ipco", ISPE, AV1C), IPMA)
IDAT = box(b"idat", bytes(4))
ILOC = full_box(b"iloc", b"\x44\x00", pack(">HHHHHII", 1, 1, 1, 0, 1, 0, 4), version=1)


def avif(**changes: bytes) -> bytes:
    """An AVIF of one item of four bytes in the idat box; a change replaces a box, b"" removes it."""
    parts = {"pitm": PITM, "iinf": IINF, "iprp": IPRP, "iloc": ILOC, "idat": IDAT}
    ftyp, after = changes.pop("ftyp", FTYP), changes.pop("after", b"")
    return ftyp + full_box(b"meta", *(parts | changes).values()) + after


def track(**changes: bytes) -> bytes:
    """A picture track of two samples of four bytes, in one chunk at byte 0."""
    parts = {
        "tkhd": full_box(b"tkhd", bytes(72), pack(">II", 3 << 16, 2 << 16)),
        "hdlr": full_box(b"hdlr", bytes(4), b"pict", bytes(13)),
        "stsz": full_box(b"stsz", pack(">II", 4, 2)),
        "stsc": full_box(b"stsc", pack(">IIII", 1, 1, 2, 1)),
        "stco": full_box(b"stco", pack(">II", 1, 0)),
    } | changes
    table = box(b"stbl", parts["stsz"], parts["stsc"], parts["stco"])
    return box(b"trak", parts["tkhd"], box(b"mdia", parts["hdlr"], box(b"minf", table)))


def sequence(*tracks: bytes) -> bytes:
    """An AVIF sequence without a meta box: its size is that of the track."""
    return box(b"ftyp", b"avis\0\0\0\0avismsf1") + box(b"moov", *(tracks or (track(),)))
