"""Decides what the response of an origin means, from its status and headers alone."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

from intake.download.content_coding import find_codings
from intake.model.error_codes import (
    AccessDenied,
    HttpClientError,
    HttpServerError,
    IntakeError,
    NotFound,
    NotReady,
    OptedOut,
    Throttled,
    TooLarge,
    UnexpectedStatus,
    UnsupportedEncoding,
)

_WHOLE = frozenset({200, 201, 203})
"""Statuses whose body is the image: some image servers answer a GET with 201, and some proxies with 203."""

_WITH_IMAGE = _WHOLE | {206, 304}
"""Statuses whose headers are those of the image: a 304 stands for the 200 that it confirms (RFC 9110, 15.4.5)."""

_ACCEPTED = 202
_PARTIAL_CONTENT = 206
_WHOLE_RANGE = re.compile(r"bytes[ \t]+0-([0-9]{1,18})/([0-9]{1,18})", re.IGNORECASE)
_GONE = frozenset({404, 410})
_DENIED = frozenset({401, 403})
_TRANSIENT_CLIENT_ERRORS = frozenset({408, 425})
_TOO_MANY_REQUESTS = 429
_CLIENT_ERRORS = range(400, 500)
_SERVER_ERRORS = range(500, 600)
_CODING_FIELDS = ("content-encoding", "transfer-encoding")


def image_length(status: int, headers: httpx.Headers, length: int | None, now: datetime) -> int | None:
    """Return the length of the image in a response; None if the response does not announce it.

    A 206 has the whole image if its range is the whole: `Content-Range: bytes 0-99/100` (RFC 9110, 14.4).

    Args:
        status: the status of the response.
        headers: its headers.
        length: its Content-Length, if any.
        now: the time that a Retry-After counts from.

    Raises:
        IntakeError: the error for a status without the whole image.
    """
    if status in _WHOLE:
        return length
    if status == _PARTIAL_CONTENT:
        whole_length = _whole_range_length(set(headers.get_list("content-range")))
        if whole_length is not None and length in {None, whole_length}:
            return whole_length
    raise _error_for(status, parse_retry_after(headers.get("retry-after"), now))


def _whole_range_length(ranges: set[str]) -> int | None:
    match = _WHOLE_RANGE.fullmatch(ranges.pop()) if len(ranges) == 1 else None
    return int(match[2]) if match is not None and int(match[1]) + 1 == int(match[2]) else None


def _error_for(status: int, retry_after: float | None) -> IntakeError:
    message = f"The origin answered {status}."
    if status == _ACCEPTED:
        return NotReady(message, retry_after=retry_after)
    if status == _TOO_MANY_REQUESTS:
        return Throttled(message, retry_after=retry_after)
    if status in _SERVER_ERRORS or status in _TRANSIENT_CLIENT_ERRORS:
        return HttpServerError(message, status=status, retry_after=retry_after)
    if status in _GONE:
        return NotFound(message)
    if status in _DENIED:
        return AccessDenied(message)
    return HttpClientError(message) if status in _CLIENT_ERRORS else UnexpectedStatus(message)


def raise_for_opt_out(status: int, headers: httpx.Headers, respected: Sequence[str]) -> None:
    """Refuse an image if its origin sends a directive that is respected.

    A redirect does not count: services that redirect mark their own URLs `noindex`.

    Args:
        status: the status of the response.
        headers: its headers.
        respected: the setting RESPECT_ROBOTS_TAG.

    Raises:
        OptedOut: its X-Robots-Tag has one of them, for all robots or for this service.
    """
    if status not in _WITH_IMAGE:
        return
    from intake.download.robots_tag import find_directives  # noqa: PLC0415 - few deployments respect directives

    found = find_directives(headers.get_list("x-robots-tag"))
    if sent := ", ".join(directive for directive in respected if directive in found):
        raise OptedOut(f"The origin asks not to use this image: its X-Robots-Tag says {sent}.")


def raise_for_encoding(headers: Mapping[str, str]) -> None:
    """Accept bodies that are not compressed.

    Raises:
        UnsupportedEncoding: the body is encoded, although the request accepts identity only.
    """
    for field in _CODING_FIELDS:
        value = headers.get(field)
        if value and (codings := ", ".join(find_codings(value))):
            message = f"The origin encoded the body with {codings}, although the request accepts only identity."
            raise UnsupportedEncoding(message, reason=f"{field} {codings}")


def raise_for_length(length: int | None, max_bytes: int) -> None:
    """Accept a body whose length is not announced, or within the limit.

    Raises:
        TooLarge: the announced length is over `max_bytes`.
    """
    if length is not None and length > max_bytes:
        raise TooLarge(f"The origin announced more than the {max_bytes} bytes that are allowed.")


def parse_retry_after(text: str | None, now: datetime) -> float | None:
    """Parse a Retry-After header in either form (RFC 9110, 10.2.3).

    Returns:
        Seconds from `now`, not negative; None if the header is missing or invalid.
    """
    if text is None:
        return None
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())
