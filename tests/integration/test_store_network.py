"""`S3Store` when the network to S3 fails, damages bytes or gives false responses: an image is stored whole or not."""

import asyncio
import hashlib
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncGenerator, Iterator

import pytest

from intake.model.error_codes import StoreDenied, StoreFailed
from intake.model.image_info import ImageInfo
from intake.model.object_keys import image_key
from intake.s3.store import S3Store
from support import s3_server
from support.fault_proxy import (
    FaultProxy,
    after_upload,
    content_length,
    flip_bit,
    forward_part_and_reset,
    lose_response,
    open_fault_proxy,
    reset_after,
)
from support.origin.behaviour import Request, Responder, head, reply, reset, response_with, wait_forever
from support.real_s3_store import open_store
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


FALSE_RESPONSES = {
    "random_bytes": reply(b"\x80\x11\x00\xfe\xff" * 20),
    "end without a response": reply(b""),
    "half a status line": reply(b"HTTP/1.1 20"),
    "an error document with 200": reply(response_with(ERROR), close=False),
    "an error document with 200 and an ETag": reply(response_with(ERROR, 'ETag: "1"'), close=False),
    "a page with 200": reply(response_with(b"<html>Sign in to this network</html>"), close=False),
    "a 200 of 17 MB": reply(head(f"Content-Length: {17 * 2**20}") + bytes(17 * 2**20)),
    "a 500 of 17 MB": reply(head(f"Content-Length: {17 * 2**20}", status="500 No") + bytes(17 * 2**20)),
    "a 500 that is cut": reply(head("Content-Length: 5000", status="500 No") + ERROR),
    "a redirect": reply(
        response_with(b"", "Location: http://127.0.0.1:1/", status="307 Temporary Redirect"), close=False
    ),
}


@pytest.fixture(autouse=True)
def no_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("intake.s3.client.random.random", lambda: 0.0)


@pytest.fixture
def proxy(s3: s3_server.S3Server, no_backoff: None) -> Iterator[FaultProxy]:  # noqa: ARG001 - before it
    with open_fault_proxy(s3.url) as opened:
        yield opened


@pytest.fixture
async def store(
    proxy: FaultProxy, s3: s3_server.S3Server, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[S3Store]:
    async with open_store(s3, bucket, monkeypatch, endpoint=proxy.url) as opened:
        yield opened


async def test_store_fails_when_s3_cannot_be_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    [port] = s3_server.free_ports(1)
    async with open_store(s3_server.S3Server(f"http://127.0.0.1:{port}"), "bucket", monkeypatch) as store:
        with pytest.raises(StoreFailed) as failed:
            await store.put_document(RECEIPT, b"{}")
    assert (failed.value.reason or "").startswith("ConnectError")


async def test_store_fails_after_four_connections_when_s3_resets_every_one(monkeypatch: pytest.MonkeyPatch) -> None:
    accepted: list[StreamWriter] = []

    def reset_at_once(_: StreamReader, writer: StreamWriter) -> None:
        accepted.append(writer)
        reset(writer)

    async with await asyncio.start_server(reset_at_once, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with open_store(s3_server.S3Server(f"http://127.0.0.1:{port}"), "bucket", monkeypatch) as store:
            with pytest.raises(StoreFailed) as failed:
                await store.put_image(KEY, IMAGE, BODY, DIGEST)
    assert (failed.value.reason or "").startswith("ConnectionLost")
    assert len(accepted) == ATTEMPTS


@pytest.mark.parametrize("fault", FALSE_RESPONSES.values(), ids=FALSE_RESPONSES)
async def test_store_retries_a_response_that_is_not_from_s3(
    fault: Responder, proxy: FaultProxy, store: S3Store, s3: s3_server.S3Server, bucket: str
) -> None:
    proxy.inject(PUT, after_upload(fault), times=ATTEMPTS - 1)
    assert await store.put_image(KEY, IMAGE, BODY, DIGEST) is False
    assert proxy.request_count(PUT) == ATTEMPTS
    assert s3.objects(bucket) == {KEY: bytes(BODY)}


@pytest.mark.parametrize("name", [name for name in FALSE_RESPONSES if "with 200" in name])
async def test_store_does_not_report_stored_when_a_success_is_not_from_s3(
    name: str, proxy: FaultProxy, store: S3Store
) -> None:
    proxy.inject(PUT, after_upload(FALSE_RESPONSES[name]))
    with pytest.raises(StoreFailed):
        await store.put_image(KEY, IMAGE, BODY, DIGEST)
    assert proxy.request_count(PUT) == ATTEMPTS


@pytest.mark.parametrize("place", [0, 1, 299_999, 599_999])
async def test_store_sends_image_again_when_s3_received_a_flipped_bit(
    place: int, proxy: FaultProxy, store: S3Store, s3: s3_server.S3Server, bucket: str
) -> None:
    proxy.inject(PUT, flip_bit(proxy, place), times=1)
    assert await store.put_image(KEY, IMAGE, BODY, DIGEST) is False
    assert proxy.request_count(PUT) == 2
    assert s3.objects(bucket) == {KEY: bytes(BODY)}


async def test_store_stores_nothing_when_every_upload_is_damaged(
    proxy: FaultProxy, store: S3Store, s3: s3_server.S3Server, bucket: str
) -> None:
    proxy.inject(PUT, flip_bit(proxy, 5))
    with pytest.raises(StoreFailed) as failed:
        await store.put_image(KEY, IMAGE, BODY, DIGEST)
    assert failed.value.reason == "S3 answered 400 BadDigest"
    assert proxy.request_count(PUT) == ATTEMPTS
    assert s3.objects(bucket) == {}


@pytest.mark.parametrize("part", [0, 0.01, 0.5, 0.999])
async def test_store_stores_no_part_of_an_upload_that_breaks(
    part: float, proxy: FaultProxy, store: S3Store, s3: s3_server.S3Server, bucket: str
) -> None:
    """S3 receives this part of the image before the connection breaks."""
    proxy.inject(PUT, forward_part_and_reset(proxy, part))
    with pytest.raises(StoreFailed):
        await store.put_image(KEY, IMAGE, BODY, DIGEST)
    assert s3.objects(bucket) == {}
    proxy.clear()
    proxy.inject(PUT, reset_after(part), times=ATTEMPTS - 1)
    assert await store.put_image(KEY, IMAGE, BODY, DIGEST) is False
    assert s3.objects(bucket) == {KEY: bytes(BODY)}


async def test_store_reports_reused_when_the_response_to_the_first_upload_is_lost(
    proxy: FaultProxy, store: S3Store, s3: s3_server.S3Server, bucket: str
) -> None:
    proxy.inject(PUT, lose_response(proxy), times=1)
    assert await store.put_image(KEY, IMAGE, BODY, DIGEST) is True
    assert proxy.request_count(PUT) == 2
    assert s3.objects(bucket) == {KEY: bytes(BODY)}


async def test_store_writes_document_again_when_the_response_is_lost(
    proxy: FaultProxy, store: S3Store, s3: s3_server.S3Server, bucket: str
) -> None:
    proxy.inject(f"PUT .*{RECEIPT}", lose_response(proxy), times=2)
    await store.put_document(RECEIPT, b'{"id": "a"}')
    assert s3.objects(bucket) == {RECEIPT: b'{"id": "a"}'}


async def test_store_succeeds_when_s3_has_closed_an_idle_connection(
    proxy: FaultProxy, store: S3Store, s3: s3_server.S3Server, bucket: str
) -> None:
    await store.put_document(RECEIPT, b"{}")
    proxy.inject(PUT, _resets, times=1)
    assert await store.put_image(KEY, IMAGE, BODY, DIGEST) is False
    assert s3.objects(bucket, "images/") == {KEY: bytes(BODY)}


def _succeed_after(part: float) -> Responder:
    """Answer 200 after a part of the body, 0 to 1, and read no more for a while."""

    async def respond(reader: StreamReader, writer: StreamWriter, request: Request) -> None:
        await reader.readexactly(int(content_length(request.raw) * part))
        await reply(response_with(b"", 'ETag: "1"'), close=False)(reader, writer, request)
        await asyncio.sleep(0.2)
        writer.close()

    return respond


LARGE = bytearray(jpeg_of_size(20_000_000, 1))
LARGE_DIGEST = hashlib.sha256(LARGE).hexdigest()


@pytest.mark.parametrize("part", [0, 0.3, 0.5])
async def test_store_sends_image_again_when_s3_reports_success_before_it_has_the_whole_image(
    part: float, proxy: FaultProxy, store: S3Store, s3: s3_server.S3Server, bucket: str
) -> None:
    proxy.inject(PUT, _succeed_after(part), times=1)
    assert await store.put_image(KEY, IMAGE, LARGE, LARGE_DIGEST) is False
    assert s3.objects(bucket) == {KEY: bytes(LARGE)}


async def test_store_fails_when_s3_always_reports_success_before_it_has_the_image(
    proxy: FaultProxy, store: S3Store, s3: s3_server.S3Server, bucket: str
) -> None:
    proxy.inject(PUT, _succeed_after(0))
    with pytest.raises(StoreFailed) as failed:
        await store.put_image(KEY, IMAGE, LARGE, LARGE_DIGEST)
    assert failed.value.reason == "S3 answered 200 before it had received the whole object"
    assert proxy.request_count(PUT) == ATTEMPTS
    assert s3.objects(bucket) == {}


async def test_store_reads_a_response_that_comes_before_the_upload_ends(proxy: FaultProxy, store: S3Store) -> None:
    """S3 denies the request by its headers, and does not read the body."""

    async def denies(_: object, writer: object, __: object) -> None:
        document = ERROR.replace(b"InternalError", b"AccessDenied")
        await reply(response_with(document, status="403 Forbidden"), close=False)(_, writer, __)  # type: ignore[arg-type]
        await wait_forever()

    proxy.inject(PUT, denies)
    with pytest.raises(StoreDenied) as denied:
        await store.put_image(KEY, IMAGE, LARGE, LARGE_DIGEST)
    assert denied.value.reason == "S3 answered 403 AccessDenied"
    assert proxy.request_count(PUT) == 1
