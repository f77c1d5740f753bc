"""Runs a check, and turns how it ended into a row of the table."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import NoReturn

from botocore.exceptions import BotoCoreError, ClientError

_DENIED = {"AccessDenied", "AccessDeniedException", "AuthorizationError", "403", "UnauthorizedOperation"}
_MISSING = {"ResourceNotFoundException", "AWS.SimpleQueueService.NonExistentQueue", "NoSuchBucket", "NoSuchEntity"}

PERMISSIONS = "docs/smoke.md lists the permissions that your credentials need."
RESTORE = "Restore the stack, as docs/smoke.md says."


class Result(StrEnum):
    """How a check ended."""

    OK = "ok"
    FAILED = "failed"
    SKIPPED = "skipped"


class CheckFailed(Exception):
    """The stack does not do what it should.

    Attributes:
        found: what was found, and what was expected.
        advice: what to do.
    """

    def __init__(self, found: str, advice: str = "") -> None:
        self.found = found
        self.advice = advice
        super().__init__(found)


class CheckSkipped(Exception):
    """The check cannot be done; the text says why."""


class Stopped(Exception):
    """The command was stopped while the check waited."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """A row of the table.

    Attributes:
        name: what was checked.
        result: how it ended.
        seconds: how long it took.
        found: what was found; empty if there is nothing to say.
        advice: what to do; empty if there is nothing to do.
    """

    name: str
    result: Result
    seconds: float = 0.0
    found: str = ""
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """A check.

    Attributes:
        name: what is checked.
        run: checks it. It returns what the table shows of a success, and raises CheckFailed or CheckSkipped.
    """

    name: str
    run: Callable[[], str]


def run_check(check: Check) -> CheckResult:
    """Run a check; an error of AWS or of the network is a failed check."""
    started_at = time.monotonic()
    result, found, advice = _run(check.run)
    return CheckResult(check.name, result, time.monotonic() - started_at, found, advice)


def skip(check: Check, reason: str) -> CheckResult:
    """Return the row of a check that is not run."""
    return CheckResult(check.name, Result.SKIPPED, found=reason)


def _run(run: Callable[[], str]) -> tuple[Result, str, str]:
    try:
        return Result.OK, run(), ""
    except CheckFailed as failed:
        return Result.FAILED, failed.found, failed.advice
    except (CheckSkipped, Stopped) as skipped:
        return Result.SKIPPED, str(skipped) or "stopped", ""
    except ClientError as error:
        return Result.FAILED, describe_aws_error(error), advise(error)
    except (BotoCoreError, OSError) as error:
        return Result.FAILED, f"{error}".rstrip(".") + ".", "Check the network of this machine, then try again."
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        # A function with other code may return anything.
        return Result.FAILED, f"This is no answer of image-intake: {type(error).__name__}: {error}.", RESTORE


def is_denied(error: ClientError) -> bool:
    """Whether AWS refused a call because the caller may not make it."""
    return error.response["Error"].get("Code") in _DENIED


def raise_unless_denied(error: ClientError) -> NoReturn:
    """Raise the error of a call that only the check needs.

    Raises:
        CheckSkipped: the caller may not make the call.
        ClientError: it failed otherwise.
    """
    if is_denied(error):
        raise CheckSkipped(f"your credentials may not call {error.operation_name}") from error
    raise error


def describe_aws_error(error: ClientError) -> str:
    """Return what AWS answered, and to which call."""
    details = error.response["Error"]
    return f"{error.operation_name}: AWS answered {details.get('Code')}: {str(details.get('Message')).rstrip('.')}."


def advise(error: ClientError) -> str:
    """Return what to do about an answer of AWS."""
    if is_denied(error):
        return f"Let your credentials call {error.operation_name}. {PERMISSIONS}"
    if error.response["Error"].get("Code") in _MISSING:
        return RESTORE
    return "Try again; if it stays, look at the service's own message above."
