"""Tries the API: POST /files, the same with `Prefer: respond-async`, GET /files/{id}, and what the API must refuse."""

import json
from http import HTTPStatus

from infra.local.api_client import ApiResponse
from infra.smoke.attempt import Attempt
from infra.smoke.check import Check, CheckFailed, CheckSkipped
from intake.model.object_keys import receipt_key

FUNCTION = "Http"
_UNSIGNED = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}


def http_checks(attempt: Attempt) -> list[Check]:
    """Return the checks of the synchronous API."""
    return [
        Check("POST /files", lambda: _post(attempt)),
        Check("GET /files/{id}", lambda: _get(attempt)),
        Check("POST /files: refusals", lambda: _refuse(attempt)),
    ]


def async_checks(attempt: Attempt) -> list[Check]:
    """Return the check of asynchronous requests, which go through the inbox bucket."""
    return [Check("POST /files, respond-async", lambda: _post_asynchronously(attempt))]


def _post(attempt: Attempt) -> str:
    body = json.dumps(attempt.file.document("http")).encode()
    response = attempt.deployed.call("POST", "/files", body)
    _require_status(attempt, response, HTTPStatus.MULTI_STATUS, HTTPStatus.OK, HTTPStatus.BAD_GATEWAY)
    attempt.check(_read_receipt(attempt, response), "http")
    _require_status(attempt, response, HTTPStatus.MULTI_STATUS)
    attempt.keep_stored("http")
    return ""


def _get(attempt: Attempt) -> str:
    if "http" not in attempt.receipts:
        raise CheckSkipped("POST /files has stored no right receipt")
    file_id = attempt.file.id_of("http")
    response = attempt.deployed.call("GET", f"/files/{file_id}")
    _require_status(attempt, response, HTTPStatus.OK)
    attempt.check(_read_receipt(attempt, response), "http")
    unknown = attempt.deployed.call("GET", f"/files/{attempt.file.id_of('unknown')}")
    _require_status(attempt, unknown, HTTPStatus.NOT_FOUND)
    return ""


def _refuse(attempt: Attempt) -> str:
    body = json.dumps(attempt.file.invalid_document("http")).encode()
    response = attempt.deployed.call("POST", "/files", body)
    _require_status(attempt, response, HTTPStatus.UNPROCESSABLE_ENTITY)
    attempt.check_problem(response.json())
    unsigned = attempt.deployed.call("POST", "/files", body, is_signed=False)
    if unsigned.status not in _UNSIGNED:
        raise CheckFailed(
            f"A request without a signature: expected 403, got {unsigned.status}.",
            "Everybody may call this API. Deploy the stack again: its authorizer is AWS_IAM.",
        )
    return "422 for an invalid File, 403 without a signature"


def _post_asynchronously(attempt: Attempt) -> str:
    file_id = attempt.file.id_of("async")
    body = json.dumps(attempt.file.document("async")).encode()
    expected = receipt_key(file_id)

    def send() -> None:
        response = attempt.deployed.call("POST", "/files", body, prefer="respond-async")
        _require_status(attempt, response, HTTPStatus.ACCEPTED)
        if response.headers.get("location") != f"/files/{file_id}":
            raise CheckFailed(f"Expected Location: /files/{file_id}, got {response.headers.get('location')}.")

    attempt.send("async", expected, send)
    attempt.wait_for_receipt("async", expected, describe_inbox(attempt))
    response = attempt.deployed.call("GET", f"/files/{file_id}")
    _require_status(attempt, response, HTTPStatus.OK)
    attempt.check(_read_receipt(attempt, response), "async")
    return ""


def _require_status(attempt: Attempt, response: ApiResponse, *expected: int) -> None:
    if response.status in expected:
        return
    text = response.body.decode(errors="replace").strip()[:300]
    found = f"Expected status {expected[0]:d}, got {response.status}: {text}"
    if response.status in _UNSIGNED:
        raise CheckFailed(
            found, f"Let your credentials call execute-api:Invoke on the API {attempt.deployed.outputs['ApiId']}."
        )
    raise CheckFailed(found, describe_log(attempt, FUNCTION))


def _read_receipt(attempt: Attempt, response: ApiResponse) -> dict[str, object]:
    """Return the receipt in a response.

    Raises:
        CheckFailed: the body is no JSON object.
    """
    try:
        receipt = response.json()
    except ValueError:
        receipt = None
    if not isinstance(receipt, dict) or "images" not in receipt:
        text = response.body.decode(errors="replace").strip()[:300]
        raise CheckFailed(f"Status {response.status} and no receipt: {text}", describe_log(attempt, FUNCTION))
    return receipt


def describe_inbox(attempt: Attempt) -> str:
    """Return what to do if nothing happens to a manifest in the inbox bucket."""
    log = describe_log(attempt, "S3")
    return f"{log} If it is empty, the inbox bucket does not notify the function: deploy the stack again."


def describe_log(attempt: Attempt, function: str) -> str:
    """Return where the log of a function is."""
    return f"The log group {attempt.deployed.outputs.get(f'{function}FunctionLogGroupName')} says why."
