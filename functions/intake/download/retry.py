"""How often and how long a download is retried."""

from intake.model.backoff import backoff
from intake.model.errors import HttpServerError, IntakeError, Throttled

BASE_SECONDS = 0.1
"""The cap of the first backoff."""

CAP_SECONDS = 2.0
"""The cap of every backoff. A Retry-After of the origin may be longer."""


def retry_delay(
    error: IntakeError, failed_attempts: int, *, max_attempts: int, seconds_left: float, jitter: float
) -> float | None:
    """Return the seconds to wait before the next attempt, or None for no further attempt.

    A Retry-After of the origin (RFC 9110, 10.2.3) is honoured however long it is, if it fits the time that is left. A
    little jitter is added, so that requests that were told the same do not return at the same instant.

    Args:
        error: why the last attempt failed.
        failed_attempts: attempts so far, from 1.
        max_attempts: of the settings.
        seconds_left: until the image or its File runs out of time.
        jitter: a random number from 0 to 1.
    """
    if not error.retryable or failed_attempts >= max_attempts:
        return None
    retry_after = error.retry_after if isinstance(error, Throttled | HttpServerError) else None
    if retry_after is None:
        delay = backoff(failed_attempts, jitter, base=BASE_SECONDS, cap=CAP_SECONDS)
    else:
        delay = retry_after + jitter * BASE_SECONDS
    return delay if delay < seconds_left else None
