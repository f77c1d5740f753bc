"""Decides whether a download is retried, and after how long."""

from intake.model.backoff import backoff
from intake.model.error_base import IntakeError, Transient

BASE_SECONDS = 0.1
"""The longest first backoff."""

CAP_SECONDS = 2.0
"""The longest backoff. A Retry-After of the origin may be longer."""


def retry_delay(
    error: IntakeError, failed_attempts: int, *, max_attempts: int, seconds_left: float, jitter: float
) -> float | None:
    """Return the seconds to wait before the next attempt, or None if there is no further attempt.

    A Retry-After of the origin (RFC 9110, 10.2.3) is obeyed, however long, if it fits into the time that is left. A
    little jitter spreads requests that got the same Retry-After.

    Args:
        error: why the last attempt failed.
        failed_attempts: the number of attempts so far, from 1.
        max_attempts: the setting MAX_ATTEMPTS.
        seconds_left: the seconds until the image or its File runs out of time.
        jitter: a random number from 0 to 1.
    """
    if not isinstance(error, Transient) or failed_attempts >= max_attempts:
        return None
    if error.retry_after is None:
        delay = backoff(failed_attempts, jitter, base=BASE_SECONDS, cap=CAP_SECONDS)
    else:
        delay = error.retry_after + jitter * BASE_SECONDS
    return delay if delay < seconds_left else None
