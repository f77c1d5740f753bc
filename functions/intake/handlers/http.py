"""The HTTPS door: API Gateway's event in, a receipt or a problem (RFC 9457) out."""

import asyncio
import base64
import re
import time
from collections.abc import Coroutine
from http import HTTPStatus
from traceback import format_exception
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.utilities.typing import LambdaContext

from intake import app
from intake.model.errors import StoreDenied, StoreFailed
from intake.model.file import ID_PATTERN, Fault, File, InvalidFile
from intake.model.manifest import MAX_DOCUMENT_BYTES, NotJson, manifest_key, read_document
from intake.model.problem import Problem
from intake.model.receipt import Pending, Status
from intake.telemetry import logger, redact_urls

GATEWAY_SECONDS = 29.0
"""API Gateway's longest wait for an answer (Amazon API Gateway quotas, "Integration timeout")."""

_STATUS = {
    Status.STORED: HTTPStatus.OK,
    Status.PARTIAL: HTTPStatus.MULTI_STATUS,
    Status.FAILED: HTTPStatus.BAD_GATEWAY,
}

router = APIGatewayRestResolver()


class _Refused(Exception):
    def __init__(self, status: HTTPStatus, detail: str, faults: list[Fault] | None = None) -> None:
        self.status = status
        self.detail = detail
        self.faults = faults or []
        super().__init__(detail)


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one request of API Gateway (REST API, Lambda proxy integration)."""
    logger.append_keys(request_id=context.aws_request_id)
    return router.resolve(event, context)


@router.post("/files")
def post_file() -> Response[str]:
    event = router.current_event.raw_event
    body = _body(event)
    file = File.parse(_decoded(body), max_base_images=app.config().limits.max_base_images)
    if app.config().inbox_bucket and _prefers_async(event):
        return _accept(file.id, body)
    receipt = app.run(app.ingest_service().ingest(file, app.deadline(seconds_left(event, router.lambda_context))))
    return _json(_STATUS[receipt.status], receipt.to_json())


@router.get("/files/<file_id>")
def get_file(file_id: str) -> Response[str]:
    if not re.fullmatch(ID_PATTERN, file_id):
        raise _Refused(HTTPStatus.NOT_FOUND, "There is no such File.")
    document = _in_time(app.ingest_service().read_receipt(file_id))
    problem = None if document is None else _problem_in(document)
    if document is not None and problem is None:
        return _json(HTTPStatus.OK, document)
    if app.config().inbox_bucket and _waits(manifest_key(file_id), problem):
        return _pending(file_id)
    if problem is None:
        raise _Refused(HTTPStatus.NOT_FOUND, "There is no receipt of this File.")
    return _answer_problem(problem)


def _waits(key: str, problem: Problem | None) -> bool:
    """Whether a manifest is in the inbox that nothing is said of yet: a problem may be that of an earlier one."""
    if problem is not None and (problem.manifest is None or problem.manifest.key != key):
        return False
    version = _in_time(app.inbox().version(key))
    told = None if problem is None or problem.manifest is None else problem.manifest.etag
    return version not in {None, told}


def _in_time[T](work: Coroutine[Any, Any, T]) -> T:
    """Run a call of the store, and give it up before we are cut off.

    Raises:
        StoreFailed: it took too long.
    """
    seconds = seconds_left(router.current_event.raw_event, router.lambda_context) - app.config().limits.deadline_margin
    try:
        return app.run(asyncio.wait_for(work, seconds))
    except TimeoutError as error:
        raise StoreFailed(reason="the deadline came before the store answered") from error


def _problem_in(document: bytes) -> Problem | None:
    """Return the problem of a manifest that stands in the place of a receipt, or None where a receipt does.

    Raises:
        StoreFailed: what stands there is neither.
    """
    try:
        kept = read_document(document, most=None)
    except NotJson as error:
        raise StoreFailed(reason="what stands in the place of the receipt is not JSON") from error
    return Problem.model_validate(kept) if isinstance(kept, dict) and isinstance(kept.get("status"), int) else None


def _accept(file_id: str, body: bytes) -> Response[str]:
    """Hand the File to the S3 door (RFC 7240, 4.1), as it was sent: what is valid here is so there."""
    _in_time(app.inbox().put(manifest_key(file_id), body))
    return _pending(file_id, {"Preference-Applied": "respond-async"})


def _pending(file_id: str, headers: dict[str, str] | None = None) -> Response[str]:
    location = {"Location": f"/files/{file_id}", "Retry-After": "1"}
    return _json(HTTPStatus.ACCEPTED, Pending(id=file_id).to_json(), location | (headers or {}))


def _prefers_async(event: dict[str, Any]) -> bool:
    """Read Prefer headers (RFC 7240, 2): preferences with commas between, parameters behind semicolons.

    There may be several; `headers` of the event has but the last of them.
    """
    headers = event.get("multiValueHeaders") or {name: [value] for name, value in (event.get("headers") or {}).items()}
    wanted = ",".join(value for name, values in headers.items() if name.lower() == "prefer" for value in values)
    return any(item.partition(";")[0].strip().lower() == "respond-async" for item in wanted.split(","))


@router.exception_handler(Exception)  # type: ignore[untyped-decorator]
def _answer_error(error: Exception) -> Response[str]:
    match error:
        case _Refused(status=status, detail=detail, faults=faults):
            return _problem(status, detail, faults)
        case InvalidFile(faults=faults):
            return _problem(HTTPStatus.UNPROCESSABLE_ENTITY, "This is not a valid File.", faults)
        case StoreFailed() | StoreDenied():
            logger.error("store not reached", extra={"code": error.code, "reason": redact_urls(error.reason or "")})
            return _problem(HTTPStatus.BAD_GATEWAY, "The store did not answer as it should.")
        case _:
            logger.error("request failed", extra={"exception": redact_urls("".join(format_exception(error)))})
            return _problem(HTTPStatus.INTERNAL_SERVER_ERROR, "The service made a mistake; its log has the details.")


@router.not_found
def _answer_not_found(_: NotFoundError) -> Response[str]:
    return _problem(HTTPStatus.NOT_FOUND, "There is POST /files and GET /files/{id}.")


def seconds_left(event: dict[str, Any], context: LambdaContext) -> float:
    """Seconds until either the function or API Gateway, which began to wait earlier, cuts the answer off."""
    function = context.get_remaining_time_in_millis() / 1000
    received = event.get("requestContext", {}).get("requestTimeEpoch")
    waited = time.time() - received / 1000 if isinstance(received, int) else 0.0
    # A time that cannot be is none: sample events carry old ones, and sam local tells seconds.
    return min(function, GATEWAY_SECONDS - (waited if 0 <= waited < GATEWAY_SECONDS else 0.0))


def _body(event: dict[str, Any]) -> bytes:
    """Return the body of a request.

    Raises:
        _Refused: it is too large, or not Base64 where it should be.
    """
    text = event.get("body") or ""
    try:
        body = base64.b64decode(text, validate=True) if event.get("isBase64Encoded") else text.encode()
    except ValueError as error:
        raise _not_json(error) from error
    if len(body) > MAX_DOCUMENT_BYTES:
        raise _Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"The body has more than {MAX_DOCUMENT_BYTES} bytes.")
    return body


def _decoded(body: bytes) -> object:
    try:
        return read_document(body)
    except NotJson as error:
        raise _not_json(error) from error


def _not_json(error: Exception) -> _Refused:
    return _Refused(HTTPStatus.BAD_REQUEST, "The body is not JSON.", [Fault("", str(error))])


def _json(status: HTTPStatus, document: bytes, headers: dict[str, str] | None = None) -> Response[str]:
    return Response(
        status_code=status, content_type="application/json", body=document.decode(), headers=dict(headers or {})
    )


def _problem(status: HTTPStatus, detail: str, faults: list[Fault] | None = None) -> Response[str]:
    return _answer_problem(Problem.of(status, detail, faults))


def _answer_problem(problem: Problem) -> Response[str]:
    return Response(
        status_code=problem.status, content_type="application/problem+json", body=problem.to_json().decode()
    )
