"""The proxy to S3 breaks at any byte, or says what is not so: what ends in the bucket is whole, or nothing."""

import hashlib
from collections.abc import AsyncGenerator, Iterator

import pytest

from intake.model.errors import StoreFailed
from intake.model.image_info import ImageInfo
from intake.model.object_keys import image_key
from intake.s3.store import S3Store
from support import s3_server
from support.fault_proxy import (
    FaultProxy,
    after_upload,
    flip_bit,
    forward_part_and_reset,
    lose_response,
    open_fault_proxy,
    reset_after,
)
from support.origin.behaviour import Responder, head, reply, reset, response, wait_forever
from support.s3_stores import opened
from support.sample_images import jpeg_of_size

BODY = bytearray(jpeg_of_size(600_000, 7))
DIGEST = hashlib.sha256(BODY).hexdigest()
IMAGE = ImageInfo("jpeg", 1, 1, 1, "image/jpeg", "jpg")
KEY = image_key(DIGEST, IMAGE)
PUT = f"PUT .*{KEY}"
RECEIPT = "receipts/a.json"
ATTEMPTS = 4
ERROR = b'<?xml version="1.0"?><Error><Code>InternalError</Code><Message>no</Message></Error>'


async def _resets(_: object, writer: object, __: object) -> None:
    reset(writer)  # type: ignore[arg-type]  # a behaviour's writer


LIES = {
    "random_bytes": reply(b"\x80\x11\x00\xfe\xff" * 20),
    "nothing, and the end": reply(b""),
    "half a status line": reply(b"HTTP/1.1 20"),
    "an error document with 200": reply(response(ERROR), close=False),
    "a page with 200": reply(response(b"<html>Sign in to this network</html>"), close=False),
    "a 200 of 17 MB": reply(head(f"Content-Length: {17 * 2**20}") + bytes(17 * 2**20)),
    "a 500 of 17 MB": reply(head(f"Content-Length: {17 * 2**20}", status="500 No") + bytes(17 * 2**20)),
    "a 500 that is cut": reply(head("Content-Length: 5000", status="500 No") + ERROR),
    "a redirect": reply(response(b"", "Location: http://127.0.0.1:1/", status="307 Temporary Redirect"), close=False),
}


@pytest.fixture
def proxy(s3: s3_server.S3Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultProxy]:
    monkeypatch.setattr("intake.s3.client.random.random", lambda: 0.0)
    with open_fault_proxy(s3.url) as opened_way:
        yield opened_way


@pytest.fixture
async def store(
    proxy: FaultProxy, s3: s3_server.S3Server, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[S3Store]:
    async with opened(s3, bucket, monkeypatch, endpoint=proxy.url) as made:
        yield made


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
async def test_what_s3_cannot_have_said_is_asked_again_and_believed_of_s3_alone(
    lie: Responder, proxy: FaultProxy, store: S3Store, s3: s3_server.S3Server, bucket: str
) -> None:
    proxy.inject(PUT, after_upload(lie), times=ATTEMPTS - 1)
    assert await store.put_image(KEY, IMAGE, BODY, DIGEST) is False
    assert proxy.request_count(PUT) == ATTEMPTS
    assert s3.objects(bucket) == {KEY: bytes(BODY)}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
async def test_what_s3_never_says_is_not_taken_for_stored(lie: Responder, proxy: FaultProxy, store: S3Store) -> None:
    proxy.inject(PUT, after_upload(lie))
    with pytest.raises(StoreFailed):
        await store.put_image(KEY, IMAGE, BODY, DIGEST)
    assert proxy.request_count(PUT) == ATTEMPTS


@pytest.mark.parametrize("place", [0, 1, 299_999, 599_999])
async def test_a_bit_that_flips_on_the_way_is_refused_by_s3_and_sent_again(
    place: int, proxy: FaultProxy, store: S3Store, s3: s3_server.S3Server, bucket: str
) -> None:
    proxy.inject(PUT, flip_bit(proxy, place), times=1)
    assert await store.put_image(KEY, IMAGE, BODY, DIGEST) is False
    assert proxy.request_count(PUT) == 2
    assert s3.objects(bucket) == {KEY: bytes(BODY)}


async def test_a_way_that_spoils_everything_keeps_nothing(
    proxy: FaultProxy, store: S3Store, s3: s3_server.S3Server, bucket: str
) -> None:
    proxy.inject(PUT, flip_bit(proxy, 5))
    with pytest.raises(StoreFailed) as failed:
        await store.put_image(KEY, IMAGE, BODY, DIGEST)
    assert failed.value.reason == "S3 answered 400 BadDigest"
    assert proxy.request_count(PUT) == ATTEMPTS
    assert s3.objects(bucket) == {}


@pytest.mark.parametrize("part", [0, 0.01, 0.5, 0.999])
async def test_an_upload_that_breaks_off_keeps_nothing_and_is_sent_again(
    part: float, proxy: FaultProxy, store: S3Store, s3: s3_server.S3Server, bucket: str
) -> None:
    """S3 has seen so much of it."""
    proxy.inject(PUT, forward_part_and_reset(proxy, part))
    with pytest.raises(StoreFailed):
        await store.put_image(KEY, IMAGE, BODY, DIGEST)
    assert s3.objects(bucket) == {}
    proxy.clear()
    proxy.inject(PUT, reset_after(part), times=ATTEMPTS - 1)
    assert await store.put_image(KEY, IMAGE, BODY, DIGEST) is False
    assert s3.objects(bucket) == {KEY: bytes(BODY)}


async def test_an_answer_that_is_lost_after_the_image_was_stored_is_asked_for_again_and_it_is_there(
    proxy: FaultProxy, store: S3Store, s3: s3_server.S3Server, bucket: str
) -> None:
    proxy.inject(PUT, lose_response(proxy), times=1)
    assert await store.put_image(KEY, IMAGE, BODY, DIGEST) is True
    assert proxy.request_count(PUT) == 2
    assert s3.objects(bucket) == {KEY: bytes(BODY)}


async def test_an_answer_that_is_lost_after_a_document_was_stored_changes_nothing(
    proxy: FaultProxy, store: S3Store, s3: s3_server.S3Server, bucket: str
) -> None:
    proxy.inject(f"PUT .*{RECEIPT}", lose_response(proxy), times=2)
    await store.put_document(RECEIPT, b'{"id": "a"}')
    assert s3.objects(bucket) == {RECEIPT: b'{"id": "a"}'}


async def test_a_connection_that_s3_closed_meanwhile_costs_no_image(
    proxy: FaultProxy, store: S3Store, s3: s3_server.S3Server, bucket: str
) -> None:
    await store.put_document(RECEIPT, b"{}")
    proxy.inject(PUT, _resets, times=1)
    assert await store.put_image(KEY, IMAGE, BODY, DIGEST) is False
    assert s3.objects(bucket, "images/") == {KEY: bytes(BODY)}


async def test_an_answer_before_the_upload_is_over_is_heard(proxy: FaultProxy, store: S3Store) -> None:
    """S3 refuses by the head alone, and does not read on."""

    async def refuses(_: object, writer: object, __: object) -> None:
        denied = ERROR.replace(b"InternalError", b"AccessDenied")
        await reply(response(denied, status="403 Forbidden"), close=False)(_, writer, __)  # type: ignore[arg-type]
        await wait_forever()

    proxy.inject(PUT, refuses)
    body = bytearray(jpeg_of_size(20_000_000, 1))
    with pytest.raises(Exception, match="does not let") as refused:
        await store.put_image(KEY, IMAGE, body, DIGEST)
    assert refused.value.reason == "S3 answered 403 AccessDenied"  # type: ignore[attr-defined]
    assert proxy.request_count(PUT) == 1
