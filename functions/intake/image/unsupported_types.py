"""Names what a body is that is no image of an accepted type, by its first bytes."""

import re
from codecs import getincrementaldecoder
from functools import cache
from typing import TYPE_CHECKING

from intake.model.error_codes import UnsupportedType

if TYPE_CHECKING:
    from collections.abc import Iterable

    from intake.image.magic_bytes import Rows

SNIFFED_BYTES = 1024
"""How many of the first bytes are looked at, if they are there. The first element of an SVG often follows a comment."""

SPELLINGS = {"webp": "WebP", "jxl": "JPEG XL"}
"""Formats that are not written in capitals."""

_UTF_8 = getincrementaldecoder("utf-8")
_UTF_16 = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be", b"<\0": "utf-16-le", b"\0<": "utf-16-be"}
_PROLOG = rb"(?i)(?:\s|<\?.*?\?>|<!--.*?-->|<!doctype\s+(?!html|svg)[^>\[]*(?:\[.*?\]\s*)?>)*+"
"""What may precede the first element: declarations, comments, a document type."""
_NO_TEXT = rb"[\0-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]"


def describe(head: bytes, format_name: str | None = None) -> str | None:
    """Return what the bytes are, with its article, or None if that is not known.

    Args:
        head: the first bytes, SNIFFED_BYTES of them or what is there.
        format_name: the format that begins in this way, if this service can verify it.
    """
    from intake.image import magic_bytes  # noqa: PLC0415 - most functions never see a body that is no image

    found = _look_up(magic_bytes.BINARY, head)
    if found or not format_name:
        return found or _describe_text(_to_utf_8(head), magic_bytes.MARKUP, magic_bytes.TEXT)
    article = "an" if format_name[0] in "aeiou" else "a"
    return f"{article} {SPELLINGS.get(format_name, format_name.upper())} image"


def create_unsupported_type(found: str | None, accepted: "Iterable[str]", reason: str) -> UnsupportedType:
    """Create the error for a body of another type.

    Args:
        found: what the body is, with its article, or None if that is not known.
        accepted: the names of the formats that this deployment accepts.
        reason: details for the log.
    """
    beginning = f"This is {found}" if found else "The bytes are not an image of a known type"
    return UnsupportedType(f"{beginning}; accepted types: {', '.join(accepted)}.", reason=reason)


def _describe_text(text: bytes, markup_rows: "Rows", text_rows: "Rows") -> str | None:
    prolog = _compile(_PROLOG).match(text)
    markup = text[prolog.end() :] if prolog else text
    # A comment may be longer than the head.
    found = _look_up(markup_rows, markup) or _look_up(markup_rows, text.lstrip())
    return found or (_look_up(text_rows, text) if _is_text(text) else None)


def _to_utf_8(head: bytes) -> bytes:
    """Return the bytes without their byte order mark, and as UTF-8 if they are UTF-16."""
    encoding = _UTF_16.get(head[:2])
    if encoding:
        head = head.decode(encoding, errors="ignore").encode(errors="ignore")
    return head.removeprefix(b"\xef\xbb\xbf")


def _is_text(head: bytes) -> bool:
    """Whether there are no control characters, and bytes over 0x7F are few or UTF-8, perhaps cut in a character."""
    if _compile(_NO_TEXT).search(head):
        return False
    foreign = len(head) - len(head.decode("ascii", errors="ignore"))
    return foreign * 8 <= len(head) or _is_utf_8(head)


def _is_utf_8(head: bytes) -> bool:
    try:
        _UTF_8().decode(head)
    except UnicodeDecodeError:
        return False
    return True


def _look_up(rows: "Rows", head: bytes) -> str | None:
    return next((name for name, pattern in rows if _compile(pattern).match(head)), None)


@cache
def _compile(pattern: bytes) -> re.Pattern[bytes]:
    """Compile a pattern when it is first needed: most bodies are images."""
    return re.compile(pattern, re.DOTALL)
