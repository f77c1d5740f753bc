"""Formats the figures of a run for people."""

from infra.bulk.progress import duration

_SECOND_MS = 1000
_MINUTE_MS = 60 * _SECOND_MS
_SMALL = 10


def format_ms(milliseconds: int | None) -> str:
    """Format milliseconds: 187 ms, 1.9 s, 15 s, 2 min 5 s; empty if unknown."""
    if milliseconds is None:
        return ""
    if milliseconds < _SECOND_MS:
        return f"{milliseconds} ms"
    if milliseconds < _MINUTE_MS:
        return f"{milliseconds / _SECOND_MS:.1f} s".replace(".0 s", " s")
    return duration(milliseconds / _SECOND_MS)


def format_seconds(seconds: float) -> str:
    """Format a time: 0.8 s, 41 s, 3 min 20 s, 2 h 5 min."""
    return f"{seconds:.1f} s" if seconds < _SMALL else duration(seconds)


def format_rate(number: float) -> str:
    """Format a number of things in a second: 0.4, 8.1, 488, 12,000."""
    return f"{number:,.1f}" if number < _SMALL else f"{number:,.0f}"


def format_share(part: int, whole: int) -> str:
    """Format a share as a percentage. Only all is 100 %, and only nothing is 0 %."""
    if part in {0, whole}:
        return "100 %" if part else "0 %"
    percent = 100 * part / whole
    return "< 0.1 %" if percent < 0.1 else f"{min(percent, 99.9):.1f} %"  # noqa: PLR2004 - the smallest shown
