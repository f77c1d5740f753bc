"""Reads the `Location` of a redirect from its bytes, which may be text of any charset."""

import re
from urllib.parse import quote

import httpx

from intake.model.error_codes import BadRedirect

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_AUTHORITY = re.compile(rb"(?:[A-Za-z][A-Za-z0-9+.-]*+:)?//[^/?#]*+")
_ASCII = bytes(range(0x80))

_SECOND_BYTE = re.compile(rb"(?<=[\x80-\xff])\\")
"""A 5C that may be the second byte of a character, as in Shift_JIS, GBK and Big5. In UTF-8 it is a backslash."""


def redirect_location(status: int, headers: httpx.Headers) -> str | None:
    """Return the `Location` of a redirect, or None if the response is not a redirect (RFC 9110, 15.4).

    Equal fields are one. The bytes of path and query over 7F are percent-encoded as they are. The host is decoded as
    UTF-8 instead, because it has an encoding of its own (IDNA).

    Raises:
        BadRedirect: the redirect has no `Location`, or different ones, or a host that is not UTF-8.
    """
    if status not in _REDIRECTS:
        return None
    # httpx decodes all fields with one charset, which the bytes of another field may decide.
    locations = {value for name, value in headers.raw if name.lower() == b"location"}
    if len(locations) != 1:
        raise BadRedirect
    return _to_text(locations.pop())


def _to_text(location: bytes) -> str:
    match = _AUTHORITY.match(location)
    path_at = match.end() if match else 0
    try:
        authority = location[:path_at].decode()
    except UnicodeDecodeError as error:
        raise BadRedirect from error
    return authority + quote(_encode_second_bytes(location[path_at:]), safe=_ASCII)


def _encode_second_bytes(path: bytes) -> bytes:
    try:
        path.decode()
    except UnicodeDecodeError:
        return _SECOND_BYTE.sub(b"%5C", path)
    return path
