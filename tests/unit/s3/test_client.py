"""Calls of a bucket over a scripted transport: what is repeated, how often, and what comes of it in the end."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from botocore.exceptions import CredentialRetrievalError

from intake.model.errors import ConnectionLost, StoreDenied, StoreFailed
from intake.s3 import client as adapter
from intake.s3.background_value import BackgroundValue
from intake.s3.client import S3Client, S3Response
from intake.s3.signer import SignedUrl

SLOW_DOWN = b"<Error><Code>SlowDown</Code></Error>"
NO_BUCKET = b"<Error><Code>NoSuchBucket</Code></Error>"
NO_KEY = b"<Error><Code>NoSuchKey</Code></Error>"
DENIED = b"<Error><Code>AccessDenied</Code></Error>"


class FakeSigner:
    """Signs anything, or cannot."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.signed = 0

    def sign(self, method: str, key: str, headers: dict[str, str]) -> SignedUrl:
        del method, headers
        self.signed += 1
        if self.error is not None:
            raise self.error
        return SignedUrl("https://the-images.s3.example", "the-images.s3.example", f"/{key}?signature={self.signed}")


class Pieces(httpx.AsyncByteStream):
    def __init__(self, *pieces: bytes) -> None:
        self._pieces = pieces

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            yield piece


class Script(httpx.AsyncBaseTransport):
    """Answers with one line of the script after the other."""

    def __init__(self, *answers: tuple[int, bytes] | Exception | float, etag: str | None = '"1"') -> None:
        self._answers = list(answers)
        self._headers = {} if etag is None else {"ETag": etag}
        self.asked: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, float):
            await asyncio.sleep(answer)
            answer = (200, b"")
        return httpx.Response(answer[0], headers=self._headers, stream=Pieces(answer[1]))


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("intake.s3.client.random.random", lambda: 0.0)


async def call(script: Script, method: str = "PUT", signer: Any = None) -> S3Response:
    chosen: Any = signer or FakeSigner()
    bucket = S3Client(BackgroundValue(lambda: chosen), script)
    return await bucket.call(method, "images/a.jpg", {}, bytearray(b"body") if method == "PUT" else None)


@pytest.mark.parametrize(
    "trouble",
    [(503, SLOW_DOWN), (500, b""), (409, b""), (429, b""), (408, b""), (502, b""), (504, b""), ConnectionLost()],
)
async def test_what_may_go_away_is_tried_again_with_a_new_signature(trouble: tuple[int, bytes] | Exception) -> None:
    script = Script(trouble, trouble, (200, b""))
    assert (await call(script)).status == 200
    targets = [request.extensions["target"] for request in script.asked]
    assert targets == [b"/images/a.jpg?signature=1", b"/images/a.jpg?signature=2", b"/images/a.jpg?signature=3"]


async def test_what_does_not_go_away_has_failed_after_four_attempts() -> None:
    script = Script(*[(503, SLOW_DOWN)] * 9)
    with pytest.raises(StoreFailed) as failed:
        await call(script)
    assert (failed.value.reason, len(script.asked)) == ("S3 answered 503 SlowDown", 4)


@pytest.mark.parametrize(("status", "document"), [(403, DENIED), (404, NO_BUCKET), (400, b""), (301, b"")])
async def test_what_will_never_do_is_denied_at_once(status: int, document: bytes) -> None:
    script = Script((status, document))
    with pytest.raises(StoreDenied):
        await call(script)
    assert len(script.asked) == 1


@pytest.mark.parametrize(
    ("method", "status", "document"),
    [
        ("PUT", 412, b""),
        ("GET", 404, b"<Error><Code>NoSuchKey</Code></Error>"),
        ("GET", 200, NO_BUCKET),
        ("HEAD", 404, b""),
    ],
)
async def test_that_something_is_there_or_not_is_an_answer(method: str, status: int, document: bytes) -> None:
    answer = await call(Script((status, document)), method)
    assert (answer.status, answer.body) == (status, document)


async def test_a_condition_on_what_was_removed_is_not_met_and_without_one_there_is_nothing_not_to_find() -> None:
    signer: Any = FakeSigner()
    script = Script((404, NO_KEY), (404, NO_BUCKET), (404, NO_KEY))
    bucket = S3Client(BackgroundValue(lambda: signer), script)
    assert (await bucket.call("PUT", "receipts/a.json", {"If-Match": '"1"'}, b"{}")).status == 404
    with pytest.raises(StoreDenied):
        await bucket.call("PUT", "receipts/a.json", {"If-Match": '"1"'}, b"{}")
    with pytest.raises(StoreDenied):
        await bucket.call("PUT", "receipts/a.json", {}, b"{}")


@pytest.mark.parametrize("method", ["PUT", "GET", "HEAD"])
async def test_a_success_that_names_no_object_is_not_s3s_and_is_asked_for_again(method: str) -> None:
    script = Script(*[(200, b"<html>Sign in to this network</html>")] * 4, etag=None)
    with pytest.raises(StoreFailed) as failed:
        await call(script, method)
    assert (failed.value.reason, len(script.asked)) == ("200 without an ETag: S3 did not say that", 4)


async def test_credentials_that_cannot_be_had_are_a_failure_of_the_store() -> None:
    signer = FakeSigner(CredentialRetrievalError(provider="test", error_msg="gone"))
    with pytest.raises(StoreFailed, match="did not take") as failed:
        await call(Script(), signer=signer)
    assert "CredentialRetrievalError" in (failed.value.reason or "")
    assert signer.signed == 4


async def test_a_call_that_hangs_is_given_up_and_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapter, "_CALL_SECONDS", 0.05)
    script = Script(60.0, (200, b""))
    assert (await call(script)).status == 200
    assert len(script.asked) == 2


async def test_an_answer_without_end_is_not_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapter, "_MAX_ANSWER_BYTES", 10)
    with pytest.raises(StoreFailed) as failed:
        await call(Script(*[(500, b"x" * 11)] * 4))
    assert "more than 10 bytes" in (failed.value.reason or "")
