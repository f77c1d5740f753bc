"""The HTTP handler responds as infra/openapi.yaml says, whatever request is generated; this file plays API Gateway."""

import base64
import threading
from collections.abc import Callable, Iterable, Iterator
from http import HTTPStatus
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server
from zlib import crc32

import pytest
from requests import PreparedRequest
from requests.auth import AuthBase

from intake.handlers import http
from intake.model.errors import StoreFailed
from support.handler_fakes import HandlerFakes, install_fakes
from support.lambda_context import Context
from support.openapi_fuzzing import FuzzResult, fuzz, load_contract, replace_urls
from support.sample_images import picture

SIGNED = "AWS4-HMAC-SHA256 as it should be"
GOOD, GONE = "https://a.example/1.png", "https://a.example/gone.png"

type Start = Callable[[str, list[tuple[str, str]]], object]


def gateway(environ: dict[str, Any], start: Start) -> Iterable[bytes]:
    """Route and authorize requests as API Gateway does, and call the handler with its event (a WSGI application)."""
    path = environ["PATH_INFO"].encode("latin-1").decode(errors="replace").removeprefix("/v1")
    route = environ["REQUEST_METHOD"], "/files" if path == "/files" else path[: len("/files/")]
    if environ.get("HTTP_AUTHORIZATION") != SIGNED or route not in {("POST", "/files"), ("GET", "/files/")}:
        start("403 Forbidden", [("Content-Type", "application/json")])
        return [b'{"message": "Missing Authentication Token"}']
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    event = {
        "httpMethod": environ["REQUEST_METHOD"],
        "path": path,
        "headers": {"Prefer": environ["HTTP_PREFER"]} if "HTTP_PREFER" in environ else {},
        "requestContext": {"stage": "v1"},
        "body": base64.b64encode(body).decode(),
        "isBase64Encoded": True,
    }
    response = http.handler(event, Context(seconds=10))
    headers = [(name, value) for name, values in response["multiValueHeaders"].items() for value in values]
    start(f"{int(response['statusCode'])} {HTTPStatus(response['statusCode']).phrase}", headers)
    return [response["body"].encode()]


class QuietHandler(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """Log nothing."""


@pytest.fixture
def fakes(monkeypatch: pytest.MonkeyPatch) -> Iterator[HandlerFakes]:
    with install_fakes(monkeypatch) as fakes:
        fakes.downloader.results = {GOOD: picture(8, 8, 1, "png")}
        yield fakes


@pytest.fixture
def run_fuzzer(fakes: HandlerFakes) -> Iterator[Callable[[], FuzzResult]]:
    """Runs the fuzzer. A third of the generated URLs become an image's, a third a missing one's, a third stay."""
    del fakes
    with make_server("127.0.0.1", 0, gateway, handler_class=QuietHandler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()

        def run() -> FuzzResult:
            schema = load_contract(examples=60, runs=15)
            schema.config.update(base_url=f"http://127.0.0.1:{server.server_port}/v1")
            schema.auth.set_from_requests(Signed())
            replace_urls(schema, lambda url: (GOOD, GONE, url)[crc32(url.encode(errors="replace")) % 3])
            return fuzz(schema)

        yield run
        server.shutdown()
        thread.join()


class Signed(AuthBase):
    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        request.headers["Authorization"] = SIGNED
        return request


def test_every_response_conforms_to_the_contract(run_fuzzer: Callable[[], FuzzResult]) -> None:
    result = run_fuzzer()

    assert result.faults == []
    seen = {("POST", status) for status in (200, 202, 207, 400, 403, 422, 502)}
    assert seen | {("GET", status) for status in (200, 202, 404, 403)} <= result.responses.keys()
    assert len(result.checks) == 14


def test_every_response_conforms_to_the_contract_when_s3_fails(
    fakes: HandlerFakes, run_fuzzer: Callable[[], FuzzResult]
) -> None:
    fakes.store.failures = {"": StoreFailed()}
    fakes.inbox.failure = StoreFailed()

    result = run_fuzzer()

    assert result.faults == []
    assert {("POST", 502), ("GET", 502)} <= result.responses.keys()


def test_fuzzer_finds_a_response_that_violates_the_contract(
    run_fuzzer: Callable[[], FuzzResult], monkeypatch: pytest.MonkeyPatch
) -> None:
    original = http._json_response

    def misspell_id(status: HTTPStatus, body: bytes, headers: dict[str, str] | None = None) -> Any:
        return original(status, body.replace(b'"id"', b'"ident"'), headers)

    monkeypatch.setattr(http, "_json_response", misspell_id)

    assert any("'id' is a required property" in fault or '"id" is a required' in fault for fault in run_fuzzer().faults)
