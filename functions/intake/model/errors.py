"""Every reason for which an image fails, as one tree.

IntakeError                      code, class, public message; `reason` is for the log alone
├── Policy                       we refuse
│   ├── Blocked                  scheme, port, host or address that is not dialled
│   ├── TooLarge  TooManyPixels  TooManyFrames
│   └── UnsupportedType  UnsupportedEncoding
├── Permanent                    asking again is useless
│   ├── InvalidUrl  TooManyRedirects  BadRedirect
│   ├── NotFound  AccessDenied  HttpClientError  UnexpectedStatus
│   ├── EmptyBody  InvalidImage  ChecksumMismatch
│   └── StoreDenied
├── Transient                    asking again may help
│   ├── DnsFailure  ConnectFailed  TlsFailed  Timeout  ConnectionLost  BadResponse  IncompleteBody
│   ├── Throttled  HttpServerError           both may carry the origin's Retry-After
│   ├── StoreFailed
│   └── DeadlineExceeded
└── Internal
    └── InternalError            a bug of ours

A leaf states its code once; `LEAVES` lists them for the docs, the OpenAPI document and the tests.
"""

from enum import StrEnum
from traceback import format_exception
from typing import ClassVar


class ErrorClass(StrEnum):
    """What a caller can do about an error."""

    PERMANENT = "permanent"
    TRANSIENT = "transient"
    POLICY = "policy"
    INTERNAL = "internal"


class IntakeError(Exception):
    """Why one image failed.

    Attributes:
        code: the stable name that programs compare with.
        error_class: what a caller can do about it.
        message: one sentence for the caller; never an internal address, never a query string.
        reason: what the log says beside it; never shown to a caller.
    """

    code: ClassVar[str]
    error_class: ClassVar[ErrorClass]
    default_message: ClassVar[str]

    def __init__(self, message: str | None = None, *, reason: str | None = None) -> None:
        self.message = message or self.default_message
        self.reason = reason
        super().__init__(self.message)

    @property
    def retryable(self) -> bool:
        """Whether the same request may succeed later."""
        return self.error_class is ErrorClass.TRANSIENT


def clear_traceback(error: BaseException) -> None:
    """Let go of the frames of an error and of its causes, so that it can be kept.

    A frame holds its locals: an error that is kept for the receipt would keep the whole body that it was about.
    """
    chain: BaseException | None = error
    while chain is not None:
        chain.__traceback__ = None
        chain = chain.__cause__ or chain.__context__


class Policy(IntakeError):
    error_class = ErrorClass.POLICY


class Permanent(IntakeError):
    error_class = ErrorClass.PERMANENT


class Transient(IntakeError):
    error_class = ErrorClass.TRANSIENT


class Internal(IntakeError):
    error_class = ErrorClass.INTERNAL


class Blocked(Policy):
    """One message whatever was refused: the caller must not learn what stands inside (CWE-918)."""

    code = "blocked"
    default_message = "This URL is not one that the service fetches."

    def __init__(self, *, reason: str) -> None:
        super().__init__(reason=reason)


class TooLarge(Policy):
    code = "too_large"
    default_message = "The image has more bytes than are allowed."


class TooManyPixels(Policy):
    code = "too_many_pixels"
    default_message = "The image has more pixels than are allowed."


class TooManyFrames(Policy):
    code = "too_many_frames"
    default_message = "The image has more frames than are allowed."


class UnsupportedType(Policy):
    code = "unsupported_type"
    default_message = "The bytes are not an image of an accepted type."


class UnsupportedEncoding(Policy):
    code = "unsupported_encoding"
    default_message = "The origin sent a content encoding that was not asked for."


class InvalidUrl(Permanent):
    code = "invalid_url"
    default_message = "This is not a URL that can be fetched."


class TooManyRedirects(Permanent):
    code = "too_many_redirects"
    default_message = "The origin redirects too often."


class BadRedirect(Permanent):
    code = "bad_redirect"
    default_message = "The origin redirects to something that is not a URL."


class NotFound(Permanent):
    code = "not_found"
    default_message = "The origin does not have this image."


class AccessDenied(Permanent):
    code = "access_denied"
    default_message = "The origin does not give this image to us."


class HttpClientError(Permanent):
    code = "http_client_error"
    default_message = "The origin refused the request."


class UnexpectedStatus(Permanent):
    code = "unexpected_status"
    default_message = "The origin answered with a status that carries no whole image."


class EmptyBody(Permanent):
    code = "empty_body"
    default_message = "The origin answered without a single byte."


class InvalidImage(Permanent):
    code = "invalid_image"
    default_message = "The image is damaged or cut short."


class ChecksumMismatch(Permanent):
    code = "checksum_mismatch"
    default_message = "The bytes are not the ones that were expected."


class StoreDenied(Permanent):
    code = "store_denied"
    default_message = "The store does not let this service write there."


class DnsFailure(Transient):
    code = "dns_failure"
    default_message = "The name of the origin could not be resolved."


class ConnectFailed(Transient):
    code = "connect_failed"
    default_message = "No connection to the origin could be made."


class TlsFailed(Transient):
    code = "tls_failed"
    default_message = "The origin's TLS certificate or handshake was not acceptable."


class Timeout(Transient):
    code = "timeout"
    default_message = "The origin took too long."


class ConnectionLost(Transient):
    code = "connection_lost"
    default_message = "The connection to the origin broke off."


class BadResponse(Transient):
    code = "bad_response"
    default_message = "What the origin sent is not HTTP."


class IncompleteBody(Transient):
    code = "incomplete_body"
    default_message = "The origin sent fewer bytes than it announced."


class Throttled(Transient):
    """The origin refuses for now (429).

    Attributes:
        retry_after: seconds to wait, as the origin asked (RFC 9110, 10.2.3), or None.
    """

    code = "throttled"
    default_message = "The origin asked us to slow down."

    def __init__(self, message: str | None = None, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class HttpServerError(Transient):
    """The origin failed (5xx, 408, 425).

    Attributes:
        status: what it answered.
        retry_after: seconds to wait, as the origin asked, or None.
    """

    code = "http_server_error"
    default_message = "The origin failed."

    def __init__(self, message: str | None = None, *, status: int = 500, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after = retry_after


class StoreFailed(Transient):
    code = "store_failed"
    default_message = "The store did not take the image."


class DeadlineExceeded(Transient):
    code = "deadline_exceeded"
    default_message = "The time for this File ran out before the image was done."


class InternalError(Internal):
    """A bug.

    Attributes:
        trace: the lines of its traceback, for the log.
    """

    code = "internal_error"
    default_message = "The service made a mistake; its log has the details."
    trace = ""

    @classmethod
    def of(cls, bug: Exception) -> "InternalError":
        """Write a bug down, and let go of it."""
        error = cls(reason=f"{type(bug).__name__}: {bug}")
        error.trace = "".join(format_exception(bug))
        clear_traceback(bug)
        return error


def _leaves(parent: type[IntakeError]) -> list[type[IntakeError]]:
    children = parent.__subclasses__()
    return [leaf for child in children for leaf in _leaves(child)] if children else [parent]


LEAVES: tuple[type[IntakeError], ...] = tuple(_leaves(IntakeError))
"""Every error that has a code, in the order of the tree."""
