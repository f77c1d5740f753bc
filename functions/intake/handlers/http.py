"""The HTTPS door: API Gateway's event in, a receipt or a problem (RFC 9457) out."""

import asyncio
import base64
import re
import time
from collections.abc import Coroutine, Mapping
from http import HTTPStatus
from traceback import format_exception
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic_core import to_json

from intake import runtime
from intake.domain.errors import StoreDenied, StoreFailed
from intake.domain.file import ID_PATTERN, Fault, File, InvalidFile
from intake.domain.manifest import MAX_DOCUMENT_BYTES, NotJson, manifest_key, read_document
from intake.domain.problem import Problem
from intake.domain.receipt import Pending, Status
from intake.telemetry import logger, scrub

GATEWAY_SECONDS = 29.0
"""API Gateway's longest wait for an answer (Amazon API Gateway quotas, "Integration timeout")."""

_STATUS = {
    Status.STORED: HTTPStatus.OK,
    Status.PARTIAL: HTTPStatus.MULTI_STATUS,
    Status.FAILED: HTTPStatus.BAD_GATEWAY,
}

app = APIGatewayRestResolver()


class _Refused(Exception):
    def __init__(self, status: HTTPStatus, detail: str, faults: list[Fault] | None = None) -> None:
        self.status = status
        self.detail = detail
        self.faults = faults or []
        super().__init__(detail)


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one request of API Gateway (REST API, Lambda proxy integration)."""
    logger.append_keys(request_id=context.aws_request_id)
    return app.resolve(event, context)


@app.post("/files")
def post_file() -> Response[str]:
    event = app.current_event.raw_event
    document = _document(event)
    file = File.parse(document, max_base_images=runtime.config().limits.max_base_images)
    if runtime.config().inbox_bucket and _prefers_async(app.current_event.headers):
        return _accept(file, document)
    receipt = runtime.run(runtime.intake().take_in(file, seconds_left(event, app.lambda_context)))
    return _json(_STATUS[receipt.status], receipt.to_json())


@app.get("/files/<file_id>")
def get_file(file_id: str) -> Response[str]:
    if not re.fullmatch(ID_PATTERN, file_id):
        raise _Refused(HTTPStatus.NOT_FOUND, "There is no such File.")
    receipt = _in_time(runtime.intake().receipt(file_id))
    if receipt is not None:
        return _kept(receipt)
    if runtime.config().inbox_bucket and _in_time(runtime.inbox().has(manifest_key(file_id))):
        return _pending(file_id)
    raise _Refused(HTTPStatus.NOT_FOUND, "There is no receipt of this File.")


def _in_time[T](work: Coroutine[Any, Any, T]) -> T:
    """Run a call of the store, and give it up before we are cut off.

    Raises:
        StoreFailed: it took too long.
    """
    seconds = seconds_left(app.current_event.raw_event, app.lambda_context) - runtime.config().limits.deadline_margin
    try:
        return runtime.run(asyncio.wait_for(work, seconds))
    except TimeoutError as error:
        raise StoreFailed(reason="the deadline came before the store answered") from error


def _kept(document: bytes) -> Response[str]:
    """Answer with a receipt, or with the problem document of a manifest that held no File.

    Raises:
        StoreFailed: what stands in its place is neither.
    """
    try:
        kept = read_document(document, most=None)
    except NotJson as error:
        raise StoreFailed(reason="what stands in the place of the receipt is not JSON") from error
    if isinstance(kept, dict) and isinstance(kept.get("status"), int):
        return _answer_problem(Problem.model_validate(kept))
    return _json(HTTPStatus.OK, document)


def _accept(file: File, document: object) -> Response[str]:
    """Hand the File to the S3 door (RFC 7240, 4.1)."""
    manifest = to_json({**document, "id": file.id} if isinstance(document, dict) else document)
    _in_time(runtime.inbox().put(manifest_key(file.id), manifest))
    return _pending(file.id, {"Preference-Applied": "respond-async"})


def _pending(file_id: str, headers: dict[str, str] | None = None) -> Response[str]:
    location = {"Location": f"/files/{file_id}", "Retry-After": "1"}
    return _json(HTTPStatus.ACCEPTED, Pending(id=file_id).to_json(), location | (headers or {}))


def _prefers_async(headers: Mapping[str, str]) -> bool:
    """Read Prefer headers (RFC 7240, 2): preferences with commas between, parameters behind semicolons."""
    wanted = next((value for name, value in headers.items() if name.lower() == "prefer"), "")
    return any(item.partition(";")[0].strip().lower() == "respond-async" for item in wanted.split(","))


@app.exception_handler(Exception)  # type: ignore[untyped-decorator]
def _answer_error(error: Exception) -> Response[str]:
    match error:
        case _Refused(status=status, detail=detail, faults=faults):
            return _problem(status, detail, faults)
        case InvalidFile(faults=faults):
            return _problem(HTTPStatus.UNPROCESSABLE_ENTITY, "This is not a valid File.", faults)
        case StoreFailed() | StoreDenied():
            logger.error("store not reached", extra={"code": error.code, "reason": scrub(error.reason or "")})
            return _problem(HTTPStatus.BAD_GATEWAY, "The store did not answer as it should.")
        case _:
            logger.error("request failed", extra={"exception": scrub("".join(format_exception(error)))})
            return _problem(HTTPStatus.INTERNAL_SERVER_ERROR, "The service made a mistake; its log has the details.")


@app.not_found
def _answer_not_found(_: NotFoundError) -> Response[str]:
    return _problem(HTTPStatus.NOT_FOUND, "There is POST /files and GET /files/{id}.")


def seconds_left(event: dict[str, Any], context: LambdaContext) -> float:
    """Seconds until either the function or API Gateway, which began to wait earlier, cuts the answer off."""
    function = context.get_remaining_time_in_millis() / 1000
    received = event.get("requestContext", {}).get("requestTimeEpoch")
    waited = time.time() - received / 1000 if isinstance(received, int) else 0.0
    # A time that cannot be is none: sample events carry old ones, and sam local tells seconds.
    return min(function, GATEWAY_SECONDS - (waited if 0 <= waited < GATEWAY_SECONDS else 0.0))


def _document(event: dict[str, Any]) -> object:
    """Decode the body of a request.

    Raises:
        _Refused: it is too large, or not JSON.
    """
    text = event.get("body") or ""
    try:
        body = base64.b64decode(text, validate=True) if event.get("isBase64Encoded") else text.encode()
        if len(body) > MAX_DOCUMENT_BYTES:
            raise _Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"The body has more than {MAX_DOCUMENT_BYTES} bytes.")
        return read_document(body)
    except (ValueError, NotJson) as error:
        raise _Refused(HTTPStatus.BAD_REQUEST, "The body is not JSON.", [Fault("", str(error))]) from error


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
