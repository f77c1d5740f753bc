"""Tries the function that other functions and state machines invoke."""

import json
from typing import Any

from botocore.exceptions import ReadTimeoutError

from infra.smoke.check import Check, CheckFailed, CheckSkipped
from infra.smoke.deployed import READ_SECONDS
from infra.smoke.http_checks import describe_log
from infra.smoke.smoke_context import SmokeContext
from intake.model.object_keys import receipt_key

FUNCTION = "Invoke"
NAME = "invoke"


def invoke_checks(context: SmokeContext) -> list[Check]:
    """Return the checks of the function."""
    return [Check("invoke", lambda: _ingest(context)), Check("invoke: refusals", lambda: _refuse(context))]


def _ingest(context: SmokeContext) -> str:
    try:
        payload, error = invoke(context, FUNCTION, context.file.document(NAME))
    except CheckFailed:  # the function still runs
        context.pending[receipt_key(context.file.id_of(NAME))] = lambda: context.has_receipt(NAME)
        raise
    if error:
        raise CheckFailed(f"The function raised {describe_error(payload)}", describe_log(context, FUNCTION))
    context.check(payload, NAME)
    context.keep_stored(NAME)
    return ""


def _refuse(context: SmokeContext) -> str:
    payload, error = invoke(context, FUNCTION, context.file.invalid_document(NAME))
    if not error or payload.get("errorType") != "InvalidFile" or "fileUrl" not in str(payload.get("errorMessage")):
        found = describe_error(payload) if error else str(payload)[:300]
        raise CheckFailed(
            f"Expected the error InvalidFile that names fileUrl, got {found}", describe_log(context, FUNCTION)
        )
    return "the error InvalidFile"


def invoke(context: SmokeContext, function: str, event: object) -> tuple[dict[str, Any], str]:
    """Invoke a function of the stack; return its payload, and the kind of its error, which is empty if it has none.

    Raises:
        CheckSkipped: the stack is of a version without the function.
        CheckFailed: the function does not respond in time.
    """
    name = context.deployed.functions().get(function)
    if name is None:
        raise CheckSkipped(f"the stack has no output {function}FunctionName")
    try:
        response = context.deployed.lambda_.invoke(FunctionName=name, Payload=json.dumps(event).encode())
    except ReadTimeoutError as error:
        raise CheckFailed(
            f"The function {name} did not respond within {READ_SECONDS} seconds.",
            f"{describe_log(context, function)} In a VPC, its subnets need a way to S3 (docs/smoke.md).",
        ) from error
    payload = json.loads(response["Payload"].read() or b"null")
    return payload if isinstance(payload, dict) else {"payload": payload}, response.get("FunctionError", "")


def describe_error(payload: dict[str, Any]) -> str:
    """Return the class and the message of an error that a function raised."""
    return f"{payload.get('errorType')}: {str(payload.get('errorMessage'))[:300]}"
