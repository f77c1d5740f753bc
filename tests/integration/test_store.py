"""The store on a real S3 server: written once, refused when wrong, and every refusal its own error."""

import asyncio
import hashlib
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import boto3
import certifi
import pytest

import seaweed
from intake.adapters.bucket import Bucket
from intake.adapters.signer import Signer
from intake.adapters.store import S3Store
from intake.adapters.transport import SessionTransport
from intake.domain.errors import StoreDenied, StoreFailed
from intake.domain.image import Image, inspect
from intake.domain.key import image_key
from intake.domain.limits import Limits
from samples import jpeg_of_size, picture

BODY = bytearray(picture(6, 5, 3, "png"))
DIGEST = hashlib.sha256(BODY).hexdigest()
IMAGE = inspect(BODY, Limits())
KEY = image_key(DIGEST, IMAGE)


@asynccontextmanager
async def opened(
    s3: seaweed.S3Server,
    bucket: str,
    monkeypatch: pytest.MonkeyPatch,
    *,
    access_key: str = seaweed.ACCESS_KEY,
    secret_key: str = seaweed.SECRET_KEY,
) -> AsyncGenerator[S3Store]:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", s3.url)
    session = boto3.Session(aws_access_key_id=access_key, aws_secret_access_key=secret_key, region_name=seaweed.REGION)
    tls = ssl.create_default_context(cafile=certifi.where())
    transport = SessionTransport(connect_timeout=1.0, read_timeout=2.0, tls=tls)
    try:
        yield S3Store(Bucket(Signer(session, bucket), transport))
    finally:
        await transport.aclose()


@pytest.fixture
async def store(s3: seaweed.S3Server, bucket: str, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[S3Store]:
    async with opened(s3, bucket, monkeypatch) as made:
        yield made


async def test_an_image_is_stored_as_it_is_with_the_type_that_its_bytes_say(
    store: S3Store, s3: seaweed.S3Server, bucket: str
) -> None:
    assert await store.put_image(KEY, IMAGE, BODY, DIGEST) is False
    found = s3.client().get_object(Bucket=bucket, Key=KEY)
    assert found["Body"].read() == BODY
    assert found["ContentType"] == "image/png"
    assert found["Metadata"] == {}


async def test_a_second_copy_is_refused_by_s3_itself_and_told_as_reused(
    store: S3Store, s3: seaweed.S3Server, bucket: str
) -> None:
    await store.put_image(KEY, IMAGE, BODY, DIGEST)
    written = s3.client().head_object(Bucket=bucket, Key=KEY)["LastModified"]
    assert await store.put_image(KEY, IMAGE, BODY, DIGEST) is True
    assert s3.client().head_object(Bucket=bucket, Key=KEY)["LastModified"] == written


async def test_of_sixteen_writers_of_one_key_one_writes_and_all_say_stored(store: S3Store) -> None:
    reused = await asyncio.gather(*(store.put_image(KEY, IMAGE, BODY, DIGEST) for _ in range(16)))
    assert sorted(reused) == [False] + [True] * 15


async def test_bytes_that_are_not_those_of_the_digest_are_refused_and_nothing_is_kept(
    store: S3Store, s3: seaweed.S3Server, bucket: str
) -> None:
    spoilt = bytearray(BODY)
    spoilt[-1] ^= 1
    with pytest.raises((StoreFailed, StoreDenied)):
        await store.put_image(KEY, IMAGE, spoilt, DIGEST)
    assert s3.client().list_objects_v2(Bucket=bucket)["KeyCount"] == 0


async def test_a_body_of_many_slices_arrives_byte_for_byte(store: S3Store, s3: seaweed.S3Server, bucket: str) -> None:
    body = bytearray(jpeg_of_size(3_000_001, 1))
    digest = hashlib.sha256(body).hexdigest()
    image = Image("jpeg", 1, 1, 1)
    await store.put_image(image_key(digest, image), image, body, digest)
    found = s3.client().get_object(Bucket=bucket, Key=image_key(digest, image))["Body"].read()
    assert hashlib.sha256(found).hexdigest() == digest


async def test_a_receipt_replaces_an_earlier_one_and_can_be_read(store: S3Store) -> None:
    assert await store.get_document("receipts/a.json") is None
    await store.put_document("receipts/a.json", b'{"id": "old"}')
    await store.put_document("receipts/a.json", b'{"id": "new"}')
    found = await store.get_document("receipts/a.json")
    assert found is not None
    assert found.body == b'{"id": "new"}'


async def test_a_document_is_replaced_where_it_is_the_one_that_was_read_and_not_where_another_came_between(
    store: S3Store,
) -> None:
    assert await store.replace_document("receipts/a.json", b'{"id": "one"}', None) is True
    assert await store.replace_document("receipts/a.json", b'{"id": "two"}', None) is False
    read = await store.get_document("receipts/a.json")
    assert read is not None
    assert await store.replace_document("receipts/a.json", b'{"id": "three"}', read.version) is True
    assert await store.replace_document("receipts/a.json", b'{"id": "four"}', read.version) is False
    stands = await store.get_document("receipts/a.json")
    assert stands is not None
    assert stands.body == b'{"id": "three"}'


async def test_a_document_that_was_removed_meanwhile_is_not_the_one_that_was_read(
    store: S3Store, s3: seaweed.S3Server, bucket: str
) -> None:
    await store.put_document("receipts/a.json", b"{}")
    read = await store.get_document("receipts/a.json")
    assert read is not None
    s3.client().delete_object(Bucket=bucket, Key="receipts/a.json")
    assert await store.replace_document("receipts/a.json", b"[]", read.version) is False
    assert await store.get_document("receipts/a.json") is None


async def test_of_sixteen_writers_over_one_version_one_writes(store: S3Store) -> None:
    await store.put_document("receipts/a.json", b"{}")
    read = await store.get_document("receipts/a.json")
    assert read is not None
    bodies = [b'{"id": %d}' % number for number in range(16)]
    wrote = await asyncio.gather(*(store.replace_document("receipts/a.json", body, read.version) for body in bodies))
    assert sorted(wrote) == [False] * 15 + [True]


async def test_who_may_only_read_is_denied(s3: seaweed.S3Server, bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened(s3, bucket, monkeypatch, access_key=seaweed.READER_KEY) as store:
        with pytest.raises(StoreDenied) as refused:
            await store.put_image(KEY, IMAGE, BODY, DIGEST)
    assert refused.value.reason == "S3 answered 403 AccessDenied"


async def test_a_wrong_signature_is_denied(s3: seaweed.S3Server, bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened(s3, bucket, monkeypatch, secret_key="wrong") as store:
        with pytest.raises(StoreDenied) as refused:
            await store.put_image(KEY, IMAGE, BODY, DIGEST)
    assert refused.value.reason == "S3 answered 403 SignatureDoesNotMatch"


async def test_a_bucket_that_is_not_there_is_denied_at_once(
    s3: seaweed.S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(s3, "no-such-bucket", monkeypatch) as store:
        calls = (
            store.put_image(KEY, IMAGE, BODY, DIGEST),
            store.put_document("receipts/a.json", b"{}"),
            store.get_document("receipts/a.json"),
        )
        for call in calls:
            with pytest.raises(StoreDenied) as refused:
                await call
            assert refused.value.reason == "S3 answered 404 NoSuchBucket"


async def test_a_store_that_cannot_be_reached_has_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("intake.adapters.bucket.random.random", lambda: 0.0)
    [port] = seaweed.free_ports(1)
    async with opened(seaweed.S3Server(f"http://127.0.0.1:{port}"), "bucket", monkeypatch) as store:
        with pytest.raises(StoreFailed) as failed:
            await store.put_document("receipts/a.json", b"{}")
    assert (failed.value.reason or "").startswith("connect_failed")
