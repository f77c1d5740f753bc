"""PackedCodes: codes of every width, in both orders of bits."""

from typing import Literal

from hypothesis import given
from hypothesis import strategies as st

from intake.decode.packed_codes import PackedCodes


def bits_of(data: bytes, order: Literal["little", "big"]) -> str:
    """Return the bits in the order in which they are read."""
    texts = (f"{byte:08b}" for byte in data)
    return "".join(text if order == "big" else text[::-1] for text in texts)


@given(
    st.binary(max_size=40),
    st.sampled_from(["little", "big"]),
    st.lists(st.tuples(st.integers(2, 12), st.integers(1, 20)), max_size=6),
)
def test_codes_are_read_one_after_the_other(
    data: bytes, order: Literal["little", "big"], reads: list[tuple[int, int]]
) -> None:
    codes, bits = PackedCodes(data, order), bits_of(data, order)
    for width, count in reads:
        texts = [bits[at * width : at * width + width] for at in range(min(count, len(bits) // width))]
        assert [int(text if order == "big" else text[::-1], 2) for text in texts] == codes.read(width, count)
        bits = bits[len(texts) * width :]
