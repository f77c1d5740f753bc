"""How a check ended, as a row of the table."""

from collections.abc import Callable
from json import JSONDecodeError

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from infra.smoke.check import (
    Check,
    CheckFailed,
    CheckSkipped,
    Result,
    Stopped,
    raise_unless_denied,
    run_check,
    skip,
)

from support.smoke_fakes import aws_error


def raising(error: Exception) -> Callable[[], str]:
    def run() -> str:
        raise error

    return run


@pytest.mark.parametrize(
    ("result", "found", "advice", "error"),
    [
        (Result.FAILED, "It is broken.", "Mend it.", CheckFailed("It is broken.", "Mend it.")),
        (Result.SKIPPED, "no queue", "", CheckSkipped("no queue")),
        (Result.SKIPPED, "stopped", "", Stopped()),
        (Result.FAILED, "Put: AWS answered AccessDenied: no.", "call Put", aws_error("AccessDenied", "Put")),
        (Result.FAILED, "Invoke: AWS answered", "Restore the stack", aws_error("ResourceNotFoundException", "Invoke")),
        (Result.FAILED, "Send: AWS answered Throttling: no.", "Try again", aws_error("Throttling", "Send")),
        (Result.FAILED, "Could not connect", "network", EndpointConnectionError(endpoint_url="https://a.example")),
        (Result.FAILED, "timed out.", "network", TimeoutError("timed out")),
        (Result.FAILED, "This is no answer of image-intake: KeyError: 'key'.", "Restore", KeyError("key")),
        (Result.FAILED, "This is no answer of image-intake: AttributeError: no.", "Restore", AttributeError("no")),
        (Result.FAILED, "This is no answer of image-intake: JSONDecodeError", "Restore", JSONDecodeError("no", "", 0)),
    ],
)  # fmt: skip
def test_check_becomes_a_row_whatever_it_raises(result: Result, found: str, advice: str, error: Exception) -> None:
    row = run_check(Check("a check", raising(error)))
    assert (row.name, row.result) == ("a check", result)
    assert row.found.startswith(found)
    assert advice in row.advice


def test_check_shows_its_note_when_it_succeeds() -> None:
    row = run_check(Check("a check", lambda: "18 alarms"))
    assert (row.result, row.found, row.advice) == (Result.OK, "18 alarms", "")
    assert skip(Check("a check", lambda: ""), "no pictures").result is Result.SKIPPED


@pytest.mark.parametrize("code", ["AccessDenied", "AccessDeniedException", "403"])
def test_denied_call_skips_the_check(code: str) -> None:
    with pytest.raises(CheckSkipped, match="your credentials may not call DescribeAlarms"):
        raise_unless_denied(aws_error(code, "DescribeAlarms"))


def test_other_error_is_raised_again() -> None:
    with pytest.raises(ClientError):
        raise_unless_denied(aws_error("Throttling"))
