"""What an origin's answer means, decided from its status and headers alone."""

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
_TRANSIENT_4XX = frozenset({408, 425})
_TOO_MANY_REQUESTS = 429
_CLIENT_ERRORS = range(400, 500)
_SERVER_ERRORS = range(500, 600)
_PLAIN = {
    "content-encoding": frozenset({"", "identity"}),
    "transfer-encoding": frozenset({"", "identity", "chunked"}),
}

_HEARD_OF = frozenset({"", "identity", "chunked", "gzip", "x-gzip", "compress", "x-compress", "deflate", "br", "zstd"})
"""Encodings that a log may name (IANA HTTP Content Coding Registry)."""


def redirect_location(status: int, headers: Mapping[str, str]) -> str | None:
    """Return the `Location` of a redirect, or None where the answer is none (RFC 9110, 15.4).

    Raises:
        BadRedirect: a redirect that names no place.
    """
    if status not in _REDIRECTS:
        return None
    location = headers.get("location")
    if not location:
        raise BadRedirect
    return location


def raise_for_status(status: int, headers: Mapping[str, str], now: datetime) -> None:
    """Let a 200 pass, and nothing else.

    Raises:
        IntakeError: the one that the status stands for.
    """
    if status != _OK:
        raise _error_for(status, retry_after(headers.get("retry-after"), now))


def _error_for(status: int, seconds: float | None) -> IntakeError:
    answered = f"The origin answered {status}."
    if status == _TOO_MANY_REQUESTS:
        return Throttled(answered, retry_after=seconds)
    if status in _SERVER_ERRORS or status in _TRANSIENT_4XX:
        return HttpServerError(answered, status=status, retry_after=seconds)
    if status in _GONE:
        return NotFound(answered)
    if status in _DENIED:
        return AccessDenied(answered)
    return HttpClientError(answered) if status in _CLIENT_ERRORS else UnexpectedStatus(answered)


def check_body(headers: Mapping[str, str], content_length: int | None, most: int) -> None:
    """Reject a body that the service cannot use, before any of it is read.

    Args:
        headers: of the response.
        content_length: bytes of the body; None where the head does not say.
        most: the largest body that is accepted, in bytes.

    Raises:
        UnsupportedEncoding: the body is encoded, although the request asked for identity.
        TooLarge: the length is over `most`.
    """
    for name, accepted in _PLAIN.items():
        encoding = headers.get(name, "").strip().lower()
        if encoding not in accepted:
            raise UnsupportedEncoding(reason=f"{name} {_named(encoding)}")
    if content_length is not None and content_length > most:
        raise TooLarge(f"The origin announced more than the {most} bytes that are allowed.")


def _named(encoding: str) -> str:
    """Quote an encoding, unless it is none: the origin may have put our own request, a signed one, into it."""
    names = [name.strip() for name in encoding.split(",")]
    return ", ".join(names[:8]) if _HEARD_OF.issuperset(names) else "that nobody has heard of"


def retry_after(text: str | None, now: datetime) -> float | None:
    """Read a Retry-After header, either form (RFC 9110, 10.2.3); None where there is no sane one.

    Returns:
        Seconds from `now`, not negative.
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
