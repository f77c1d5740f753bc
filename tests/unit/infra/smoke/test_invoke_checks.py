"""The function for invocations, tried over Lambda in memory."""

from types import SimpleNamespace

import pytest
from botocore.exceptions import ReadTimeoutError
from infra.smoke.attempt import Attempt
from infra.smoke.check import CheckFailed, CheckSkipped
from infra.smoke.invoke_checks import invoke_checks

from support.smoke_fakes import RUN, FakeDeployed, FakeFunctions, attempt_of, functions_that_answer


def error(name: str, message: str) -> dict[str, str]:
    return {"errorType": name, "errorMessage": message}


INVALID_FILE = error("InvalidFile", "fileUrl: must be a string, got a number")


def attempt(answer: object, kind: str = "") -> Attempt:
    return attempt_of(FakeFunctions(lambda_=functions_that_answer(answer, kind)))


def test_invalid_file_raises_invalid_file() -> None:
    _, refusal = invoke_checks(attempt(INVALID_FILE, "Unhandled"))
    assert refusal.run() == "the error InvalidFile"


@pytest.mark.parametrize(
    ("expected", "answer", "kind"),
    [
        ("got {'id': 'a'}", {"id": "a"}, ""),
        ("got {'answer': None}", None, ""),
        ("got Runtime.ImportModuleError: No module", error("Runtime.ImportModuleError", "No module"), "Unhandled"),
        ("got InvalidFile: id", error("InvalidFile", "id"), "Unhandled"),
    ],
)
def test_other_answer_to_an_invalid_file_is_described(expected: str, answer: object, kind: str) -> None:
    _, refusal = invoke_checks(attempt(answer, kind))
    with pytest.raises(CheckFailed, match="Expected the error InvalidFile") as failed:
        refusal.run()
    assert expected in failed.value.found


def test_file_that_raises_is_described() -> None:
    ingest, _ = invoke_checks(attempt(INVALID_FILE, "Unhandled"))
    with pytest.raises(CheckFailed, match="The function raised InvalidFile: fileUrl"):
        ingest.run()


def test_function_that_does_not_answer_in_time_is_named_and_may_still_store_a_receipt() -> None:
    def invoke(**_: object) -> None:
        raise ReadTimeoutError(endpoint_url="https://lambda.example")

    tried = attempt_of(FakeFunctions(lambda_=SimpleNamespace(invoke=invoke)))
    ingest, _ = invoke_checks(tried)
    with pytest.raises(CheckFailed, match="The function invoke did not answer within 60 seconds"):
        ingest.run()
    assert list(tried.pending) == [f"receipts/{RUN}-invoke.json"]


def test_stack_of_an_earlier_version_is_skipped() -> None:
    for check in invoke_checks(attempt_of(FakeDeployed())):
        with pytest.raises(CheckSkipped, match="the stack has no output InvokeFunctionName"):
            check.run()
