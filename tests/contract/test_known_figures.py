"""The figures of known images: the interval of a median, the requests of the servers, and the tables."""

import pytest

from bench import known_figures, request_counts
from bench.known_figures import FIRST_FILES, LATER_FILES


@pytest.mark.parametrize(
    ("expected", "values"),
    [
        ((1.0, 1.0, 1.0), [1.0]),
        ((2.0, 1.0, 3.0), [3.0, 1.0, 2.0]),
        ((10.5, 6.0, 15.0), [float(value) for value in range(20, 0, -1)]),
        ((0.0, 0.0, 0.0), [0.0] * 99 + [1000.0]),
    ],
)
def test_interval_of_median_is_bounded_by_values_of_the_sample(
    expected: tuple[float, float, float], values: list[float]
) -> None:
    assert known_figures.median_interval(values) == expected


def test_counts_are_read_by_name_and_added_by_beginning_of_name() -> None:
    counts = request_counts.parse("48 s3 PUT images\n1 s3 PUT known\n7213000 origin bytes sent\n2 s3 GET known\n")

    assert counts["origin bytes sent"] == 7_213_000
    assert request_counts.total(counts, "s3 PUT") == 49
    assert request_counts.total(counts, "s3 PUT known", "s3 GET") == 3
    assert request_counts.total(counts, "s3 HEAD") == 0


def test_figures_of_a_place_are_medians_of_time_and_maxima_of_requests() -> None:
    costs: list[known_figures.Measured] = [
        {"wall": wall, "cpu": wall, "counts": {"s3 PUT receipts": puts, "origin conditional GET": 48}}
        for wall, puts in ((0.3, 1), (0.1, 1), (0.2, 5))
    ]

    found = known_figures.of_same_file({"again": costs})["again"]

    assert [found[f"wall{which}_ms"] for which in ("", "_min", "_max")] == pytest.approx([200.0, 100.0, 300.0])
    assert found["cpu_ms"] == pytest.approx(200 / 48)
    assert [found[name] for name in ("s3_puts", "gets", "conditional_gets", "s3_heads")] == [5, 48, 48, 0]


def test_pair_of_processes_is_compared_by_the_median_ratio_of_its_files() -> None:
    """A File that took long in one process changes nothing; a process that is slow counts once."""
    slow_once: list[known_figures.Measured] = [{"wall": wall, "cpu": 1.0} for wall in (1.01, 1.01, 9.0)]

    found = known_figures.of_pairs(
        [{"on": slow_once, "off": [{"wall": 1.0, "cpu": cpu}] * 3} for cpu in (1.0, 0.5, 0.98)]
    )

    assert found["wall_percent"] == [1.0, 1.0, 1.0]
    assert found["cpu_percent"] == [2.04, 0.0, 100.0]
    assert (found["pairs"], found["files"]) == (3, 3)


def test_tables_have_a_row_for_each_place_and_result() -> None:
    costs: list[known_figures.Measured] = [{"wall": 0.1, "cpu": 0.1, "counts": {}}]
    places = known_figures.same_file_table(known_figures.of_same_file(dict.fromkeys(known_figures.PLACES, costs)))
    added = known_figures.of_pairs([{"on": costs, "off": costs}])

    assert [line.split(" | ")[0].strip("| ") for line in places.splitlines()[2:]] == list(known_figures.PLACES.values())
    assert known_figures.added_table({FIRST_FILES: added, LATER_FILES: added}).count("+0.0 % | +0.0 to +0.0 %") == 4
