"""The HTTP entry point: serves requests of API Gateway with a receipt or a problem document (RFC 9457)."""

import asyncio
import base64
import re
import time
from collections.abc import Coroutine, Sequence
from http import HTTPStatus
from traceback import format_exception
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.utilities.typing import LambdaContext

from intake import app
from intake.model.aws_events import describe_wrong_event
from intake.model.error_codes import StoreDenied, StoreFailed
from intake.model.file import ID_PATTERN, Fault, File, InvalidFile
from intake.model.file_status import decide_status
from intake.model.manifest import MAX_DOCUMENT_BYTES, NotJson, read_document
from intake.model.object_keys import manifest_key, problem_key
from intake.model.pending import Pending
from intake.model.problem import Problem
from intake.model.receipt import Status
from intake.telemetry import logger, redact_urls

GATEWAY_TIMEOUT = 29.0
"""Seconds that API Gateway waits for a response (Amazon API Gateway quotas, "Integration timeout")."""

_EXPECTED_EVENT = "a request of API Gateway, with httpMethod and path"

_STATUS = {
    Status.STORED: HTTPStatus.OK,
    Status.PARTIAL: HTTPStatus.MULTI_STATUS,
    Status.FAILED: HTTPStatus.BAD_GATEWAY,
}

router = APIGatewayRestResolver()


class RequestRejected(Exception):
    """The request cannot be served; the caller gets a problem with this status, detail and faults."""

    def __init__(self, status: HTTPStatus, detail: str, faults: Sequence[Fault] = ()) -> None:
        self.status = status
        self.detail = detail
        self.faults = faults
        super().__init__(detail)


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Serve one request of API Gateway (REST API, Lambda proxy integration).

    Raises:
        InvalidFile: the event is something else, such as a bare File.
    """
    logger.append_keys(request_id=context.aws_request_id)
    if not _is_request(event):
        raise InvalidFile([Fault("", describe_wrong_event(event, _EXPECTED_EVENT))])
    base_path, path = split_path(event)
    router.context["base_path"] = base_path
    return router.resolve(event | {"path": path}, context)


def _is_request(event: object) -> bool:
    """Whether an event has what the routes match. People test functions with events that they make by hand."""
    match event:
        case {"httpMethod": str(), "path": str(), **others}:
            return isinstance(others.get("requestContext", {}), dict)
    return False


@router.post("/files")
def post_file() -> Response[str]:
    event = router.current_event.raw_event
    body = _read_body(event)
    file = File.parse(_parse_json(body), max_base_images=app.config().limits.max_base_images)
    if app.config().inbox_bucket and _prefers_async(event):
        return _put_into_inbox(file.id, body)
    receipt = app.run(app.ingest_service().ingest(file, app.deadline(seconds_left(event, router.lambda_context))))
    return _json_response(_STATUS[receipt.status], receipt.to_json())


@router.get("/files/<file_id>")
def get_file(file_id: str) -> Response[str]:
    status = _run_in_time(_find_status(file_id)) if re.fullmatch(ID_PATTERN, file_id) else None
    match status:
        case None:
            raise RequestRejected(HTTPStatus.NOT_FOUND, "There is no receipt of this File.")
        case Pending():
            return _pending_response(status)
        case Problem():
            return _problem_response(status)
        case receipt:
            return _json_response(HTTPStatus.OK, receipt)


async def _find_status(file_id: str) -> bytes | Pending | Problem | None:
    """Read the receipt, problem and manifest of an id from the buckets, and decide the status of the File."""
    receipt = await app.ingest_service().read_receipt(file_id)
    if receipt is not None:
        _check_json(receipt)
        return decide_status(file_id, receipt, None, None)  # a receipt takes precedence, so the rest is not read
    problem = await _read_problem(file_id)
    version = await app.inbox().version(manifest_key(file_id)) if app.config().inbox_bucket else None
    return decide_status(file_id, None, problem, version)


def _check_json(receipt: bytes) -> None:
    try:
        read_document(receipt, max_bytes=None)
    except NotJson as error:
        raise StoreFailed(reason="the stored receipt is not JSON") from error


async def _read_problem(name: str) -> Problem | None:
    document = await app.store().get_document(problem_key(name))
    try:
        return None if document is None else Problem.model_validate_json(document.body)
    except ValueError as error:
        raise StoreFailed(reason=f"{problem_key(name)} is not a problem document") from error


def _run_in_time[T](work: Coroutine[Any, Any, T]) -> T:
    """Run calls to S3, and cancel them before Lambda or API Gateway stops waiting.

    Raises:
        StoreFailed: the calls took too long.
    """
    seconds = seconds_left(router.current_event.raw_event, router.lambda_context) - app.config().limits.deadline_margin
    try:
        return app.run(asyncio.wait_for(work, seconds))
    except TimeoutError as error:
        raise StoreFailed(reason="the deadline came before the store responded") from error


def _put_into_inbox(file_id: str, body: bytes) -> Response[str]:
    """Put the body into the inbox as a manifest: the S3 entry point ingests it after this response (RFC 7240, 4.1)."""
    _run_in_time(app.inbox().put(manifest_key(file_id), body))
    return _pending_response(Pending(id=file_id), {"Preference-Applied": "respond-async"})


def _prefers_async(event: dict[str, Any]) -> bool:
    """Parse the Prefer headers (RFC 7240, 2): preferences separated by commas, each with parameters after semicolons.

    A request may have several; `headers` of the event has only the last one, `multiValueHeaders` has all.
    """
    headers = event.get("multiValueHeaders") or {name: [value] for name, value in (event.get("headers") or {}).items()}
    prefer = ",".join(value for name, values in headers.items() if name.lower() == "prefer" for value in values)
    return any(item.partition(";")[0].strip().lower() == "respond-async" for item in prefer.split(","))


@router.exception_handler(Exception)  # type: ignore[untyped-decorator]
def _respond_to_error(error: Exception) -> Response[str]:
    see_log = f"see the service log (request id {router.lambda_context.aws_request_id})."
    match error:
        case RequestRejected(status=status, detail=detail, faults=faults):
            return _respond_with_problem(status, detail, faults)
        case InvalidFile(faults=faults):
            return _respond_with_problem(HTTPStatus.UNPROCESSABLE_ENTITY, "This is not a valid File.", faults)
        case StoreFailed() | StoreDenied():
            logger.error("store not reached", extra={"code": error.code, "reason": redact_urls(error.reason or "")})
            return _respond_with_problem(HTTPStatus.BAD_GATEWAY, f"The service could not use S3; {see_log}")
        case _:
            logger.error("request failed", extra={"exception": redact_urls("".join(format_exception(error)))})
            return _respond_with_problem(HTTPStatus.INTERNAL_SERVER_ERROR, f"Internal error; {see_log}")


@router.not_found
def _respond_to_unknown_path(_: NotFoundError) -> Response[str]:
    return _respond_with_problem(HTTPStatus.NOT_FOUND, "Use POST /files or GET /files/{id}.")


def split_path(event: dict[str, Any]) -> tuple[str, str]:
    """Return the base path and the path below it, which the routes match.

    Behind a custom domain with a base path mapping, `path` begins with the base path. Only `resource` tells them apart:
    the resource that API Gateway chose, such as /files/{id} (Amazon API Gateway Developer Guide, "Set up Lambda proxy
    integrations in API Gateway").
    """
    path: str = event["path"]
    resource = (event.get("resource") or "").split("/")[1:]
    segments = path.rstrip("/").split("/")
    base, below = segments[: -len(resource)], segments[-len(resource) :]
    fits = all(part in {segment, "{id}"} for part, segment in zip(resource, below, strict=False))
    # Without empty segments: a Location that begins with // would name another host (RFC 3986, 4.2).
    base_path = "".join(f"/{segment}" for segment in base if segment)
    return (base_path, "/" + "/".join(below)) if resource and base and fits else ("", path)


def seconds_left(event: dict[str, Any], context: LambdaContext) -> float:
    """Return the seconds until Lambda ends the function or API Gateway stops waiting, whichever comes first."""
    function_seconds = context.get_remaining_time_in_millis() / 1000
    received = event.get("requestContext", {}).get("requestTimeEpoch")
    waited = time.time() - received / 1000 if isinstance(received, int) else 0.0
    # An impossible time is ignored: sample events carry old ones, and sam local gives seconds.
    return min(function_seconds, GATEWAY_TIMEOUT - (waited if 0 <= waited < GATEWAY_TIMEOUT else 0.0))


def _read_body(event: dict[str, Any]) -> bytes:
    """Return the body of a request.

    Raises:
        RequestRejected: the body is too large, or not Base64 although the event says so.
    """
    text = event.get("body") or ""
    try:
        body = base64.b64decode(text, validate=True) if event.get("isBase64Encoded") else text.encode()
    except ValueError as error:
        raise _not_json(error) from error
    if len(body) > MAX_DOCUMENT_BYTES:
        detail = f"The body has more than {MAX_DOCUMENT_BYTES} bytes."
        raise RequestRejected(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail)
    return body


def _parse_json(body: bytes) -> object:
    try:
        return read_document(body)
    except NotJson as error:
        raise _not_json(error) from error


def _not_json(error: Exception) -> RequestRejected:
    return RequestRejected(HTTPStatus.BAD_REQUEST, "The body is not JSON.", [Fault("", str(error))])


def _json_response(status: HTTPStatus, document: bytes, headers: dict[str, str] | None = None) -> Response[str]:
    return Response(
        status_code=status, content_type="application/json", body=document.decode(), headers=dict(headers or {})
    )


def _pending_response(pending: Pending, headers: dict[str, str] | None = None) -> Response[str]:
    base_path = router.context.get("base_path", "")
    location = {"Location": f"{base_path}/files/{pending.id}", "Retry-After": "1"}
    return _json_response(HTTPStatus.ACCEPTED, pending.to_json(), location | (headers or {}))


def _respond_with_problem(status: HTTPStatus, detail: str, faults: Sequence[Fault] = ()) -> Response[str]:
    return _problem_response(Problem.of(status, detail, faults))


def _problem_response(problem: Problem) -> Response[str]:
    return Response(
        status_code=problem.status, content_type="application/problem+json", body=problem.to_json().decode()
    )
