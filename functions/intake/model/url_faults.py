"""Says what is wrong with a text that is no URL the service can fetch.

The messages reach receipts and logs, so they repeat no query, no credentials and no content of a `data:` URL.
"""

import re
from unicodedata import category, name

from intake.model.error_codes import Blocked, IntakeError, InvalidUrl

MAX_URL_LENGTH = 4096
"""The maximum length of a URL in characters, as written and as sent."""

AT = re.compile(r"[@\uff20\ufe6b]|%40")
"""What may separate credentials from a host: the sign @, its look-alikes, and its percent-encoding."""

FORBIDDEN = re.compile(r"[\x00-\x1f\x7f-\x9f\\\ud800-\udfff]")
"""What no URL has: controls, backslashes and halves of surrogate pairs."""

SECOND_URL = re.compile(r"\shttps?://", re.IGNORECASE)
"""What separates two URLs in a cell of a table."""

SEVERAL_URLS = "These are several URLs; send each of them as an image of its own."

_LAST_SPACE = re.compile(r"\s\Z")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_LOCAL_PATH = re.compile(r"[A-Za-z]:[\\/]|\\\\")
_HOST_AND_PORT = re.compile(r"[A-Za-z0-9.-]+:[0-9]{1,5}(?![^/?#])|[A-Za-z][A-Za-z0-9+-]*\.[A-Za-z0-9+.-]*:")
_SCHEME_TWICE = re.compile(r"https?://https?:/", re.IGNORECASE)
_HTTP_BEGINNING = re.compile(r"https?(?=[^A-Za-z0-9]*[:/])[^A-Za-z0-9?#@]{1,4}", re.IGNORECASE)
_MISSPELLED_HTTP = re.compile(r"[htps]{2,8}", re.IGNORECASE)

_TEXT_BEFORE_HTTP = re.compile(r"[^?#]*?[^A-Za-z/?#]https?://", re.IGNORECASE)
_BEGINNING = 12
_MAX_SHOWN = 80
_PATH_SIGNS = frozenset("/.\\~_-%?#")
_CONTROL_NAMES = {"\0": "NULL", "\t": "TAB", "\n": "LINE FEED", "\r": "CARRIAGE RETURN"}

_OBJECT = "use a presigned https:// URL of the object"
_NO_SERVER = {
    **dict.fromkeys(("s3a", "s3n", "gs", "gcs", "az", "abfs", "abfss", "oss", "r2", "b2"), ("://", _OBJECT)),
    "data": (":", "it has the content of an image, not an address; put the image on a web server"),
    "file": (":", "it is a file of one machine; put the image on a web server"),
    "blob": (":", "it exists in one browser only; put the image on a web server"),
    "content": (":", "it exists on one device only; put the image on a web server"),
    "cid": (":", "it is a part of an email; put the image on a web server"),
    "javascript": (":", "it is a program; use the URL of the image"),
    "mailto": (":", "it is an email address; use the URL of the image"),
    "about": (":", "it is a page of a browser; use the URL of the image"),
}
"""Schemes whose URLs name no server: what follows the scheme, and what to do. Their message can reveal no network."""


def explain(text: str) -> IntakeError:
    """Return the error of a text that is not `http://` or `https://`, a host and a rest, in at most 4096 characters.

    A URL of another protocol, such as ftp, is `Blocked` with the message of every blocked URL.
    """
    match = _SCHEME.match(text)
    scheme = match[1].lower() if match else ""
    if scheme in _NO_SERVER:
        return _explain_scheme(scheme)
    if fault := _find_fault_around(text) or _find_fault_inside(text):
        return InvalidUrl(fault)
    if not scheme or any(known.match(text) for known in (_HTTP_BEGINNING, _HOST_AND_PORT, _TEXT_BEFORE_HTTP)):
        return InvalidUrl(_describe_beginning(text))
    if _MISSPELLED_HTTP.fullmatch(scheme):
        return Blocked(
            f"The service does not fetch this URL: its scheme is `{scheme}`, expected `https` or `http`.",
            reason=f"scheme {scheme}",
        )
    return Blocked(reason=f"scheme {scheme}")


def _explain_scheme(scheme: str) -> Blocked:
    rest, advice = _NO_SERVER[scheme]
    message = f"The service does not fetch this URL: `{scheme}{rest}` is not `https://` or `http://`; {advice}."
    return Blocked(message, reason=f"scheme {scheme}")


def describe_character(character: str) -> str:
    """Return code point and name, such as "U+200B ZERO WIDTH SPACE": many characters look like others, or like none."""
    fallback = "SURROGATE" if category(character) == "Cs" else "CONTROL CHARACTER"
    note = " (byte order mark)" if character == "\ufeff" else ""
    return f"U+{ord(character):04X} {name(character, _CONTROL_NAMES.get(character, fallback))}{note}"


def _find_fault_around(text: str) -> str | None:
    """Return the fault of the beginning of a text, or of its length."""
    if not text:
        return "The URL is empty."
    if _is_wrapping(text[0]):
        return f"The URL begins with {describe_character(text[0])}; remove it."
    if len(text) > MAX_URL_LENGTH:
        return f"The URL is longer than {MAX_URL_LENGTH} characters."
    return None


def _find_fault_inside(text: str) -> str | None:
    """Return the fault of what cannot be part of a URL."""
    if _LOCAL_PATH.match(text):
        return "This is a path on a Windows machine, not a URL; put the image on a web server."
    if _HTTP_BEGINNING.match(text) and SECOND_URL.search(text):
        return SEVERAL_URLS
    if match := FORBIDDEN.search(text) or _LAST_SPACE.search(text) or _find_look_alike(text):
        where = "ends with" if match.end() == len(text) else f"has at position {match.start() + 1}"
        return f"The URL {where} {describe_character(match[0])}; remove or replace it."
    return None


def _is_wrapping(character: str) -> bool:
    """Whether a URL was copied with a character before it: a space, a quotation mark, a bracket, an invisible one."""
    if character in _PATH_SIGNS:
        return False
    return category(character)[0] in "ZCP" or character in "<>`=+|^$"


def _find_look_alike(text: str) -> re.Match[str] | None:
    """Find the first character outside ASCII in what should be `https:`."""
    beginning, slashes, _ = text[:_BEGINNING].partition("//")
    return re.search(r"[^\x00-\x7f]", beginning) if slashes else None


def _describe_beginning(text: str) -> str:
    if _SCHEME_TWICE.match(text):
        return "The URL has its scheme twice; remove one of them."
    if match := _HTTP_BEGINNING.match(text):
        return f"The URL begins with `{match[0]}`: expected `https://` or `http://`, and then a host."
    if _TEXT_BEFORE_HTTP.match(text):
        return "The URL begins with other text than `https://` or `http://`; remove that text."
    visible = re.split(r"[?#]", text, maxsplit=1)[0]
    # Without a scheme, nobody knows where credentials begin.
    shown = "the URL" if AT.search(text) or not visible else f"`{_shorten(visible)}`"
    return f"The scheme of {shown} is missing; a URL begins with `https://` or `http://`."


def _shorten(text: str) -> str:
    return text if len(text) <= _MAX_SHOWN else text[:_MAX_SHOWN] + "…"
