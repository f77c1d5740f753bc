"""Every error that an image can fail with, as one tree.

IntakeError                      code, class, public message, and a reason for the log
├── Policy                       this deployment refuses the image
│   ├── Blocked                  scheme, port, host or address is not allowed
│   ├── OptedOut                 a robots directive of the origin asks not to use it
│   ├── TooLarge  TooManyPixels  TooFewPixels  TooManyFrames
│   └── UnsupportedType  UnsupportedEncoding
├── Permanent                    the same request fails again
│   ├── InvalidUrl  TooManyRedirects  BadRedirect
│   ├── NotFound  AccessDenied  HttpClientError  UnexpectedStatus
│   ├── InvalidImage  CorruptImage  ChecksumMismatch
│   └── StoreDenied
├── Transient                    the same request may succeed later
│   ├── DnsFailure  ConnectFailed  TlsFailed  Timeout  ConnectionLost  BadResponse  IncompleteBody  EmptyBody
│   ├── Throttled  HttpServerError  NotReady  CoolingDown            may carry a Retry-After
│   └── CredentialsUnavailable  StoreFailed  DeadlineExceeded
└── Internal
    └── InternalError            a bug in this service

A new code needs a class here and a row in docs/errors.md. The OpenAPI document reads `LEAVES`.
"""

from intake.model.error_base import ErrorClass as ErrorClass  # noqa: PLC0414 - exported: callers import it from here
from intake.model.error_base import IntakeError as IntakeError  # noqa: PLC0414 - the same
from intake.model.error_base import InternalError as InternalError  # noqa: PLC0414 - the same
from intake.model.error_base import Permanent, Policy, Transient
from intake.model.error_base import clear_traceback as clear_traceback  # noqa: PLC0414 - the same


class Blocked(Policy):
    """The URL is not allowed. The message never says why, so that callers cannot scan internal networks (CWE-918).

    Only these have another message, which follows from the text alone: a scheme that is misspelled or names no server,
    such as data:, and a bucket that is no source.
    """

    code = "blocked"
    default_message = "The service does not fetch this URL."

    def __init__(self, message: str | None = None, *, reason: str) -> None:
        super().__init__(message, reason=reason)


class OptedOut(Policy):
    """The origin sent a directive of X-Robots-Tag that this deployment respects (RESPECT_ROBOTS_TAG)."""

    code = "opted_out"
    default_message = "The origin asks not to use this image."


class TooLarge(Policy):
    code = "too_large"
    default_message = "The image has more bytes than are allowed."


class TooManyPixels(Policy):
    code = "too_many_pixels"
    default_message = "The image has more pixels than are allowed."


class TooFewPixels(Policy):
    code = "too_few_pixels"
    default_message = "The image has fewer pixels than are required."


class TooManyFrames(Policy):
    code = "too_many_frames"
    default_message = "The image has more frames than are allowed."


class UnsupportedType(Policy):
    code = "unsupported_type"
    default_message = "The bytes are not an image of an accepted type."


class UnsupportedEncoding(Policy):
    code = "unsupported_encoding"
    default_message = "The origin sent a content encoding that was not requested."


class InvalidUrl(Permanent):
    code = "invalid_url"
    default_message = "The URL is not valid."


class TooManyRedirects(Permanent):
    code = "too_many_redirects"
    default_message = "The origin redirects too often."


class BadRedirect(Permanent):
    code = "bad_redirect"
    default_message = "The origin redirects to a URL that is not valid."


class NotFound(Permanent):
    code = "not_found"
    default_message = "The origin does not have this image."


class AccessDenied(Permanent):
    code = "access_denied"
    default_message = "The origin denied access to this image."


class HttpClientError(Permanent):
    code = "http_client_error"
    default_message = "The origin refused the request."


class UnexpectedStatus(Permanent):
    code = "unexpected_status"
    default_message = "The origin answered with an unexpected status."


class InvalidImage(Permanent):
    code = "invalid_image"
    default_message = "The image is damaged or truncated."


class CorruptImage(Permanent):
    """The structure of the image is whole, but the data of its picture is not."""

    code = "corrupt_image"
    default_message = "The data of the image is damaged."


class ChecksumMismatch(Permanent):
    code = "checksum_mismatch"
    default_message = "The image does not have the expected SHA-256."


class StoreDenied(Permanent):
    code = "store_denied"
    default_message = "S3 denied access to this service."


class DnsFailure(Transient):
    code = "dns_failure"
    default_message = "The host name of the origin could not be resolved."


class ConnectFailed(Transient):
    code = "connect_failed"
    default_message = "The service could not connect to the origin."


class TlsFailed(Transient):
    code = "tls_failed"
    default_message = "The TLS handshake with the origin failed, or its certificate is not valid."


class Timeout(Transient):
    code = "timeout"
    default_message = "The origin took too long."


class ConnectionLost(Transient):
    code = "connection_lost"
    default_message = "The connection to the origin was lost."


class BadResponse(Transient):
    code = "bad_response"
    default_message = "The origin's response is not valid HTTP."


class IncompleteBody(Transient):
    code = "incomplete_body"
    default_message = "The origin sent fewer bytes than it announced."


class EmptyBody(Transient):
    code = "empty_body"
    default_message = "The origin sent an empty body."


class Throttled(Transient):
    """The origin answered 429."""

    code = "throttled"
    default_message = "The origin asked the service to slow down."


class HttpServerError(Transient):
    """The origin answered with `status`: 5xx, 408 or 425."""

    code = "http_server_error"
    default_message = "The origin answered with a server error."

    def __init__(self, message: str | None = None, *, status: int = 500, retry_after: float | None = None) -> None:
        super().__init__(message, retry_after=retry_after)
        self.status = status


class NotReady(Transient):
    """The origin answered 202: it has accepted the request and has no image yet (RFC 9110, 15.3.3)."""

    code = "not_ready"
    default_message = "The origin does not have the image ready yet."


class CoolingDown(Transient):
    """The origin asked everybody to wait, with 429 or 503, longer than the image has time. No request was sent.

    Or it `is_unreachable`: connections to it failed. If it has never answered, nothing says that it will after
    `retry_after` seconds, which is None then.
    """

    code = "cooling_down"
    default_message = "The origin asked everybody to wait longer than there is time for this image."

    def __init__(
        self,
        message: str | None = None,
        *,
        reason: str | None = None,
        retry_after: float | None = None,
        is_unreachable: bool = False,
    ) -> None:
        super().__init__(message, reason=reason, retry_after=retry_after)
        self.is_unreachable = is_unreachable


class CredentialsUnavailable(Transient):
    """The service cannot read or use its own credentials for a private source. No request was sent to it."""

    code = "credentials_unavailable"
    default_message = "The service could not read its credentials for this origin; see the service log."


class StoreFailed(Transient):
    code = "store_failed"
    default_message = "S3 could not complete the request."


class DeadlineExceeded(Transient):
    code = "deadline_exceeded"
    default_message = "The time for this File ran out before the image was done."


def _find_leaves(parent: type[IntakeError]) -> list[type[IntakeError]]:
    children = parent.__subclasses__()
    return [leaf for child in children for leaf in _find_leaves(child)] if children else [parent]


LEAVES: tuple[type[IntakeError], ...] = tuple(_find_leaves(IntakeError))
"""Every error that has a code, in the order of the tree."""
