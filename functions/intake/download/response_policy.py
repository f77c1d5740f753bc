"""What an origin's response means, decided from its status and headers alone."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from intake.model.errors import (
    AccessDenied,
    BadRedirect,
    HttpClientError,
    HttpServerError,
    IntakeError,
    NotFound,
    Throttled,
    TooLarge,
    UnexpectedStatus,
    UnsupportedEncoding,
)

_OK = 200
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_GONE = frozenset({404, 410})
_DENIED = frozenset({401, 403})
_TRANSIENT_CLIENT_ERRORS = frozenset({408, 425})
_TOO_MANY_REQUESTS = 429
_CLIENT_ERRORS = range(400, 500)
_SERVER_ERRORS = range(500, 600)
_IDENTITY_CODINGS = {
    "content-encoding": frozenset({"", "identity"}),
    "transfer-encoding": frozenset({"", "identity", "chunked"}),
}

_REGISTERED_CODINGS = frozenset(
    {"", "identity", "chunked", "gzip", "x-gzip", "compress", "x-compress", "deflate", "br", "zstd"}
)
"""Codings that may appear in a log (IANA HTTP Content Coding Registry)."""

_MAX_LOGGED_CODINGS = 8


def redirect_location(status: int, headers: Mapping[str, str]) -> str | None:
    """Return the `Location` of a redirect, or None where the response is no redirect (RFC 9110, 15.4).

    Raises:
        BadRedirect: a redirect without a `Location`.
    """
    if status not in _REDIRECTS:
        return None
    location = headers.get("location")
    if not location:
        raise BadRedirect
    return location


def raise_for_status(status: int, headers: Mapping[str, str], now: datetime) -> None:
    """Accept 200 and nothing else.

    Raises:
        IntakeError: the error that the status stands for.
    """
    if status != _OK:
        raise _error_for(status, parse_retry_after(headers.get("retry-after"), now))


def _error_for(status: int, retry_after: float | None) -> IntakeError:
    message = f"The origin answered {status}."
    if status == _TOO_MANY_REQUESTS:
        return Throttled(message, retry_after=retry_after)
    if status in _SERVER_ERRORS or status in _TRANSIENT_CLIENT_ERRORS:
        return HttpServerError(message, status=status, retry_after=retry_after)
    if status in _GONE:
        return NotFound(message)
    if status in _DENIED:
        return AccessDenied(message)
    return HttpClientError(message) if status in _CLIENT_ERRORS else UnexpectedStatus(message)


def raise_for_encoding(headers: Mapping[str, str]) -> None:
    """Accept bodies that are not compressed.

    Raises:
        UnsupportedEncoding: the body is encoded, although the request accepts identity only.
    """
    for name, accepted in _IDENTITY_CODINGS.items():
        coding = headers.get(name, "").strip().lower()
        if coding not in accepted:
            raise UnsupportedEncoding(reason=f"{name} {_loggable(coding)}")


def raise_for_length(length: int | None, max_bytes: int) -> None:
    """Accept a body whose announced length is within the limit, or not announced.

    Raises:
        TooLarge: the announced length is over `max_bytes`.
    """
    if length is not None and length > max_bytes:
        raise TooLarge(f"The origin announced more than the {max_bytes} bytes that are allowed.")


def _loggable(coding: str) -> str:
    """Return registered names as they are. Other text may repeat our request, whose signed URL is a secret."""
    names = [name.strip() for name in coding.split(",")]
    is_registered = _REGISTERED_CODINGS.issuperset(names)
    return ", ".join(names[:_MAX_LOGGED_CODINGS]) if is_registered else "with an unregistered name"


def parse_retry_after(text: str | None, now: datetime) -> float | None:
    """Parse a Retry-After header in either form (RFC 9110, 10.2.3).

    Returns:
        Seconds from `now`, not negative; None where the header is missing or invalid.
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
