"""S3 that refuses, waits and breaks off, before a real one: what is tried again, how often, and what is kept."""

import hashlib
import time
from collections.abc import AsyncGenerator, Iterator
from typing import Any

import pytest

from intake.model.errors import StoreDenied, StoreFailed
from intake.model.image_info import ImageInfo
from intake.model.object_keys import image_key
from intake.s3.store import S3Store
from support import s3_server
from support.s3_faults import Weather, weather_before
from support.s3_stores import opened
from support.sample_images import jpeg_of_size

BODY = bytearray(jpeg_of_size(300_000, 7))
DIGEST = hashlib.sha256(BODY).hexdigest()
IMAGE = ImageInfo("jpeg", 1, 1, 1, "image/jpeg", "jpg")
KEY = image_key(DIGEST, IMAGE)
ATTEMPTS = 4


def error(code: str, status: int) -> dict[str, Any]:
    return {"error": {"code": code, "status": status}}


GO_AWAY = {
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
    "a reset": {"reset": True},
    "a reset in the middle of the upload": {"request": {"cut_upload": {"after_bytes": 100_000}}},
}
STAY = {
    "AccessDenied": error("AccessDenied", 403),
    "InvalidAccessKeyId": error("InvalidAccessKeyId", 403),
    "NoSuchBucket": error("NoSuchBucket", 404),
    "PermanentRedirect": error("PermanentRedirect", 301),
    "MethodNotAllowed": error("MethodNotAllowed", 405),
    "NotImplemented": error("NotImplemented", 501),
}


@pytest.fixture(scope="module")
def before(s3: s3_server.S3Server) -> Iterator[Weather]:
    with weather_before(s3) as weather:
        yield weather


@pytest.fixture
def storm(before: Weather, monkeypatch: pytest.MonkeyPatch) -> Weather:
    """Nothing is held back yet, and nobody waits between attempts."""
    monkeypatch.setattr("intake.s3.client.random.random", lambda: 0.0)
    before.clear()
    return before


@pytest.fixture
async def store(
    storm: Weather, s3: s3_server.S3Server, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[S3Store]:
    async with opened(s3, bucket, monkeypatch, endpoint=storm.url) as made:
        yield made


@pytest.mark.parametrize("rule", GO_AWAY.values(), ids=GO_AWAY)
async def test_what_goes_away_is_tried_again_and_the_image_is_whole(
    rule: dict[str, Any], store: S3Store, storm: Weather, s3: s3_server.S3Server, bucket: str
) -> None:
    storm.rule(**rule, times=ATTEMPTS - 1)
    assert await store.put_image(KEY, IMAGE, BODY, DIGEST) is False
    assert (storm.requests, len(storm.held_back)) == (ATTEMPTS, ATTEMPTS - 1)
    assert s3.objects(bucket) == {KEY: bytes(BODY)}


@pytest.mark.parametrize("rule", GO_AWAY.values(), ids=GO_AWAY)
async def test_what_does_not_go_away_has_failed_after_four_attempts_and_nothing_is_kept(
    rule: dict[str, Any], store: S3Store, storm: Weather, s3: s3_server.S3Server, bucket: str
) -> None:
    storm.rule(**rule)
    with pytest.raises(StoreFailed):
        await store.put_image(KEY, IMAGE, BODY, DIGEST)
    assert storm.requests == ATTEMPTS
    assert s3.objects(bucket) == {}


@pytest.mark.parametrize("rule", STAY.values(), ids=STAY)
async def test_what_will_stay_is_denied_at_the_first_attempt(
    rule: dict[str, Any], store: S3Store, storm: Weather, s3: s3_server.S3Server, bucket: str
) -> None:
    storm.rule(**rule)
    for call in (store.put_image(KEY, IMAGE, BODY, DIGEST), store.get_document("receipts/a.json")):
        with pytest.raises(StoreDenied):
            await call
    assert storm.requests == 2
    assert s3.objects(bucket) == {}


async def test_that_it_is_there_already_is_an_answer(store: S3Store, storm: Weather) -> None:
    storm.rule(**error("PreconditionFailed", 412))
    assert await store.put_image(KEY, IMAGE, BODY, DIGEST) is True
    assert storm.requests == 1


@pytest.mark.parametrize("method", ["PutObject", "GetObject"])
async def test_silence_is_given_up_and_asked_again(
    method: str, storm: Weather, s3: s3_server.S3Server, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(s3, bucket, monkeypatch, endpoint=storm.url, read_timeout=0.2) as store:
        putting = method == "PutObject"
        call = store.put_image(KEY, IMAGE, BODY, DIGEST) if putting else store.get_document("receipts/a.json")
        storm.rule(operation=method, timeout_ms=60_000)
        begin = time.monotonic()
        with pytest.raises(StoreFailed) as failed:
            await call
    assert (failed.value.reason or "").startswith("timeout")
    assert storm.requests == ATTEMPTS
    assert 4 * 0.2 <= time.monotonic() - begin < 4
    assert s3.objects(bucket) == {}


async def test_one_silence_costs_its_time_and_nothing_else(
    storm: Weather, s3: s3_server.S3Server, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    s3.client().put_object(Bucket=bucket, Key="first", Body=b"SeaweedFS takes its time for the first")
    async with opened(s3, bucket, monkeypatch, endpoint=storm.url, read_timeout=2.0) as store:
        storm.rule(timeout_ms=60_000, times=1)
        assert await store.put_image(KEY, IMAGE, BODY, DIGEST) is False
    assert storm.requests == 2
    assert s3.objects(bucket, "images/") == {KEY: bytes(BODY)}


async def test_a_document_that_comes_cut_is_asked_for_again(store: S3Store, storm: Weather) -> None:
    """The connection breaks in the answer: half a receipt is none."""
    document = b'{"id": "' + b"x" * 50_000 + b'"}'
    await store.put_document("receipts/a.json", document)
    storm.rule(operation="GetObject", response={"abort_frac": 0.5}, times=2)
    found = await store.get_document("receipts/a.json")
    assert found is not None
    assert found.body == document
    assert storm.requests == 3
