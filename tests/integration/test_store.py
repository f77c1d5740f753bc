"""Who may not write, and a server that is not there: what the store says of them. SeaweedFS knows several users."""

import asyncio
import hashlib
from asyncio import StreamReader, StreamWriter

import pytest

from intake.image.verify import verify
from intake.model.errors import StoreDenied, StoreFailed
from intake.model.limits import Limits
from intake.model.object_keys import image_key
from support import s3_server
from support.origin.behaviour import reset
from support.s3_stores import opened
from support.sample_images import picture

BODY = bytearray(picture(6, 5, 3, "png"))
DIGEST = hashlib.sha256(BODY).hexdigest()
IMAGE = verify(BODY, Limits())
KEY = image_key(DIGEST, IMAGE)


async def test_who_may_only_read_is_denied(
    s3: s3_server.S3Server, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(s3, bucket, monkeypatch, access_key=s3_server.READER_KEY) as store:
        with pytest.raises(StoreDenied) as refused:
            await store.put_image(KEY, IMAGE, BODY, DIGEST)
    assert refused.value.reason == "S3 answered 403 AccessDenied"


async def test_a_wrong_signature_is_denied(
    s3: s3_server.S3Server, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(s3, bucket, monkeypatch, secret_key="wrong") as store:
        with pytest.raises(StoreDenied) as refused:
            await store.put_image(KEY, IMAGE, BODY, DIGEST)
    assert refused.value.reason == "S3 answered 403 SignatureDoesNotMatch"


async def test_a_store_that_cannot_be_reached_has_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("intake.s3.client.random.random", lambda: 0.0)
    [port] = s3_server.free_ports(1)
    async with opened(s3_server.S3Server(f"http://127.0.0.1:{port}"), "bucket", monkeypatch) as store:
        with pytest.raises(StoreFailed) as failed:
            await store.put_document("receipts/a.json", b"{}")
    assert (failed.value.reason or "").startswith("connect_failed")


async def test_a_store_that_resets_every_connection_at_once_has_failed_after_four(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("intake.s3.client.random.random", lambda: 0.0)
    accepted: list[StreamWriter] = []

    def hang_up(_: StreamReader, writer: StreamWriter) -> None:
        accepted.append(writer)
        reset(writer)

    async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with opened(s3_server.S3Server(f"http://127.0.0.1:{port}"), "bucket", monkeypatch) as store:
            with pytest.raises(StoreFailed) as failed:
                await store.put_image(KEY, IMAGE, BODY, DIGEST)
    assert (failed.value.reason or "").startswith("connection_lost")
    assert len(accepted) == 4
