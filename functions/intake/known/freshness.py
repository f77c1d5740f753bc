"""Computes until when a response is fresh, as a shared cache does (RFC 9111, 4.2)."""

import re
from collections.abc import Mapping
from math import floor

from intake.known.http_date import parse_http_date

MAX_FRESH_SECONDS = 300
"""An image is requested again after this time, whatever the origin permits."""

_NAME = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_DIRECTIVE = re.compile(rf'[ \t,]*({_NAME})(?:=(?:({_NAME})|"((?:[^"\\]|\\.)*)"))?[ \t]*(?:,|\Z)')
_SEPARATORS = " \t,"
_SECONDS = re.compile(r"0*([0-9]{1,9})[0-9]*")
_MUST_ASK = frozenset({"no-store", "no-cache", "private"})
_LIFETIMES = ("s-maxage", "max-age")


def fresh_until(headers: Mapping[str, str], requested_at: float) -> float | None:
    """Return until when the response is fresh, in whole Unix seconds; None if it is not fresh.

    Only a lifetime that the origin states counts; if it is repeated, the shortest one. Directives that are malformed or
    invalid, and any Vary besides Accept-Encoding, mean that it is not fresh.

    Args:
        headers: the headers of a complete response.
        requested_at: when the request was sent, in Unix seconds.
    """
    date = headers.get("date")
    sent_at = requested_at if date is None else parse_http_date(date)
    if sent_at is None or not _may_reuse(headers):
        return None
    lifetime = _lifetime(headers, sent_at)
    if lifetime is None:
        return None
    # Age counts from the request (corrected_age_value); without it, the clock of the origin does (apparent_age).
    until = floor(min(requested_at - _age(headers), sent_at) + lifetime)
    return min(until, floor(requested_at) + MAX_FRESH_SECONDS) if until > requested_at else None


def _may_reuse(headers: Mapping[str, str]) -> bool:
    """Whether the response was not chosen by fields of our request (Vary), and HTTP/1.0's no-cache is absent."""
    vary = {name.strip(" \t").lower() for name in headers.get("vary", "").split(",")}
    if vary - {"accept-encoding", ""}:
        return False
    return "cache-control" in headers or "no-cache" not in headers.get("pragma", "").lower()


def _lifetime(headers: Mapping[str, str], sent_at: float) -> float | None:
    """Return the freshness lifetime in seconds (RFC 9111, 4.2.1), or None without a valid one."""
    directives = _parse_cache_control(headers.get("cache-control", ""))
    if directives is None or not _MUST_ASK.isdisjoint(directives):
        return None
    stated = [[_parse_seconds(text) for text in directives[name]] for name in _LIFETIMES if name in directives]
    if stated:
        valid = [seconds for seconds in stated[0] if seconds is not None]
        return None if any(None in lifetimes for lifetimes in stated) else min(valid)
    expires = parse_http_date(headers.get("expires", ""))
    return None if expires is None else expires - sent_at


def _parse_cache_control(field: str) -> dict[str, list[str]] | None:
    """Return the arguments of each directive by its name in lower case; None if the field is malformed."""
    directives: dict[str, list[str]] = {}
    position, end = 0, len(field.rstrip(_SEPARATORS))
    while position < end:
        match = _DIRECTIVE.match(field, position)
        if match is None:
            return None
        name, token, quoted = match.groups()
        directives.setdefault(name.lower(), []).append(token or quoted or "")
        position = match.end()
    return directives


def _parse_seconds(text: str) -> int | None:
    """Return delta-seconds (RFC 9111, 1.2.2); a number of more than nine digits is shortened, for it is long enough."""
    match = _SECONDS.fullmatch(text)
    return None if match is None else int(match[1])


def _age(headers: Mapping[str, str]) -> int:
    """Return the first member of Age; an invalid one is ignored (RFC 9111, 5.1)."""
    return _parse_seconds(headers.get("age", "").partition(",")[0].strip(_SEPARATORS)) or 0
