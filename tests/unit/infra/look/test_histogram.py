"""Histograms of times and sizes."""

import random

import pytest
from infra.look.histogram import Histogram


def histogram_of(values: list[int]) -> Histogram:
    histogram = Histogram()
    for value in values:
        histogram.add(value)
    return histogram


@pytest.mark.parametrize("values", [[0], [1], [7, 7, 7], [187], [15_000], [2**53], [123_456_789_012_345]])
def test_quantiles_of_one_value_are_that_value(values: list[int]) -> None:
    histogram = histogram_of(values)

    assert {histogram.quantile(share) for share in (0, 0.5, 0.95, 1)} == {values[0]}


@pytest.mark.parametrize("median", [3, 90, 5_000, 800_000])
@pytest.mark.parametrize("share", [0.05, 0.5, 0.95])
def test_quantiles_of_many_values_are_exact_within_six_percent(median: int, share: float) -> None:
    source = random.Random(median)
    values = sorted(int(median * source.lognormvariate(0, 1)) for _ in range(10_001))
    exact = values[int(share * 10_000)]

    quantile = histogram_of(values).quantile(share)

    assert quantile is not None
    assert abs(quantile - exact) <= 0.065 * exact


def test_histogram_without_values_has_no_quantile_and_no_column() -> None:
    assert Histogram().quantile(0.5) is None
    assert Histogram().columns() == []


@pytest.mark.parametrize(
    ("expected", "values"),
    [
        ([(0, 1)], [0]),
        ([(1, 1), (2, 3), (5, 2), (10, 1)], [1, 2, 3, 4, 5, 9, 10]),
        ([(20, 1), (50, 0), (100, 2)], [49, 100, 199]),
        ([(5_000, 2), (10_000, 1)], [5_000, 9_999, 10_000]),
        ([(0, 2), (1, 0), (2, 1)], [0, 0, 2]),
    ],
)
def test_columns_begin_at_1_2_and_5(expected: list[tuple[int, int]], values: list[int]) -> None:
    assert histogram_of(values).columns() == expected


@pytest.mark.parametrize(
    ("expected", "values"),
    [
        ([0, 1, 2, 5], [0]),
        ([20, 50, 100, 200], [50, 50]),
        ([10, 20, 50, 100], [25, 60]),
        ([1, 2, 5, 10, 20], [1, 20]),
        ([], []),
    ],
)
def test_columns_are_as_many_as_asked_for(expected: list[int], values: list[int]) -> None:
    assert [bound for bound, _ in histogram_of(values).columns(least=4)] == expected


def test_histogram_of_any_values_has_few_steps() -> None:
    source = random.Random(1)

    assert len(histogram_of([int(10 ** source.uniform(0, 15)) for _ in range(50_000)])._steps) < 330
