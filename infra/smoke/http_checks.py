"""Tries the API: POST /files, the same with `Prefer: respond-async`, GET /files/{id}, and what the API must refuse."""

import json
from http import HTTPStatus

from infra.local.api_client import ApiResponse
from infra.smoke.check import RESTORE, Check, CheckFailed, CheckSkipped
from infra.smoke.smoke_context import SmokeContext
from intake.model.object_keys import receipt_key

FUNCTION = "Http"
_UNSIGNED = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}


def http_checks(context: SmokeContext) -> list[Check]:
    """Return the checks of the synchronous API."""
    return [
        Check("POST /files", lambda: _post(context)),
        Check("GET /files/{id}", lambda: _get(context)),
        Check("POST /files: refusals", lambda: _refuse(context)),
    ]


def async_checks(context: SmokeContext) -> list[Check]:
    """Return the check of asynchronous requests, which go through the inbox bucket."""
    return [Check("POST /files, respond-async", lambda: _post_asynchronously(context))]


def _post(context: SmokeContext) -> str:
    body = json.dumps(context.file.document("http")).encode()
    response = context.deployed.call("POST", "/files", body)
    _require_status(context, response, HTTPStatus.MULTI_STATUS, HTTPStatus.OK, HTTPStatus.BAD_GATEWAY)
    context.check(_read_receipt(context, response), "http")
    _require_status(context, response, HTTPStatus.MULTI_STATUS)
    context.keep_stored("http")
    return ""


def _get(context: SmokeContext) -> str:
    if "http" not in context.receipts:
        raise CheckSkipped("POST /files has stored no right receipt")
    file_id = context.file.id_of("http")
    response = context.deployed.call("GET", f"/files/{file_id}")
    _require_status(context, response, HTTPStatus.OK)
    context.check(_read_receipt(context, response), "http")
    unknown = context.deployed.call("GET", f"/files/{context.file.id_of('unknown')}")
    _require_status(context, unknown, HTTPStatus.NOT_FOUND)
    return ""


def _refuse(context: SmokeContext) -> str:
    body = json.dumps(context.file.invalid_document("http")).encode()
    response = context.deployed.call("POST", "/files", body)
    _require_status(context, response, HTTPStatus.UNPROCESSABLE_ENTITY)
    context.check_problem(response.json())
    unsigned = context.deployed.call("POST", "/files", body, is_signed=False)
    if unsigned.status not in _UNSIGNED:
        raise CheckFailed(
            f"A request without a signature: expected 403, got {unsigned.status}.",
            f"Everybody may call this API. Its authorizer must be AWS_IAM. {RESTORE}",
        )
    return "422 for an invalid File, 403 without a signature"


def _post_asynchronously(context: SmokeContext) -> str:
    file_id = context.file.id_of("async")
    body = json.dumps(context.file.document("async")).encode()
    expected = receipt_key(file_id)

    def send() -> None:
        response = context.deployed.call("POST", "/files", body, prefer="respond-async")
        _require_status(context, response, HTTPStatus.ACCEPTED)
        if response.headers.get("location") != f"/files/{file_id}":
            raise CheckFailed(f"Expected Location: /files/{file_id}, got {response.headers.get('location')}.")

    context.send("async", expected, send)
    context.wait_for_receipt("async", expected, describe_inbox(context))
    response = context.deployed.call("GET", f"/files/{file_id}")
    _require_status(context, response, HTTPStatus.OK)
    context.check(_read_receipt(context, response), "async")
    return ""


def _require_status(context: SmokeContext, response: ApiResponse, *expected: int) -> None:
    if response.status in expected:
        return
    text = response.body.decode(errors="replace").strip()[:300]
    found = f"Expected status {expected[0]:d}, got {response.status}: {text}"
    if response.status in _UNSIGNED:
        raise CheckFailed(
            found, f"Let your credentials call execute-api:Invoke on the API {context.deployed.outputs['ApiId']}."
        )
    raise CheckFailed(found, describe_log(context, FUNCTION))


def _read_receipt(context: SmokeContext, response: ApiResponse) -> dict[str, object]:
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
        raise CheckFailed(f"Status {response.status} and no receipt: {text}", describe_log(context, FUNCTION))
    return receipt


def describe_inbox(context: SmokeContext) -> str:
    """Return what to do if nothing happens to a manifest in the inbox bucket."""
    log = describe_log(context, "S3")
    return f"{log} If it is empty, the inbox bucket does not notify the function. {RESTORE}"


def describe_log(context: SmokeContext, function: str) -> str:
    """Return where the log of a function is."""
    return f"The log group {context.deployed.outputs.get(f'{function}FunctionLogGroupName')} says why."
