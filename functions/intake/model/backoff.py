"""Exponential backoff with full jitter."""


def backoff(attempt: int, jitter: float, *, base: float, cap: float) -> float:
    """Return the seconds to wait after a failed attempt.

    Full jitter spreads clients that failed together best (AWS Architecture Blog, "Exponential Backoff And Jitter",
    2015).

    Args:
        attempt: how many attempts have failed, from 1.
        jitter: a random number from 0 to 1.
        base: seconds; the most that the first wait takes.
        cap: seconds; the most that any wait takes.
    """
    return jitter * min(cap, base * 2.0 ** (attempt - 1))
