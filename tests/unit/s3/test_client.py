"""`S3Client` over a scripted transport: which responses are errors, what is retried, and how often."""

import asyncio
import weakref
from typing import Any

import httpx
import pytest

from intake.http_client.errors import ConnectionLost
from intake.ingest.ports import DocumentTooLarge
from intake.model.error_codes import StoreDenied, StoreFailed
from intake.s3 import client as client_module
from intake.s3.background_signer import BackgroundSigner
from intake.s3.client import S3Client, S3Response, error_for
from support.scripted_transport import FakeSigner, ScriptedTransport


def error_body(code: str) -> bytes:
    return f'<?xml version="1.0"?><Error><Code>{code}</Code><Message>no</Message></Error>'.encode()


SLOW_DOWN, NO_BUCKET, NO_KEY = (error_body(code) for code in ("SlowDown", "NoSuchBucket", "NoSuchKey"))


@pytest.mark.parametrize(
    ("expected", "status", "body"),
    [
        (StoreFailed, 503, SLOW_DOWN),
        (StoreFailed, 500, error_body("InternalError")),
        (StoreFailed, 409, error_body("ConditionalRequestConflict")),
        (StoreFailed, 408, b""),
        (StoreFailed, 429, b""),
        (StoreFailed, 502, b"<html>"),
        (StoreFailed, 521, b"<html>"),
        (StoreFailed, 307, error_body("TemporaryRedirect")),
        (StoreFailed, 400, error_body("RequestTimeout")),
        (StoreFailed, 400, error_body("BadDigest")),
        (StoreFailed, 400, error_body("ExpiredToken")),
        (StoreFailed, 403, error_body("RequestTimeTooSkewed")),
        (StoreDenied, 403, error_body("AccessDenied")),
        (StoreDenied, 403, error_body("SignatureDoesNotMatch")),
        (StoreDenied, 404, NO_BUCKET),
        (StoreDenied, 400, error_body("InvalidRequest")),
        (StoreDenied, 400, b""),
        (StoreDenied, 301, error_body("PermanentRedirect")),
        (StoreDenied, 501, error_body("NotImplemented")),
        (StoreDenied, 418, b""),
    ],
)
def test_error_for_tells_transient_errors_from_permanent_ones(
    expected: type[StoreFailed | StoreDenied], status: int, body: bytes
) -> None:
    error = error_for(status, body)
    assert expected is type(error)
    assert (error.reason or "").startswith(f"S3 answered {status}")


@pytest.fixture(autouse=True)
def no_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("intake.s3.client.random.random", lambda: 0.0)


async def call(
    transport: ScriptedTransport, method: str = "PUT", signer: Any = None, *, retry: bool = True, **headers: str
) -> S3Response:
    chosen: Any = signer or FakeSigner()
    client = S3Client(BackgroundSigner(lambda: chosen), transport)
    body = bytearray(b"body") if method == "PUT" else None
    fields = {name.replace("_", "-"): headers[name] for name in headers}
    return await client.call(method, "images/a.jpg", fields, body, retry=retry)


@pytest.mark.parametrize(
    "failure", [(503, SLOW_DOWN), ConnectionLost("closed")], ids=["a response", "a lost connection"]
)
async def test_client_signs_again_when_it_retries(failure: tuple[int, bytes] | Exception) -> None:
    transport = ScriptedTransport(failure, failure, (200, b""))
    assert (await call(transport)).status == 200
    targets = [request.extensions["target"] for request in transport.requests]
    assert targets == [b"/images/a.jpg?signature=1", b"/images/a.jpg?signature=2", b"/images/a.jpg?signature=3"]


async def test_client_gives_up_after_four_attempts() -> None:
    transport = ScriptedTransport(*[(503, SLOW_DOWN)] * 9)
    with pytest.raises(StoreFailed) as caught:
        await call(transport)
    assert (caught.value.reason, len(transport.requests)) == ("S3 answered 503 SlowDown", 4)


FAILURES: list[Any] = [(503, SLOW_DOWN), (409, b""), (307, b""), ConnectionLost("closed"), 60.0]


@pytest.mark.parametrize("method", ["PUT", "GET", "HEAD"])
@pytest.mark.parametrize("failure", FAILURES, ids=str)
async def test_client_sends_a_request_once_when_it_must_not_retry(
    failure: Any, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_module, "_SINGLE_ATTEMPT_TIMEOUT", 0.05)
    transport = ScriptedTransport(failure, (200, b""))
    with pytest.raises(StoreFailed):
        await call(transport, method, retry=False)
    assert len(transport.requests) == 1


async def test_client_returns_the_response_of_a_single_attempt() -> None:
    transport = ScriptedTransport((200, b"body"), extensions={"content_length": 4})
    assert await call(transport, "GET", retry=False) == S3Response(200, {"ETag": '"1"'}, b"body", 4)


@pytest.mark.parametrize(("status", "body"), [(403, error_body("AccessDenied")), (404, NO_BUCKET), (400, b"")])
async def test_client_does_not_retry_a_permanent_error(status: int, body: bytes) -> None:
    transport = ScriptedTransport((status, body))
    with pytest.raises(StoreDenied):
        await call(transport)
    assert len(transport.requests) == 1


@pytest.mark.parametrize(
    ("method", "status", "body"),
    [("PUT", 412, b""), ("GET", 404, NO_KEY), ("GET", 200, NO_BUCKET), ("HEAD", 404, b"")],
)
async def test_client_returns_a_response_when_an_object_exists_or_is_missing(
    method: str, status: int, body: bytes
) -> None:
    response = await call(ScriptedTransport((status, body)), method)
    assert (response.status, response.body) == (status, body)


async def test_client_returns_404_for_a_missing_object_only_when_the_put_is_conditional() -> None:
    """If-Match for a missing object is a condition that is not met; 404 for any other PUT is an error."""
    assert (await call(ScriptedTransport((404, NO_KEY)), If_Match='"1"')).status == 404
    with pytest.raises(StoreDenied):
        await call(ScriptedTransport((404, NO_BUCKET)), If_Match='"1"')
    with pytest.raises(StoreDenied):
        await call(ScriptedTransport((404, NO_KEY)))


@pytest.mark.parametrize("method", ["PUT", "GET", "HEAD"])
async def test_client_retries_a_success_without_etag(method: str) -> None:
    transport = ScriptedTransport(*[(200, b"<html>Sign in to this network</html>")] * 4, etag=None)
    with pytest.raises(StoreFailed) as caught:
        await call(transport, method)
    assert caught.value.reason == "response 200 has no ETag, so it is not from S3"
    assert len(transport.requests) == 4


@pytest.mark.parametrize(
    "document",
    [
        error_body("InternalError"),
        error_body("AccessDenied"),
        b"\n  <Error>\n<Code>SlowDown</Code></Error>",
        b'<Error xmlns="http://s3.amazonaws.com/doc/2006-03-01/"/>',
        b"<s3:Error xmlns:s3='a'><s3:Code>InternalError</s3:Code></s3:Error>",
        b"\xef\xbb\xbf<?xml version='1.0'?><!-- no --><error></error>",
        b"<ErrorResponse><Code>SlowDown</Code></ErrorResponse>",
        "<Error/>".encode("utf-16"),
        b'{"error": "try again"}',
        b"<html>Sign in to this network</html>",
    ],
)
async def test_client_retries_a_put_that_succeeds_with_a_body(document: bytes) -> None:
    """Whatever the body is: S3 sends none with a success. A GET returns any document."""
    transport = ScriptedTransport((200, document), (200, b""))
    assert (await call(transport)).body == b""
    with pytest.raises(StoreFailed, match="S3"):
        await call(ScriptedTransport(*[(200, document)] * 4))
    assert (await call(ScriptedTransport((200, document)), "GET")).body == document


async def test_client_retries_a_put_that_succeeds_before_s3_has_received_it() -> None:
    transport = ScriptedTransport(*[(200, b"")] * 4, extensions={"was_request_received": False})
    with pytest.raises(StoreFailed) as caught:
        await call(transport)
    assert caught.value.reason == "S3 answered 200 before it had received the whole object"
    assert len(transport.requests) == 4


async def test_client_signs_again_when_the_signer_fails() -> None:
    signer = FakeSigner(StoreFailed(reason="cannot sign"))
    with pytest.raises(StoreFailed) as caught:
        await call(ScriptedTransport(), signer=signer)
    assert caught.value.reason == "cannot sign"
    assert signer.calls == 4


async def test_client_retries_an_attempt_that_takes_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "_ATTEMPT_TIMEOUT", 0.05)
    transport = ScriptedTransport(60.0, (200, b""))
    assert (await call(transport)).status == 200
    assert len(transport.requests) == 2


async def test_client_does_not_count_the_wait_for_a_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "_ATTEMPT_TIMEOUT", 0.05)
    transport = ScriptedTransport((200, b""))
    answer = transport.handle_async_request

    async def wait_and_answer(request: httpx.Request) -> httpx.Response:
        with request.extensions["waiting"]():
            await asyncio.sleep(0.2)
        return await answer(request)

    monkeypatch.setattr(transport, "handle_async_request", wait_and_answer)
    assert (await call(transport)).status == 200
    assert len(transport.requests) == 1


class WatchedBody(bytearray):
    """A body to which a weak reference is possible."""


@pytest.mark.usefixtures("no_collector")
async def test_client_keeps_no_reference_to_the_body_of_a_cancelled_call() -> None:
    body = WatchedBody(b"body")
    reference = weakref.ref(body)
    transport = ScriptedTransport(60.0)
    client = S3Client(BackgroundSigner(FakeSigner), transport)  # type: ignore[arg-type]  # a fake
    calling = asyncio.create_task(client.call("PUT", "a", {}, body))
    del body
    while not transport.requests:  # noqa: ASYNC110 - the transport is a script
        await asyncio.sleep(0.001)
    transport.requests.clear()
    calling.cancel()
    await asyncio.wait([calling])
    del calling

    assert reference() is None


@pytest.mark.parametrize(("limit", "retry"), [("_MAX_RESPONSE_BYTES", True), ("_MAX_SINGLE_ATTEMPT_BYTES", False)])
async def test_client_stops_reading_a_response_that_is_too_large(
    limit: str, monkeypatch: pytest.MonkeyPatch, *, retry: bool
) -> None:
    monkeypatch.setattr(client_module, limit, 10)
    with pytest.raises(DocumentTooLarge) as caught:
        await call(ScriptedTransport(*[(500, b"x" * 11)] * 4), retry=retry)
    assert "more than 10 bytes" in (caught.value.reason or "")
