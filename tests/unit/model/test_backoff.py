"""Exponential backoff with full jitter."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intake.model.backoff import backoff


@pytest.mark.parametrize(
    ("expected", "attempt"), [(0.1, 1), (0.2, 2), (0.4, 3), (0.8, 4), (1.6, 5), (2.0, 6), (2.0, 10)]
)
def test_backoff_doubles_with_every_attempt_up_to_the_cap(expected: float, attempt: int) -> None:
    assert backoff(attempt, 1.0, base=0.1, cap=2.0) == pytest.approx(expected)


def test_jitter_scales_the_whole_wait() -> None:
    assert backoff(5, 0.0, base=0.1, cap=2.0) == 0.0
    assert backoff(1, 0.5, base=0.1, cap=2.0) == 0.05


@settings(deadline=None)
@given(st.integers(1, 20), st.floats(0, 1))
def test_backoff_is_never_negative_and_never_over_the_cap(attempt: int, jitter: float) -> None:
    assert 0 <= backoff(attempt, jitter, base=0.1, cap=2.0) <= 2.0
