"""Makes text of callers, origins and forged receipts harmless, and formats figures for people.

Jinja2 escapes markup. These functions do what is left: control characters, characters that change the direction of text
or are invisible, lengths, and links.
"""

import json
from datetime import UTC, datetime

from intake.model.error_codes import IntakeError
from intake.model.shown_text import shorten
from intake.model.url import Url

MAX_TEXT = 4200
"""Characters of a text on the page; a URL has at most 4096."""

_THOUSAND = 1000
_ROUNDED_UP = 999.95
"""From here on, one decimal place would show 1000.0."""


def show_text(value: object, max_characters: int = MAX_TEXT) -> str:
    """Return a value as text of bounded length. Control, bidi and invisible characters are escaped, as in Python."""
    return shorten(str(value), max_characters)


def to_link(url: object) -> str | None:
    """Return a URL that a page may link to; None if it is not a valid http or https URL."""
    try:
        Url.parse(str(url))
    except IntakeError:
        return None
    return str(url)


def show_json(value: object) -> str:
    """Return a text as it is, and any other JSON value as JSON."""
    try:
        return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    except RecursionError:
        return "…"


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
