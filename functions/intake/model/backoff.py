"""How long to wait before asking again: exponential backoff with full jitter, or what the other side asked for."""

BASE_DELAY = 0.1
"""Seconds: the most that the first wait may take."""

MAX_DELAY = 2.0
"""Seconds: the most that any wait may take."""


def backoff(attempt: int, jitter: float, asked: float | None = None) -> float:
    """Seconds to wait after the given failed attempt.

    Full jitter spreads callers that failed together best (AWS Architecture Blog, "Exponential Backoff And
    Jitter", 2015). What the other side asked for (Retry-After) is kept to, however long: whether it fits
    the time that is left is the caller's to judge. A little jitter stands behind it, so that those who were told
    the same do not come back at the same instant.

    Args:
        attempt: how many attempts have failed, from 1.
        jitter: a random number from 0 to 1.
        asked: seconds that the other side asked for, or None.
    """
    if asked is not None:
        return asked + jitter * BASE_DELAY
    return jitter * min(MAX_DELAY, BASE_DELAY * 2.0 ** (attempt - 1))
