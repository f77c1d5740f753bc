"""Exponential backoff with full jitter."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intake.model.backoff import backoff


@pytest.mark.parametrize(("expected", "attempt"), [(0.1, 1), (0.2, 2), (0.4, 3), (1.6, 5), (2.0, 6), (2.0, 10)])
def test_longest_wait_doubles_with_every_attempt_up_to_the_cap(expected: float, attempt: int) -> None:
    assert backoff(attempt, 1.0, base=0.1, cap=2.0) == pytest.approx(expected)


@settings(deadline=None)
@given(st.integers(1, 50), st.floats(0, 1), st.floats(0.01, 10), st.floats(0.01, 100))
def test_wait_is_the_share_of_the_longest_wait_that_jitter_says(
    attempt: int, jitter: float, base: float, cap: float
) -> None:
    longest = backoff(attempt, 1.0, base=base, cap=cap)
    assert 0 < longest <= cap
    assert backoff(attempt, jitter, base=base, cap=cap) == pytest.approx(jitter * longest)
