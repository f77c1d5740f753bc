"""Counters for any number of texts."""

import pytest
from infra.look.bounded_counter import BoundedCounter, DistinctCounter


def test_counter_counts_exactly_up_to_twice_its_limit() -> None:
    counter = BoundedCounter(2)
    for text in "abcdabca":
        counter.add(text)

    assert counter.largest(2) == [("a", 3), ("b", 2)]
    assert (counter.total, counter.dropped) == (8, 0)


def test_counter_keeps_the_largest_of_many_texts() -> None:
    counter = BoundedCounter(100)
    for number in range(50_000):
        counter.add("often" if number % 10 == 0 else f"once-{number}")

    assert counter.largest(1) == [("often", 5_000)]
    assert len(counter.counts) <= 200
    assert counter.total + counter.dropped == 50_000


@pytest.mark.parametrize("number", [0, 1, 1000])
def test_different_texts_are_counted_exactly_up_to_the_limit(number: int) -> None:
    counter = DistinctCounter(1000)
    for text in [*range(number), *range(number)]:
        counter.add(str(text))

    assert (counter.total, counter.is_exact) == (number, True)


@pytest.mark.parametrize("number", [1_001, 20_000, 100_000])
def test_different_texts_beyond_the_limit_are_estimated(number: int) -> None:
    """The standard error is 3.9 % with this limit, and the hashes of texts change with each process."""
    counter = DistinctCounter(1000)
    for text in range(number):
        counter.add(str(text))

    assert not counter.is_exact
    assert len(counter._sample) <= 1000
    assert abs(counter.total - number) < 0.25 * number
