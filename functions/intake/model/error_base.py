"""The base classes of all errors. An error has a class, a message for the caller, and a reason for the log."""

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
        code: the stable name, for programs.
        error_class: what a caller can do about it.
        message: one sentence for the caller, without internal addresses or query strings.
        reason: details for the log; callers never see it.
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


class Policy(IntakeError):
    error_class = ErrorClass.POLICY


class Permanent(IntakeError):
    error_class = ErrorClass.PERMANENT


class Transient(IntakeError):
    """The same request may succeed later.

    Attributes:
        retry_after: the seconds in the Retry-After of the origin (RFC 9110, 10.2.3), or None.
    """

    error_class = ErrorClass.TRANSIENT

    def __init__(
        self, message: str | None = None, *, reason: str | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(message, reason=reason)
        self.retry_after = retry_after


class Internal(IntakeError):
    error_class = ErrorClass.INTERNAL


def clear_traceback(error: BaseException) -> None:
    """Drop the frames of an error and of its causes, so that the error can be stored.

    A frame refers to its local variables: a stored error would keep the body of the image in memory.
    """
    current: BaseException | None = error
    while current is not None:
        current.__traceback__ = None
        current = current.__cause__ or current.__context__


class InternalError(Internal):
    """A bug. `trace` holds the lines of its traceback, for the log."""

    code = "internal_error"
    default_message = "Internal error; see the service log."
    trace = ""

    @classmethod
    def of(cls, bug: Exception) -> "InternalError":
        """Describe a bug, and clear its traceback."""
        error = cls(reason=f"{type(bug).__name__}: {bug}")
        error.trace = "".join(format_exception(bug))
        clear_traceback(bug)
        return error
