"""`measure_lzw`: the length of LZW data, which is written here code by code."""

from random import Random

import pytest

from intake.decode.lzw import LzwLength, measure_lzw
from intake.decode.packed_codes import PackedCodes

CLEAR, END = 4, 5


def pack(*codes: int, width: int = 3) -> bytes:
    """Write codes of two literal bits each, as in a GIF of four colors."""
    number = sum(code << at * width for at, code in enumerate(codes))
    return number.to_bytes(-(-len(codes) * width // 8), "little")


def measure(data: bytes, literal_bits: int = 2, limit: int = 10**9) -> LzwLength:
    return measure_lzw(PackedCodes(data, "little"), literal_bits, early=False, limit=limit)


@pytest.mark.parametrize(
    ("expected", "codes"),
    [
        (LzwLength(0, None, has_end=True), (CLEAR, END)),
        (LzwLength(2, None, has_end=True), (CLEAR, 1, 2, END)),
        (LzwLength(3, None, has_end=True), (CLEAR, 1, 6, END)),  # a code that is defined by itself
        (LzwLength(2, None, has_end=True), (CLEAR, 1, CLEAR, 1, END)),
        (LzwLength(3, None, has_end=False), (CLEAR, 1, 2, CLEAR, 1)),
        (LzwLength(0, "code 6 of 6", has_end=False), (CLEAR, 6, 1, END)),
        (LzwLength(1, "code 7 of 6", has_end=False), (CLEAR, 1, 7, END)),
        (LzwLength(1, "code 6 of 6", has_end=False), (CLEAR, 1, CLEAR, 6, END)),
    ],
)
def test_length_is_the_sum_of_all_strings(expected: LzwLength, codes: tuple[int, ...]) -> None:
    assert measure(pack(*codes)) == expected


def test_width_grows_when_the_next_code_needs_another_bit() -> None:
    narrow = pack(CLEAR, 0, 0, 0)
    assert measure(narrow[:1] + bytes((narrow[1] | 0x5 << 4,))) == LzwLength(3, None, has_end=True)


def test_data_without_an_end_is_measured_up_to_the_limit() -> None:
    assert 100 < measure(bytes(10_000), limit=100).values < 10_000


def test_full_table_stays_as_it_is_until_it_is_cleared() -> None:
    random = Random(1)
    literals = [random.randrange(256) for _ in range(9000)]
    widths = iter(_widths_without_clear())
    number, at = 256, (size := 9)
    for literal in literals:
        size = next(widths, 12)
        number |= literal << at
        at += size
    number |= 257 << at
    assert measure(number.to_bytes(at // 8 + 3, "little"), 8) == LzwLength(9000, None, has_end=True)


def _widths_without_clear() -> list[int]:
    """Return the width of each code behind the first clear code, in a table that begins with 258 entries."""
    return [9] * (512 - 258 + 1) + [10] * 512 + [11] * 1024 + [12] * 2048
