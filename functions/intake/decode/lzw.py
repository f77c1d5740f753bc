"""Counts the bytes that LZW data decodes to, without decoding it (GIF89a, appendix F; TIFF 6.0, section 13).

A changed code mostly decodes to a string of another length, so the count shows nearly every change. A decoder misses
many of them, because it stops as soon as it has enough bytes.
"""

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from intake.decode.packed_codes import PackedCodes

MAX_WIDTH = 12
CODES_AT_ONCE = 512


class LzwLength(NamedTuple):
    """The length of decoded LZW data.

    Attributes:
        values: the bytes that all codes decode to.
        fault: an impossible code, or None.
        has_end: whether the end code was read.
    """

    values: int
    fault: str | None
    has_end: bool


def measure_lzw(codes: "PackedCodes", literal_bits: int, *, early: bool, limit: int) -> LzwLength:
    """Read LZW data up to its end code.

    Args:
        codes: the data.
        literal_bits: the width of a literal; 8 in TIFF.
        early: whether the width grows one code earlier, as in TIFF.
        limit: the count may stop when it exceeds this.
    """
    clear = 1 << literal_bits
    roots = [1] * clear + [0, 0]  # no string is empty, so 0 marks the codes that clear the table and end the data
    lengths, previous, width, values = roots.copy(), 0, literal_bits + 1, 0
    while values <= limit:
        growth = (1 << width) - early - len(lengths)
        is_full = width == MAX_WIDTH and growth <= 0
        batch = codes.read(width, CODES_AT_ONCE if is_full else min(growth + (not previous), CODES_AT_ONCE))
        if not batch:
            return LzwLength(values, None, has_end=False)
        for number, code in enumerate(batch, 1):
            if code >= len(lengths):
                if code > len(lengths) or not previous:
                    return LzwLength(values, f"code {code} of {len(lengths)}", has_end=False)
                length = previous + 1
            else:
                length = lengths[code]
            if not length:
                codes.position -= (len(batch) - number) * width
                break
            if previous and not is_full:
                lengths.append(previous + 1)
            previous = length
            values += length
        else:
            if width < MAX_WIDTH and len(lengths) + early >= 1 << width:
                width += 1
            continue
        if code > clear:
            return LzwLength(values, None, has_end=True)
        lengths, previous, width = roots.copy(), 0, literal_bits + 1
    return LzwLength(values, None, has_end=False)
