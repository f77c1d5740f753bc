"""Exponential backoff with full jitter: how long to wait before the next attempt."""


def backoff(attempt: int, jitter: float, *, base: float, cap: float) -> float:
    """Return the seconds to wait after a failed attempt.

    Full jitter is the best way to spread callers that failed at the same time (AWS Architecture Blog, "Exponential
    Backoff And Jitter", 2015).

    Args:
        attempt: how many attempts have failed, from 1.
        jitter: a random number from 0 to 1.
        base: seconds; the longest wait after the first attempt. It doubles with every attempt.
        cap: seconds; the longest wait after any attempt.
    """
    return jitter * min(cap, base * 2.0 ** (attempt - 1))
