"""Makes a caller's text fit to be stored and shown: short, printable, and without the secrets of URLs."""

import json
import re
from itertools import islice

from intake.model.invalid_file import Fault
from intake.model.url import redact

MAX_CHARACTERS = 300
"""The length of a path, a message or an excerpt."""

_MAX_STRING = 100
_MAX_MEMBERS = 10
_MAX_DEPTH = 3
_MAX_SEARCHED = 1000
"""Characters of a message in which URLs are looked for; the rest is cut off."""

# The possessive quantifier bounds the time for a text of slashes.
_QUERY = re.compile(r"(//[^\s\"'`<>?#]*+)[?#][^\s\"'`<>]*")
_CREDENTIALS = re.compile(r"//[^\s\"'`<>/@]*+@")


def shorten(text: str, max_characters: int = MAX_CHARACTERS) -> str:
    """Return the beginning of a text. Characters that cannot be printed are escaped, as in Python."""
    shown = text[:max_characters]
    if not shown.isprintable():
        shown = "".join(map(_escape, shown))[:max_characters]
    return shown if len(text) <= max_characters else shown + "…"


def redact_message(text: str, max_characters: int = MAX_CHARACTERS) -> str:
    """Shorten a message, and remove the query and the credentials of every URL in it."""
    searched = text[:_MAX_SEARCHED]
    return shorten(_CREDENTIALS.sub("//", _QUERY.sub(r"\1", searched)), max_characters)


def redact_fault(fault: Fault, position: str = "") -> Fault:
    """Return a fault with bounded texts, whose path begins with a position, such as "line 3"."""
    path = ": ".join(filter(None, (position, fault.path)))
    return Fault(redact_message(path), redact_message(fault.message))


def excerpt(value: object) -> str:
    """Return the beginning of a JSON value. Strings in it have no query and no credentials."""
    return shorten(json.dumps(_select(value, _MAX_DEPTH), ensure_ascii=False))


def _select(value: object, depth: int) -> object:
    """Return a small part of a value: a few members, short strings, and nothing that is nested deeply."""
    match value:
        case str():
            return shorten(redact(value), _MAX_STRING)
        case dict() if depth:
            members = islice(value.items(), _MAX_MEMBERS)
            return {shorten(redact(str(name)), _MAX_STRING): _select(member, depth - 1) for name, member in members}
        case list() if depth:
            return [_select(item, depth - 1) for item in islice(value, _MAX_MEMBERS)]
        case dict() | list():
            return "…"
        case _:
            return value


def _escape(character: str) -> str:
    return character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
