"""Runs of zero bytes in compressed data."""

import pytest

from intake.image.zero_runs import LINEAR_FROM, WINDOW, check_zero_runs, find_zero_run
from intake.model.error_codes import CorruptImage

RUN = bytes(256)


@pytest.mark.parametrize(
    "before", [0, 1, LINEAR_FROM - 256, LINEAR_FROM, WINDOW - 256, WINDOW - 255, WINDOW - 1, WINDOW]
)
@pytest.mark.parametrize("after", [0, 1, WINDOW])
def test_run_is_found_wherever_it_is(before: int, after: int) -> None:
    data = memoryview(b"a" * before + RUN + b"a" * after)
    assert before == find_zero_run(data, 0, len(data), 256)
    assert find_zero_run(data, 0, len(data), 257) is None


@pytest.mark.parametrize(("start", "end", "expected"), [(0, 300, 20), (21, 300, None), (20, 276, 20), (0, 275, None)])
def test_run_counts_only_between_the_positions(start: int, end: int, expected: int | None) -> None:
    data = memoryview(b"a" * 20 + RUN + b"a" * 24)
    assert expected == find_zero_run(data, start, end, 256)


@pytest.mark.parametrize("size", [300, LINEAR_FROM, WINDOW + 300])
@pytest.mark.parametrize("value", [0x01, 0xFF])
def test_run_of_another_value_is_found(size: int, value: int) -> None:
    data = memoryview(bytes(size) + bytes([value]) * 256 + bytes(size))
    for view in (data, data[1:]):  # with and without a copy
        start = len(view) - len(data) + size
        assert start == find_zero_run(view, 0, len(view), 256, value)
        assert find_zero_run(view, 0, len(view), 257, value) is None


def test_run_is_refused_with_its_position() -> None:
    data = memoryview(b"a" * 20 + RUN)
    check_zero_runs(data, "JPEG", 0, len(data), 257)
    with pytest.raises(CorruptImage, match=r"^The JPEG is damaged: .*\.$") as refused:
        check_zero_runs(data, "JPEG", 0, len(data), 256)
    assert refused.value.reason == "256 zero bytes at 20"
