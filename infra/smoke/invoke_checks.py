"""Tries the function that other functions and state machines invoke."""

import json
from typing import Any

from botocore.exceptions import ReadTimeoutError

from infra.smoke.attempt import Attempt
from infra.smoke.check import Check, CheckFailed, CheckSkipped
from infra.smoke.deployed import READ_SECONDS
from infra.smoke.http_checks import describe_log
from intake.model.object_keys import receipt_key

FUNCTION = "Invoke"
NAME = "invoke"


def invoke_checks(attempt: Attempt) -> list[Check]:
    """Return the checks of the function."""
    return [Check("invoke", lambda: _ingest(attempt)), Check("invoke: refusals", lambda: _refuse(attempt))]


def _ingest(attempt: Attempt) -> str:
    try:
        answer, error = invoke(attempt, FUNCTION, attempt.file.document(NAME))
    except CheckFailed:  # the function still runs
        attempt.pending[receipt_key(attempt.file.id_of(NAME))] = lambda: attempt.has_receipt(NAME)
        raise
    if error:
        raise CheckFailed(f"The function raised {describe_error(answer)}", describe_log(attempt, FUNCTION))
    attempt.check(answer, NAME)
    attempt.keep_stored(NAME)
    return ""


def _refuse(attempt: Attempt) -> str:
    answer, error = invoke(attempt, FUNCTION, attempt.file.invalid_document(NAME))
    if not error or answer.get("errorType") != "InvalidFile" or "fileUrl" not in str(answer.get("errorMessage")):
        found = describe_error(answer) if error else str(answer)[:300]
        raise CheckFailed(
            f"Expected the error InvalidFile that names fileUrl, got {found}", describe_log(attempt, FUNCTION)
        )
    return "the error InvalidFile"


def invoke(attempt: Attempt, function: str, event: object) -> tuple[dict[str, Any], str]:
    """Invoke a function of the stack; return its answer, and the kind of its error, which is empty if it has none.

    Raises:
        CheckSkipped: the stack is of a version without the function.
        CheckFailed: the function does not answer in time.
    """
    name = attempt.deployed.functions().get(function)
    if name is None:
        raise CheckSkipped(f"the stack has no output {function}FunctionName")
    try:
        response = attempt.deployed.lambda_.invoke(FunctionName=name, Payload=json.dumps(event).encode())
    except ReadTimeoutError as error:
        raise CheckFailed(
            f"The function {name} did not answer within {READ_SECONDS} seconds.",
            f"{describe_log(attempt, function)} In a VPC, its subnets need a way to S3 (docs/smoke.md).",
        ) from error
    answer = json.loads(response["Payload"].read() or b"null")
    return answer if isinstance(answer, dict) else {"answer": answer}, response.get("FunctionError", "")


def describe_error(answer: dict[str, Any]) -> str:
    """Return the class and the message of an error that a function raised."""
    return f"{answer.get('errorType')}: {str(answer.get('errorMessage'))[:300]}"
