"""The function for invocations, tried over Lambda in memory."""

from types import SimpleNamespace

import pytest
from botocore.exceptions import ReadTimeoutError
from infra.smoke.check import CheckFailed, CheckSkipped
from infra.smoke.invoke_checks import invoke_checks
from infra.smoke.smoke_context import SmokeContext

from support.smoke_fakes import RUN, FakeDeployed, FakeFunctions, context_of, functions_that_return


def error(name: str, message: str) -> dict[str, str]:
    return {"errorType": name, "errorMessage": message}


INVALID_FILE = error("InvalidFile", "fileUrl: must be a string, got a number")


def make_context(payload: object, kind: str = "") -> SmokeContext:
    return context_of(FakeFunctions(lambda_=functions_that_return(payload, kind)))


def test_invalid_file_raises_invalid_file() -> None:
    _, refusal = invoke_checks(make_context(INVALID_FILE, "Unhandled"))
    assert refusal.run() == "the error InvalidFile"


@pytest.mark.parametrize(
    ("expected", "payload", "kind"),
    [
        ("got {'id': 'a'}", {"id": "a"}, ""),
        ("got {'payload': None}", None, ""),
        ("got Runtime.ImportModuleError: No module", error("Runtime.ImportModuleError", "No module"), "Unhandled"),
        ("got InvalidFile: id", error("InvalidFile", "id"), "Unhandled"),
    ],
)
def test_other_response_to_an_invalid_file_is_described(expected: str, payload: object, kind: str) -> None:
    _, refusal = invoke_checks(make_context(payload, kind))
    with pytest.raises(CheckFailed, match="Expected the error InvalidFile") as failed:
        refusal.run()
    assert expected in failed.value.found


def test_file_that_raises_is_described() -> None:
    ingest, _ = invoke_checks(make_context(INVALID_FILE, "Unhandled"))
    with pytest.raises(CheckFailed, match="The function raised InvalidFile: fileUrl"):
        ingest.run()


def test_function_that_does_not_respond_in_time_is_named_and_may_still_store_a_receipt() -> None:
    def invoke(**_: object) -> None:
        raise ReadTimeoutError(endpoint_url="https://lambda.example")

    tried = context_of(FakeFunctions(lambda_=SimpleNamespace(invoke=invoke)))
    ingest, _ = invoke_checks(tried)
    with pytest.raises(CheckFailed, match="The function invoke did not respond within 60 seconds"):
        ingest.run()
    assert list(tried.pending) == [f"receipts/{RUN}-invoke.json"]


def test_stack_of_an_earlier_version_is_skipped() -> None:
    for check in invoke_checks(context_of(FakeDeployed())):
        with pytest.raises(CheckSkipped, match="the stack has no output InvokeFunctionName"):
            check.run()
