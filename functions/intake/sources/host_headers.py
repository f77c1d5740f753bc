"""HostHeaders: the headers that requests to one host get, from the entry of the host in the secret.

Error messages contain no value of the entry, and no unexpected name: an operator may have confused name and value.
"""

import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_TEXT_WITHOUT_SPACES = re.compile(r"[\x21-\x7e]+")
_FIELD_VALUE = re.compile(r"[\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?")
_REFUSED_CHARACTERS = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
"""Control characters, which RFC 7617 excludes, and surrogates, which JSON permits and UTF-8 does not."""

_REFUSED_NAMES = (
    *("host", "cookie", "cookie2", "accept-encoding", "content-length", "transfer-encoding", "connection"),
    *("keep-alive", "te", "trailer", "upgrade", "http2-settings", "expect", "range"),
)
"""The service sets these itself, or could not parse the response that they cause: framing, encodings, ranges."""

_REFUSED_PREFIXES = ("if-", "proxy-")
"""Conditions, which the service sets itself, and fields for a proxy."""

REPEATED = object()
"""The value of a member that a JSON object has more than once."""

_BASIC_MEMBERS = {"username", "password"}


class InvalidEntry(Exception):
    """The entry of a host cannot be used. The message says what was found and what is expected."""


@dataclass(frozen=True, slots=True)
class HostHeaders:
    """The headers that requests to one host get.

    Attributes:
        fields: names and values. They are secret: `repr` omits them.
    """

    fields: Mapping[str, str] = field(repr=False)


def parse_host_headers(entry: object) -> HostHeaders:
    """Parse an entry: `{"bearer": …}`, `{"basic": …}` or `{"headers": {…}}`.

    Raises:
        InvalidEntry: it is something else, or has a value that no header can have.
    """
    if not isinstance(entry, dict):
        raise InvalidEntry(f"expected an object, got {describe(entry)}")
    kinds = [kind for kind in _PARSERS if kind in entry]
    if len(kinds) != 1 or len(entry) != 1:
        raise InvalidEntry(f"expected exactly one of bearer, basic and headers, got {len(entry)} members")
    return HostHeaders(_PARSERS[kinds[0]](entry[kinds[0]]))


def _parse_bearer(value: object) -> dict[str, str]:
    """Return the header of a token (RFC 6750, 2.1). Real tokens have characters that the RFC does not list."""
    if not isinstance(value, str) or not _TEXT_WITHOUT_SPACES.fullmatch(value):
        raise InvalidEntry(f"bearer: expected the token alone, visible ASCII without spaces, got {describe(value)}")
    return {"Authorization": f"Bearer {value}"}


def _parse_basic(value: object) -> dict[str, str]:
    """Return the header of user and password (RFC 7617, in UTF-8)."""
    if isinstance(value, dict) and value.keys() == _BASIC_MEMBERS:
        user, password = value["username"], value["password"]
    elif isinstance(value, str) and ":" in value:
        user, _, password = value.partition(":")
    else:
        raise InvalidEntry(f'basic: expected "user:password", or username and password, got {describe(value)}')
    for name, text in (("username", user), ("password", password)):
        if not isinstance(text, str) or _REFUSED_CHARACTERS.search(text):
            raise InvalidEntry(f"basic: expected a {name} without control characters, got {describe(text)}")
    if ":" in user:
        raise InvalidEntry("basic: expected a username without a colon, which separates it from the password")
    return {"Authorization": "Basic " + b64encode(f"{user}:{password}".encode()).decode("ascii")}


def _parse_fields(value: object) -> dict[str, str]:
    if not isinstance(value, dict) or not value:
        raise InvalidEntry(f"headers: expected an object with names and values, got {describe(value)}")
    if len({name.lower() for name in value}) < len(value):
        raise InvalidEntry("headers: expected each name once, got one twice; upper and lower case do not differ")
    for name, text in value.items():
        _require_allowed_name(name)
        if not isinstance(text, str) or not _FIELD_VALUE.fullmatch(text):
            raise InvalidEntry(
                "headers: expected values of visible ASCII, with spaces only between its characters, "
                f"got {describe(text)}"
            )
    return value


def _require_allowed_name(name: str) -> None:
    if not _TOKEN.fullmatch(name):
        raise InvalidEntry("headers: expected names of letters, digits and hyphens, got another one")
    lower = name.lower()
    refused = next((known for known in _REFUSED_NAMES if lower == known), None)
    refused = refused or next((f"{prefix}*" for prefix in _REFUSED_PREFIXES if lower.startswith(prefix)), None)
    if refused is not None:
        raise InvalidEntry(f"headers: {refused} is not allowed; the service sets what it needs of HTTP itself")


_PARSERS = {"bearer": _parse_bearer, "basic": _parse_basic, "headers": _parse_fields}


def describe(value: object) -> str:
    """Describe the type of a JSON value in words, without the value."""
    match value:
        case str():
            return "another text" if value else "an empty text"
        case dict():
            return "an object with other members" if value else "an empty object"
        case list():
            return "a list"
        case None:
            return "null"
        case _:
            return "a member that is there twice" if value is REPEATED else "a number, true or false"
