"""Makes text of callers, origins and forged receipts harmless, and formats figures for people.

Jinja2 escapes markup. These functions do what is left: control characters, characters that change the direction of text
or are invisible, lengths, and links.
"""

import math

from intake.model.error_codes import IntakeError
from intake.model.shown_text import shorten
from intake.model.url import Url

MAX_TEXT = 4200
"""Characters of a text on the page; a URL has at most 4096."""


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


def format_count(number: float) -> str:
    """Format a whole number with commas: 12,000."""
    return f"{number:,.0f}" if isinstance(number, float) and math.isfinite(number) else f"{number:,}"


def format_bytes(number: int) -> str:
    """Format a number of bytes: "532 bytes", "44.6 KB", "1.2 GB". A KB has 1,000 bytes."""
    size, units = float(min(number, 10**18)), iter(("KB", "MB", "GB", "TB"))
    if abs(size) < 1000:  # noqa: PLR2004 - below one KB
        return f"{number} bytes" if number != 1 else "1 byte"
    unit = next(units)
    size /= 1000
    while size >= 999.95 and (larger := next(units, None)):  # noqa: PLR2004 - it would be shown as 1000.0
        unit, size = larger, size / 1000
    return f"{size:,.1f} {unit}"
