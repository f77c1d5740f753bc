"""How long we wait before we ask again."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intake.model.backoff import BASE_DELAY, MAX_DELAY, backoff


@pytest.mark.parametrize(
    ("expected", "attempt"), [(0.1, 1), (0.2, 2), (0.4, 3), (0.8, 4), (1.6, 5), (2.0, 6), (2.0, 10)]
)
def test_the_longest_wait_doubles_with_every_attempt_up_to_a_bound(expected: float, attempt: int) -> None:
    assert backoff(attempt, 1.0) == pytest.approx(expected)


def test_jitter_is_full_so_a_wait_may_be_nothing() -> None:
    assert backoff(5, 0.0) == 0.0
    assert backoff(1, 0.5) == BASE_DELAY / 2


@pytest.mark.parametrize("asked", [0.0, 0.05, 30.0, 86400.0])
def test_what_the_other_side_asks_for_is_kept_to(asked: float) -> None:
    """A little later, so that those who were told the same do not come back at the same instant."""
    assert [asked, asked + BASE_DELAY] == [backoff(1, 0.0, asked), backoff(1, 1.0, asked)]


@settings(deadline=None)
@given(st.integers(1, 20), st.floats(0, 1))
def test_a_wait_is_never_negative_and_never_over_the_bound(attempt: int, jitter: float) -> None:
    assert 0 <= backoff(attempt, jitter) <= MAX_DELAY
