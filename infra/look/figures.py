"""Formats numbers, bytes and times of pages for people."""

from datetime import UTC, datetime

from infra.bulk.progress import format_duration
from infra.look.safe_text import show_text

_THOUSAND = 1000
_ROUNDED_UP = 999.95
"""From here on, one decimal place would show 1000.0."""

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
    return format_duration(milliseconds / _SECOND_MS)


def format_seconds(seconds: float) -> str:
    """Format a time: 0.8 s, 41 s, 3 min 20 s, 2 h 5 min."""
    return f"{seconds:.1f} s" if seconds < _SMALL else format_duration(seconds)


def format_rate(number: float) -> str:
    """Format a number of things in a second: 0.4, 8.1, 488, 12,000."""
    return f"{number:,.1f}" if number < _SMALL else f"{number:,.0f}"


def format_share(part: int, whole: int) -> str:
    """Format a share as a percentage. Only all is 100 %, and only nothing is 0 %."""
    if part in {0, whole}:
        return "100 %" if part else "0 %"
    percent = 100 * part / whole
    return "< 0.1 %" if percent < 0.1 else f"{min(percent, 99.9):.1f} %"  # noqa: PLR2004 - the smallest shown


def format_time(moment: datetime | str) -> str:
    """Format a time: "22 Nov 2026, 12:00:00 UTC". A text that is no time in ISO 8601 stays as it is."""
    try:
        parsed = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
        return parsed.astimezone(UTC).strftime("%-d %b %Y, %H:%M:%S UTC")
    except (ValueError, OverflowError):
        return show_text(moment, 40)


def format_count(number: int) -> str:
    """Format a whole number with commas: 12,000."""
    return f"{number:,}"


def format_bytes(number: int) -> str:
    """Format a number of bytes: "532 bytes", "44.6 KB", "1.2 GB". A KB has 1,000 bytes."""
    if number < _THOUSAND:
        return f"{number:,} bytes"
    size, units = min(number, 10**18) / _THOUSAND, ["KB", "MB", "GB", "TB"]
    while size >= _ROUNDED_UP and len(units) > 1:
        size, units = size / _THOUSAND, units[1:]
    return f"{size:,.1f} {units[0]}"
