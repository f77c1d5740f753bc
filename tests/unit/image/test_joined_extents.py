"""Parts of a file, read as if they followed each other."""

import pytest

from intake.image.joined_extents import JoinedExtents

FILE = bytes(range(100))
EXTENTS = [(10, 13), (50, 50), (40, 44), (0, 2), (99, 99)]
JOINED = b"".join(FILE[start:end] for start, end in EXTENTS)


@pytest.mark.parametrize("start", range(len(JOINED) + 2))
def test_every_slice_is_that_of_the_joined_parts(start: int) -> None:
    joined = JoinedExtents(memoryview(FILE), EXTENTS)
    assert joined.size == len(JOINED)
    for end in range(start, len(JOINED) + 3):
        assert joined.read(start, end - start) == JOINED[start:end]


@pytest.mark.parametrize("extents", [[], [(5, 5)]])
def test_nothing_is_read_of_no_bytes(extents: list[tuple[int, int]]) -> None:
    assert JoinedExtents(memoryview(FILE), extents).read(0, 9) == b""
