"""The promises of `S3Store`, tested with two different S3 servers: SeaweedFS and MiniStack.

A test says so where it runs with one of them only, because the other does not enforce the rule.
"""

import asyncio
import hashlib
from collections.abc import AsyncGenerator

import pytest

from intake.image.verify import verify
from intake.ingest.ports import StoredObject
from intake.model.error_codes import StoreDenied, StoreFailed
from intake.model.image_info import ImageInfo
from intake.model.limits import MIB, Limits
from intake.model.object_keys import image_key
from intake.s3.store import S3Store
from support import s3_server
from support.real_s3_store import find_wrong_images, open_store
from support.sample_images import jpeg_of_size, picture

BODY = bytearray(picture(6, 5, 3, "png"))
DIGEST = hashlib.sha256(BODY).hexdigest()
IMAGE = verify(BODY, Limits())
KEY = image_key(DIGEST, IMAGE)
RECEIPT = "receipts/a.json"
WRITERS = 16


@pytest.fixture
async def store(server: s3_server.S3Server, images: str, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[S3Store]:
    monkeypatch.setattr("intake.s3.client.random.random", lambda: 0.0)
    async with open_store(server, images, monkeypatch) as opened:
        yield opened


async def read(store: S3Store, key: str = RECEIPT) -> bytes | None:
    found = await store.get_document(key)
    return None if found is None else found.body


async def read_version(store: S3Store) -> str | None:
    found = await store.get_document(RECEIPT)
    return None if found is None else found.version


async def test_store_writes_image_with_content_type_and_its_facts(
    store: S3Store, server: s3_server.S3Server, images: str
) -> None:
    assert await store.put_image(KEY, IMAGE, BODY, DIGEST) is False
    found = server.client().get_object(Bucket=images, Key=KEY)
    facts = {"width": "6", "height": "5", "frames": "1"}
    assert (found["Body"].read(), found["ContentType"], found["Metadata"]) == (bytes(BODY), "image/png", facts)
    assert await store.find_image(KEY) == StoredObject(len(BODY), IMAGE)


async def test_store_reports_image_as_reused_and_does_not_write_it_again(
    store: S3Store, server: s3_server.S3Server, images: str
) -> None:
    await store.put_image(KEY, IMAGE, BODY, DIGEST)
    written = server.client().head_object(Bucket=images, Key=KEY)["LastModified"]
    assert await store.put_image(KEY, IMAGE, BODY, DIGEST) is True
    assert written == server.client().head_object(Bucket=images, Key=KEY)["LastModified"]


async def test_store_writes_image_once_when_sixteen_writers_race(
    store: S3Store, server: s3_server.S3Server, images: str
) -> None:
    # Open sixteen connections first, so that the writers race and not the handshakes.
    await asyncio.gather(*(store.get_document("receipts/none.json") for _ in range(WRITERS)))
    reused = await asyncio.gather(*(store.put_image(KEY, IMAGE, BODY, DIGEST) for _ in range(WRITERS)))
    assert sorted(reused) == [False] + [True] * (WRITERS - 1)
    assert server.objects(images) == {KEY: bytes(BODY)}


async def test_store_rejects_image_whose_bytes_do_not_match_the_digest(
    store: S3Store, server: s3_server.S3Server, images: str
) -> None:
    damaged = bytearray(BODY)
    damaged[-1] ^= 1
    with pytest.raises((StoreFailed, StoreDenied)):
        await store.put_image(KEY, IMAGE, damaged, DIGEST)
    assert server.objects(images) == {}


@pytest.mark.parametrize("size", [1_000, 262_144, 262_145, 20 * MIB])
async def test_store_writes_image_of_any_size(
    size: int, store: S3Store, server: s3_server.S3Server, images: str
) -> None:
    """Less than one slice of the upload, exactly one, one byte more, and the maximum of an image."""
    body = bytearray(jpeg_of_size(size, 1))
    digest = hashlib.sha256(body).hexdigest()
    image = ImageInfo("jpeg", 1, 1, 1, "image/jpeg", "jpg")
    assert await store.put_image(image_key(digest, image), image, body, digest) is False
    assert await store.find_image(image_key(digest, image)) == StoredObject(size, image)
    found = server.objects(images)
    assert [size] == [len(stored) for stored in found.values()]
    assert find_wrong_images(found) == []


async def test_store_returns_the_last_version_of_a_document(
    store: S3Store, server: s3_server.S3Server, images: str
) -> None:
    await store.put_document(RECEIPT, b'{"id": "old", "more": "than the next"}')
    await store.put_document(RECEIPT, b'{"id": "new"}')
    assert await read(store) == b'{"id": "new"}'
    assert server.client().head_object(Bucket=images, Key=RECEIPT)["ContentType"] == "application/json"


async def test_store_returns_none_for_a_missing_document(store: S3Store) -> None:
    assert await store.get_document("receipts/none.json") is None


async def test_store_returns_an_empty_document(store: S3Store) -> None:
    await store.put_document(RECEIPT, b"")
    assert await read(store) == b""


async def test_store_replaces_document_only_when_its_version_matches(store: S3Store) -> None:
    assert await store.replace_document(RECEIPT, b"one", None) is True
    assert await store.replace_document(RECEIPT, b"two", None) is False
    first = await read_version(store)
    assert await store.replace_document(RECEIPT, b"three", first) is True
    assert await store.replace_document(RECEIPT, b"four", first) is False
    assert await read(store) == b"three"


async def test_store_does_not_replace_document_that_was_deleted(
    store: S3Store, server: s3_server.S3Server, images: str
) -> None:
    await store.put_document(RECEIPT, b"{}")
    first = await read_version(store)
    server.client().delete_object(Bucket=images, Key=RECEIPT)
    assert await store.replace_document(RECEIPT, b"[]", first) is False
    assert await read(store) is None


@pytest.mark.parametrize("exists", [True, False], ids=["existing document", "new document"])
async def test_store_replaces_document_once_when_sixteen_writers_race(exists: bool, store: S3Store) -> None:  # noqa: FBT001 - a case
    await asyncio.gather(*(store.get_document("receipts/none.json") for _ in range(WRITERS)))
    if exists:
        await store.put_document(RECEIPT, b"{}")
    first = await read_version(store)
    bodies = [b'{"id": %d}' % number for number in range(WRITERS)]
    wrote = await asyncio.gather(*(store.replace_document(RECEIPT, body, first) for body in bodies))
    assert sorted(wrote) == [False] * (WRITERS - 1) + [True]
    assert await read(store) == bodies[wrote.index(True)]


@pytest.mark.parametrize(
    "name", ["a b", "a+b", "é&ü=1", "100%", "%2F", "a%20b", "~a", "a'b(c)*!", "a?b#c", "a/b", "x" * 200]
)
async def test_store_finds_document_under_any_key(
    name: str, server: s3_server.S3Server, store: S3Store, images: str
) -> None:
    """Callers choose the names of manifests. The key must be the same for us and for boto3."""
    await put_and_find(f"receipts/{name}.json", server, store, images)


@pytest.mark.parametrize("server", ["emulator"], ids=["ministack"], indirect=True)
@pytest.mark.parametrize("name", ["a//b", "a/../b", "x" * 900])
async def test_store_finds_document_under_key_that_is_no_file_name(
    name: str, server: s3_server.S3Server, store: S3Store, images: str
) -> None:
    """S3 accepts these keys. SeaweedFS does not, because its objects are files."""
    await put_and_find(f"receipts/{name}.json", server, store, images)


async def put_and_find(key: str, server: s3_server.S3Server, store: S3Store, images: str) -> None:
    await store.put_document(key, b"{}")
    assert await read(store, key) == b"{}"
    assert server.objects(images) == {key: b"{}"}


async def test_store_is_denied_when_the_bucket_is_missing(
    server: s3_server.S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_store(server, "no-such-bucket", monkeypatch) as store:
        calls = (
            store.put_image(KEY, IMAGE, BODY, DIGEST),
            store.put_document(RECEIPT, b"{}"),
            store.get_document(RECEIPT),
        )
        for call in calls:
            with pytest.raises(StoreDenied) as denied:
                await call
            assert denied.value.reason == "S3 answered 404 NoSuchBucket"


@pytest.mark.parametrize("access_key", ["unknown", None], ids=["unknown key", "wrong secret"])
async def test_store_is_denied_when_credentials_are_wrong(
    access_key: str | None, server: s3_server.S3Server, images: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_store(server, images, monkeypatch, access_key=access_key, secret_key="wrong") as store:
        with pytest.raises(StoreDenied) as denied:
            await store.put_image(KEY, IMAGE, BODY, DIGEST)
    assert (denied.value.reason or "").startswith("S3 answered 403")
    assert server.objects(images) == {}


async def test_store_is_denied_when_the_user_may_only_read(
    s3: s3_server.S3Server, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On SeaweedFS, which has several users."""
    async with open_store(s3, bucket, monkeypatch, access_key=s3_server.READER_KEY) as store:
        with pytest.raises(StoreDenied) as denied:
            await store.put_image(KEY, IMAGE, BODY, DIGEST)
    assert denied.value.reason == "S3 answered 403 AccessDenied"
