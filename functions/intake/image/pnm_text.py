"""The numbers of a PNM that are written in ASCII: those of the header, and the samples of P1 to P3.

Ten million samples fit into 20 MiB. They are counted by searches in windows, not one by one: that takes 60 ms.
"""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from intake.image.byte_reader import Reader

WINDOW = 64 * 1024
MAX_DIGITS = 10
MAX_LEADING_BYTES = 64 * 1024
"""White space and comments before a number of the header."""
BITS, DIGITS, SPACES = b"01", b"0123456789", b" \t\n\v\f\r"
SIMPLIFIED = bytes.maketrans(DIGITS + SPACES, b"0" * len(DIGITS) + b" " * len(SPACES))
"""Any digit becomes 0, and any white space a space."""

LEADING = re.compile(rb"(?:\s++|#[^\r\n]*+[\r\n])*+")
NUMBER = re.compile(rb"\d{1,10}+(?=[\s#])")
COMMENT = re.compile(rb"#[^\r\n]*+")
LAST_NUMBER = re.compile(rb"\d{1,10}\Z")


def read_number(reader: "Reader") -> int:
    """Read a number of the header. White space and comments may precede it. The reader stays before the byte after it.

    A comment after it is skipped up to the end of the line, which then is the white space that ends the header
    (netpbm, `pm_getuint`).
    """
    leading = LEADING.match(reader.view, reader.position, min(reader.end, reader.position + MAX_LEADING_BYTES))
    start = leading.end() if leading else reader.position
    number = NUMBER.match(reader.view, start, reader.end)
    if not number:
        rest = bytes(reader.view[start : start + MAX_DIGITS + 1])
        if rest.startswith(b"#") or not rest or (rest.isdigit() and len(rest) <= MAX_DIGITS):
            raise reader.truncated(f"a number is expected at {start}")
        raise reader.malformed("a value in its header is not a number", f"at {start}")
    comment = COMMENT.match(reader.view, number.end(), reader.end)
    reader.position = comment.end() if comment else number.end()
    return int(number.group())


def skip_samples(reader: "Reader", count: int, *, are_bits: bool) -> int:
    """Skip samples in ASCII, and comments among them.

    Args:
        reader: left after the last sample.
        count: the number of samples, 1 or more.
        are_bits: whether a sample is 0 or 1, and needs no white space before the next.

    Returns:
        The value of the last sample, or as many of its digits as a number may have.

    Raises:
        InvalidImage: samples are missing, or there is something else.
    """
    sample, allowed = (b"0", BITS) if are_bits else (b"0 ", DIGITS)
    while reader.remaining:
        start = reader.position
        text = _read_window(reader, are_bits=are_bits)
        simplified = text.translate(SIMPLIFIED) + b" "
        found = simplified.count(sample)
        end = len(text) if found < count else _find_end(simplified, sample, count)
        other = text[:end].translate(None, allowed + SPACES)
        if other:
            raise reader.malformed("its samples are not numbers", f"{other[:8]!r} after {start}")
        if found >= count:
            reader.position = start + end
            last = LAST_NUMBER.search(text, max(0, end - MAX_DIGITS), end)
            return int(last.group()) if last else 0
        count -= found
    raise reader.truncated(f"{count} samples are missing at {reader.position}")


def _read_window(reader: "Reader", *, are_bits: bool) -> bytes:
    """Read the next bytes without half a number or half a comment at their end; comments become spaces."""
    start = reader.position
    text = bytes(reader.view[start : min(start + WINDOW, reader.end)])
    reader.position += len(text)
    comment = text.rfind(b"#")
    if comment >= 0:
        last = COMMENT.match(reader.view, start + comment, reader.end)
        reader.position = max(reader.position, last.end() if last else 0)
        text, comments = COMMENT.subn(lambda match: b" " * len(match.group()), text)
        reader.count_parts(comments)
    if not are_bits and reader.remaining and text[-1:].isdigit():
        text = text[: text.translate(SIMPLIFIED).rfind(b" ") + 1]
        reader.position = start + len(text)
        if not text:
            raise reader.malformed("a sample has too many digits", f"at {start}")
    return text


def _find_end(simplified: bytes, sample: bytes, count: int) -> int:
    """Return the position after the digits of a sample that is in the window."""
    low, high = 0, len(simplified)
    while low < high:
        middle = (low + high) // 2
        if simplified.count(sample, 0, middle) < count:
            low = middle + 1
        else:
            high = middle
    return low - len(sample) + 1
