"""PNM: a header in ASCII and the samples of one or several images (netpbm: pbm(5), pgm(5), ppm(5), pam(5)).

P1 to P3 have their samples in ASCII, P4 to P6 in binary; P7 is PAM. Nothing announces how many images a binary file
has: each begins where the samples of the one before end. A file that ends after a whole image is whole.
"""

import re
from struct import Struct
from typing import TYPE_CHECKING, NamedTuple

from intake.image.byte_reader import Reader
from intake.image.pixel_limits import ImageSize, check_frames, check_size
from intake.image.pnm_text import read_number, skip_samples
from intake.model.image_info import ImageWarning

if TYPE_CHECKING:
    from intake.model.limits import Limits

MAGIC = Struct("2s")
CHANNELS = {b"P1": 1, b"P2": 1, b"P3": 3, b"P4": 1, b"P5": 1, b"P6": 3}
TEXT = (b"P1", b"P2", b"P3")
SPACE = re.compile(rb"\s*+")
MAX_MAXVAL, MAX_OF_A_BYTE = 65535, 255

NEXT_IMAGE = re.compile(rb"P[4-7][\s#]|P[4-7]?\Z")
"""The beginning of another image, perhaps a truncated one. Other bytes do not belong to the image."""
PAM_FIELD = re.compile(rb"[ \t\v\f\r]*+(?:#[^\n]*+|([A-Z]++)(?:[ \t\v\f\r]++([^\n]*+))?+)?+\n")
"""A line of the header. netpbm ignores white space at both ends, so lines may end in CR LF."""
PAM_NUMBERS = (b"WIDTH", b"HEIGHT", b"DEPTH", b"MAXVAL")
PAM_END = b"ENDHDR"
MAX_FIELD_BYTES = 64 * 1024
NUMBER = re.compile(rb"\s*\d{1,10}\s*")


class _Header(NamedTuple):
    kind: bytes
    width: int
    height: int
    channels: int
    maxval: int

    @property
    def data_bytes(self) -> int:
        """The size of the samples in binary. A bitmap has eight samples in a byte."""
        if self.kind == b"P4":
            return (self.width + 7) // 8 * self.height
        return self.width * self.height * self.channels * (2 if self.maxval > MAX_OF_A_BYTE else 1)


def parse(view: memoryview, limits: "Limits") -> ImageSize:
    reader = Reader(view, "PNM", "its last sample")
    first = _read_header(reader, limits)
    if first.kind in TEXT:
        return _parse_text(reader, first)
    frames, header = 1, first
    reader.skip(header.data_bytes)
    while NEXT_IMAGE.match(view, reader.position):
        header = _read_header(reader, limits)
        reader.skip(header.data_bytes)
        frames += 1
        check_frames("PNM", frames, limits)
    return ImageSize(first.width, first.height, frames, reader.position)


def _parse_text(reader: Reader, header: _Header) -> ImageSize:
    """Read the samples in ASCII. If the last one may have more digits, only the length of the file proves its end."""
    are_bits = header.kind == b"P1"
    last = skip_samples(reader, header.width * header.height * header.channels, are_bits=are_bits)
    may_go_on = not reader.remaining and not are_bits and 10 * last <= header.maxval
    space = SPACE.match(reader.view, reader.position, reader.end)
    end = space.end() if space else reader.position
    return ImageSize(header.width, header.height, 1, end, (ImageWarning.MISSING_TRAILER,) if may_go_on else ())


def _read_header(reader: Reader, limits: "Limits") -> _Header:
    reader.count_parts()
    (kind,) = reader.unpack(MAGIC)
    header = _read_pam_header(reader) if kind == b"P7" else _read_pnm_header(reader, kind)
    if not 0 < header.maxval <= MAX_MAXVAL or not header.channels:
        raise reader.malformed("its header has an impossible value", f"{header}")
    check_size("PNM", header.width, header.height, limits)
    return header


def _read_pnm_header(reader: Reader, kind: bytes) -> _Header:
    """Read width, height and the largest value, which a bitmap does not have. One byte of white space follows."""
    width, height = read_number(reader), read_number(reader)
    maxval = 1 if kind in (b"P1", b"P4") else read_number(reader)
    reader.skip(1)
    return _Header(kind, width, height, CHANNELS[kind], maxval)


def _read_pam_header(reader: Reader) -> _Header:
    """Read lines of a name and a value up to ENDHDR (pam(5))."""
    fields: dict[bytes, int] = {}
    reader.skip(1)
    while True:
        reader.count_parts()
        line = PAM_FIELD.match(reader.view, reader.position, min(reader.end, reader.position + MAX_FIELD_BYTES))
        if not line:
            if reader.remaining < MAX_FIELD_BYTES:
                raise reader.truncated(f"no line of its header at {reader.position}")
            raise reader.malformed("a line of its header is not a name and a value")
        reader.position = line.end()
        name, value = line.groups()
        if name == PAM_END:
            break
        if name in PAM_NUMBERS:
            if not NUMBER.fullmatch(value or b""):
                raise reader.malformed(f"the {name.decode()} in its header is not a number")
            fields[name] = int(value)
    if len(fields) != len(PAM_NUMBERS):
        raise reader.malformed("its header does not have all of WIDTH, HEIGHT, DEPTH and MAXVAL")
    return _Header(b"P7", *(fields[name] for name in PAM_NUMBERS))
