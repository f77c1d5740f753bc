"""What the store promises, held against two S3 servers of different making: SeaweedFS and MiniStack.

Where one of them is known not to enforce something, the test says so.
"""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path

import pytest
from infra.local.ministack import REGION, ROOT_KEY, ROOT_SECRET, ministack

from intake.image.verify import verify
from intake.model.errors import StoreDenied, StoreFailed
from intake.model.image_info import ImageInfo
from intake.model.limits import MIB, Limits
from intake.model.object_keys import image_key
from intake.s3.store import S3Store
from support import s3_server
from support.s3_stores import opened, wrong_images
from support.sample_images import jpeg_of_size, picture

VENV = Path(__file__).parents[2] / ".local" / "ministack"
BODY = bytearray(picture(6, 5, 3, "png"))
DIGEST = hashlib.sha256(BODY).hexdigest()
IMAGE = verify(BODY, Limits())
KEY = image_key(DIGEST, IMAGE)
WRITERS = 16


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[s3_server.S3Server]:
    if not VENV.exists():
        pytest.fail("MiniStack is not installed: run `make install`, or `make test` for everything.")
    with ministack(VENV, tmp_path_factory.mktemp("ministack")) as started:
        yield s3_server.S3Server(started.endpoint, ROOT_KEY, ROOT_SECRET, REGION)


@pytest.fixture(params=["s3", "emulator"], ids=["seaweedfs", "ministack"])
def server(request: pytest.FixtureRequest) -> s3_server.S3Server:
    found: s3_server.S3Server = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def images(server: s3_server.S3Server) -> str:
    return server.new_bucket()


@pytest.fixture
async def store(server: s3_server.S3Server, images: str, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[S3Store]:
    monkeypatch.setattr("intake.s3.client.random.random", lambda: 0.0)
    async with opened(server, images, monkeypatch) as made:
        yield made


async def read(store: S3Store, key: str = "receipts/a.json") -> bytes | None:
    found = await store.get_document(key)
    return None if found is None else found.body


async def version(store: S3Store) -> str | None:
    found = await store.get_document("receipts/a.json")
    return None if found is None else found.version


async def test_an_image_is_stored_once_with_the_type_of_its_bytes_and_nothing_else(
    store: S3Store, server: s3_server.S3Server, images: str
) -> None:
    assert await store.put_image(KEY, IMAGE, BODY, DIGEST) is False
    found = server.client().get_object(Bucket=images, Key=KEY)
    assert (found["Body"].read(), found["ContentType"], found["Metadata"]) == (bytes(BODY), "image/png", {})


async def test_a_second_copy_is_refused_and_told_as_reused(
    store: S3Store, server: s3_server.S3Server, images: str
) -> None:
    await store.put_image(KEY, IMAGE, BODY, DIGEST)
    written = server.client().head_object(Bucket=images, Key=KEY)["LastModified"]
    assert await store.put_image(KEY, IMAGE, BODY, DIGEST) is True
    assert written == server.client().head_object(Bucket=images, Key=KEY)["LastModified"]


async def test_of_sixteen_writers_on_connections_of_their_own_one_writes_and_all_say_stored(
    store: S3Store, server: s3_server.S3Server, images: str
) -> None:
    # Sixteen connections first, so that the race is between writers and not between handshakes.
    await asyncio.gather(*(store.get_document("receipts/none.json") for _ in range(WRITERS)))
    reused = await asyncio.gather(*(store.put_image(KEY, IMAGE, BODY, DIGEST) for _ in range(WRITERS)))
    assert sorted(reused) == [False] + [True] * (WRITERS - 1)
    assert server.objects(images) == {KEY: bytes(BODY)}


async def test_bytes_that_are_not_those_of_the_digest_are_refused_and_nothing_is_kept(
    store: S3Store, server: s3_server.S3Server, images: str
) -> None:
    spoilt = bytearray(BODY)
    spoilt[-1] ^= 1
    with pytest.raises((StoreFailed, StoreDenied)):
        await store.put_image(KEY, IMAGE, spoilt, DIGEST)
    assert server.objects(images) == {}


@pytest.mark.parametrize("size", [1_000, 262_144, 262_145, 20 * MIB])
async def test_a_body_of_any_size_arrives_byte_for_byte(
    size: int, store: S3Store, server: s3_server.S3Server, images: str
) -> None:
    """One slice of the upload, exactly one, one byte more, and the most that an image may have."""
    body = bytearray(jpeg_of_size(size, 1))
    digest = hashlib.sha256(body).hexdigest()
    image = ImageInfo("jpeg", 1, 1, 1, "image/jpeg", "jpg")
    assert await store.put_image(image_key(digest, image), image, body, digest) is False
    found = server.objects(images)
    assert [size] == [len(held) for held in found.values()]
    assert wrong_images(found) == []


async def test_a_document_is_as_it_last_was(store: S3Store, server: s3_server.S3Server, images: str) -> None:
    await store.put_document("receipts/a.json", b'{"id": "old", "more": "than the next"}')
    await store.put_document("receipts/a.json", b'{"id": "new"}')
    assert await read(store) == b'{"id": "new"}'
    assert server.client().head_object(Bucket=images, Key="receipts/a.json")["ContentType"] == "application/json"


async def test_a_document_that_is_not_there_is_none(store: S3Store) -> None:
    assert await store.get_document("receipts/none.json") is None


async def test_a_document_of_no_bytes_is_one(store: S3Store) -> None:
    await store.put_document("receipts/a.json", b"")
    assert await read(store) == b""


async def test_a_document_is_replaced_where_it_is_the_one_that_was_read_and_not_where_another_came_between(
    store: S3Store,
) -> None:
    assert await store.replace_document("receipts/a.json", b"one", None) is True
    assert await store.replace_document("receipts/a.json", b"two", None) is False
    first = await version(store)
    assert await store.replace_document("receipts/a.json", b"three", first) is True
    assert await store.replace_document("receipts/a.json", b"four", first) is False
    assert await read(store) == b"three"


async def test_a_document_that_was_removed_meanwhile_is_not_the_one_that_was_read(
    store: S3Store, server: s3_server.S3Server, images: str
) -> None:
    await store.put_document("receipts/a.json", b"{}")
    first = await version(store)
    server.client().delete_object(Bucket=images, Key="receipts/a.json")
    assert await store.replace_document("receipts/a.json", b"[]", first) is False
    assert await read(store) is None


@pytest.mark.parametrize("there", [True, False], ids=["over one version", "where nothing is"])
async def test_of_sixteen_writers_of_one_document_one_writes(there: bool, store: S3Store) -> None:  # noqa: FBT001 - a case
    await asyncio.gather(*(store.get_document("receipts/none.json") for _ in range(WRITERS)))
    if there:
        await store.put_document("receipts/a.json", b"{}")
    first = await version(store)
    bodies = [b'{"id": %d}' % number for number in range(WRITERS)]
    wrote = await asyncio.gather(*(store.replace_document("receipts/a.json", body, first) for body in bodies))
    assert sorted(wrote) == [False] * (WRITERS - 1) + [True]
    assert await read(store) == bodies[wrote.index(True)]


@pytest.mark.parametrize(
    "name", ["a b", "a+b", "é&ü=1", "100%", "%2F", "a%20b", "~a", "a'b(c)*!", "a?b#c", "a/b", "x" * 200]
)
async def test_a_document_is_found_under_the_name_it_was_put_under_however_odd(
    name: str, server: s3_server.S3Server, store: S3Store, images: str
) -> None:
    """Names of manifests are the callers': the key is the same to us and to boto3."""
    await put_and_find(f"receipts/{name}.json", server, store, images)


@pytest.mark.parametrize("server", ["emulator"], ids=["ministack"], indirect=True)
@pytest.mark.parametrize("name", ["a//b", "a/../b", "x" * 900])
async def test_a_document_is_found_under_a_name_that_no_file_could_have(
    name: str, server: s3_server.S3Server, store: S3Store, images: str
) -> None:
    """S3 takes these; SeaweedFS, whose objects are files, does not."""
    await put_and_find(f"receipts/{name}.json", server, store, images)


async def put_and_find(key: str, server: s3_server.S3Server, store: S3Store, images: str) -> None:
    await store.put_document(key, b"{}")
    assert await read(store, key) == b"{}"
    assert server.objects(images) == {key: b"{}"}


async def test_a_bucket_that_is_not_there_is_denied(
    server: s3_server.S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(server, "no-such-bucket", monkeypatch) as store:
        calls = (
            store.put_image(KEY, IMAGE, BODY, DIGEST),
            store.put_document("receipts/a.json", b"{}"),
            store.get_document("receipts/a.json"),
        )
        for call in calls:
            with pytest.raises(StoreDenied) as refused:
                await call
            assert refused.value.reason == "S3 answered 404 NoSuchBucket"


@pytest.mark.parametrize(("who", "secret"), [("nobody", "wrong"), (None, "wrong")])
async def test_who_is_not_known_or_signs_wrong_is_denied(
    who: str | None, secret: str, server: s3_server.S3Server, images: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(server, images, monkeypatch, access_key=who, secret_key=secret) as store:
        with pytest.raises(StoreDenied) as refused:
            await store.put_image(KEY, IMAGE, BODY, DIGEST)
    assert (refused.value.reason or "").startswith("S3 answered 403")
    assert server.objects(images) == {}
