"""`S3Store` when S3 responds with errors, or not at all: what is retried, how often, and what is stored."""

import hashlib
import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import suppress
from typing import Any

import pytest

from intake.model.error_codes import StoreDenied, StoreFailed
from intake.model.image_info import ImageInfo
from intake.model.object_keys import image_key
from intake.s3.store import S3Store
from support import s3_server
from support.real_s3_store import open_store
from support.s3_faults import S3Faults, start_s3_faults
from support.sample_images import jpeg_of_size

BODY = bytearray(jpeg_of_size(300_000, 7))
DIGEST = hashlib.sha256(BODY).hexdigest()
IMAGE = ImageInfo("jpeg", 1, 1, 1, "image/jpeg", "jpg")
KEY = image_key(DIGEST, IMAGE)
RECEIPT = "receipts/a.json"
ATTEMPTS = 4


def error(code: str, status: int) -> dict[str, Any]:
    return {"error": {"code": code, "status": status}}


TRANSIENT = {
    "SlowDown": error("SlowDown", 503),
    "ServiceUnavailable": error("ServiceUnavailable", 503),
    "InternalError": error("InternalError", 500),
    "ConditionalRequestConflict": error("ConditionalRequestConflict", 409),
    "OperationAborted": error("OperationAborted", 409),
    "RequestTimeout": error("RequestTimeout", 400),
    "RequestTimeTooSkewed": error("RequestTimeTooSkewed", 403),
    "BadDigest": error("BadDigest", 400),
    "ExpiredToken": error("ExpiredToken", 400),
    "TemporaryRedirect": error("TemporaryRedirect", 307),
    "an unknown 5xx": error("WebServerIsDown", 521),
}
PERMANENT = {
    "AccessDenied": error("AccessDenied", 403),
    "InvalidAccessKeyId": error("InvalidAccessKeyId", 403),
    "NoSuchBucket": error("NoSuchBucket", 404),
    "PermanentRedirect": error("PermanentRedirect", 301),
    "MethodNotAllowed": error("MethodNotAllowed", 405),
    "NotImplemented": error("NotImplemented", 501),
}


@pytest.fixture(scope="module")
def proxy(s3: s3_server.S3Server) -> Iterator[S3Faults]:
    with start_s3_faults(s3) as started:
        yield started


@pytest.fixture
def faults(proxy: S3Faults, monkeypatch: pytest.MonkeyPatch) -> S3Faults:
    """The proxy without any rule, and no waiting between attempts."""
    monkeypatch.setattr("intake.s3.client.random.random", lambda: 0.0)
    proxy.clear()
    return proxy


@pytest.fixture
async def store(
    faults: S3Faults, s3: s3_server.S3Server, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[S3Store]:
    async with open_store(s3, bucket, monkeypatch, endpoint=faults.url) as opened:
        yield opened


@pytest.mark.parametrize("rule", TRANSIENT.values(), ids=TRANSIENT)
async def test_store_retries_a_transient_error(
    rule: dict[str, Any], store: S3Store, faults: S3Faults, s3: s3_server.S3Server, bucket: str
) -> None:
    faults.inject(**rule, times=ATTEMPTS - 1)
    assert await store.put_image(KEY, IMAGE, BODY, DIGEST) is False
    assert (faults.requests, len(faults.injected)) == (ATTEMPTS, ATTEMPTS - 1)
    assert s3.objects(bucket) == {KEY: bytes(BODY)}


async def test_store_fails_after_four_attempts_and_stores_nothing(
    store: S3Store, faults: S3Faults, s3: s3_server.S3Server, bucket: str
) -> None:
    faults.inject(**error("SlowDown", 503))
    with pytest.raises(StoreFailed):
        await store.put_image(KEY, IMAGE, BODY, DIGEST)
    assert faults.requests == ATTEMPTS
    assert s3.objects(bucket) == {}


@pytest.mark.parametrize("version", [None, '"an-etag"'])
async def test_store_replaces_nothing_when_another_write_is_under_way_at_each_attempt(
    version: str | None, store: S3Store, faults: S3Faults
) -> None:
    faults.inject(**TRANSIENT["ConditionalRequestConflict"])
    assert await store.replace_document(RECEIPT, b"{}", version) is False
    assert faults.requests == ATTEMPTS
    with pytest.raises(StoreFailed):
        await store.put_document(RECEIPT, b"{}")


@pytest.mark.parametrize("rule", TRANSIENT.values(), ids=TRANSIENT)
async def test_store_asks_once_for_a_document_when_it_must_not_retry(
    rule: dict[str, Any], store: S3Store, faults: S3Faults
) -> None:
    faults.inject(**rule)
    is_conflict = rule["error"]["status"] == 409
    for call in (
        store.get_document(RECEIPT, retry=False),
        store.put_document(RECEIPT, b"{}", retry=False),
        store.replace_document(RECEIPT, b"{}", None, retry=False),
    ):
        with suppress(StoreFailed):
            assert (is_conflict, await call) == (True, False)
    assert faults.requests == 3


@pytest.mark.parametrize("rule", PERMANENT.values(), ids=PERMANENT)
async def test_store_does_not_retry_a_permanent_error(
    rule: dict[str, Any], store: S3Store, faults: S3Faults, s3: s3_server.S3Server, bucket: str
) -> None:
    faults.inject(**rule)
    for call in (store.put_image(KEY, IMAGE, BODY, DIGEST), store.get_document(RECEIPT)):
        with pytest.raises(StoreDenied):
            await call
    assert faults.requests == 2
    assert s3.objects(bucket) == {}


@pytest.mark.parametrize("method", ["PutObject", "GetObject"])
async def test_store_retries_and_fails_when_s3_is_silent(
    method: str, faults: S3Faults, s3: s3_server.S3Server, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_store(s3, bucket, monkeypatch, endpoint=faults.url, read_timeout=0.2) as store:
        is_put = method == "PutObject"
        call = store.put_image(KEY, IMAGE, BODY, DIGEST) if is_put else store.get_document(RECEIPT)
        faults.inject(operation=method, timeout_ms=60_000)
        begin = time.monotonic()
        with pytest.raises(StoreFailed) as failed:
            await call
    assert (failed.value.reason or "").startswith("ReadTimeout")
    assert faults.requests == ATTEMPTS
    assert 4 * 0.2 <= time.monotonic() - begin < 4
    assert s3.objects(bucket) == {}


async def test_store_succeeds_when_s3_is_silent_once(
    faults: S3Faults, s3: s3_server.S3Server, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    s3.client().put_object(Bucket=bucket, Key="first", Body=b"the first object takes SeaweedFS longer")
    async with open_store(s3, bucket, monkeypatch, endpoint=faults.url, read_timeout=2.0) as store:
        faults.inject(timeout_ms=60_000, times=1)
        assert await store.put_image(KEY, IMAGE, BODY, DIGEST) is False
    assert faults.requests == 2
    assert s3.objects(bucket, "images/") == {KEY: bytes(BODY)}


async def test_store_reads_document_again_when_the_response_is_cut(store: S3Store, faults: S3Faults) -> None:
    document = b'{"id": "' + b"x" * 50_000 + b'"}'
    await store.put_document(RECEIPT, document)
    faults.inject(operation="GetObject", response={"abort_frac": 0.5}, times=2)
    found = await store.get_document(RECEIPT)
    assert found is not None
    assert found.body == document
    assert faults.requests == 3
