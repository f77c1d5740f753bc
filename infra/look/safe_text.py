"""Makes text of callers, origins and forged receipts harmless.

Jinja2 escapes markup. These functions do what is left: control characters, characters that change the direction of text
or are invisible, lengths, and links.
"""

import json

from intake.model.error_codes import IntakeError
from intake.model.s3_url import S3
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
        scheme = Url.parse(str(url)).scheme
    except IntakeError:
        return None
    return None if scheme == S3 else str(url)


def show_json(value: object) -> str:
    """Return a text as it is, and any other JSON value as JSON."""
    try:
        return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    except RecursionError:
        return "…"
