"""How often and how long a download is retried."""

import pytest

from intake.download.retry import BASE_SECONDS, CAP_SECONDS, retry_delay
from intake.model.error_codes import HttpServerError, IntakeError, NotFound, NotReady, Throttled, Timeout


def delay(
    error: IntakeError, failed_attempts: int = 1, seconds_left: float = 60.0, jitter: float = 1.0
) -> float | None:
    return retry_delay(error, failed_attempts, max_attempts=3, seconds_left=seconds_left, jitter=jitter)


def test_permanent_error_is_not_retried() -> None:
    assert delay(NotFound()) is None


@pytest.mark.parametrize(("failed_attempts", "is_retried"), [(1, True), (2, True), (3, False), (4, False)])
def test_transient_error_is_retried_up_to_the_maximum_of_attempts(failed_attempts: int, is_retried: bool) -> None:  # noqa: FBT001
    assert (delay(Timeout(), failed_attempts) is not None) == is_retried


def test_delay_doubles_from_the_base_and_jitter_scales_it() -> None:
    assert [delay(Timeout(), attempt) for attempt in (1, 2)] == [BASE_SECONDS, 2 * BASE_SECONDS]
    assert delay(Timeout(), jitter=0.25) == BASE_SECONDS / 4


def test_delay_is_capped() -> None:
    assert retry_delay(Timeout(), 9, max_attempts=10, seconds_left=60.0, jitter=1.0) == CAP_SECONDS


@pytest.mark.parametrize(
    "error", [Throttled(retry_after=7.0), HttpServerError(retry_after=7.0), NotReady(retry_after=7.0)]
)
def test_retry_after_of_the_origin_is_honoured_above_the_cap_with_a_little_jitter(error: IntakeError) -> None:
    assert delay(error, jitter=0.0) == 7.0
    assert delay(error, jitter=0.5) == 7.0 + BASE_SECONDS / 2


@pytest.mark.parametrize(("seconds_left", "is_retried"), [(7.0, False), (7.1, True)])
def test_delay_that_does_not_fit_the_time_that_is_left_ends_the_download(seconds_left: float, is_retried: bool) -> None:  # noqa: FBT001
    assert (delay(Throttled(retry_after=7.0), seconds_left=seconds_left, jitter=0.0) is not None) == is_retried
