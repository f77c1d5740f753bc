"""`S3Store.find_image`: on two S3 servers, and when the response is not from S3 or none comes.

A request that only saves work is sent once, and never fails.
"""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Iterator

import pytest

from intake.image.formats import FORMATS
from intake.image.verify import verify
from intake.ingest.ports import StoredObject
from intake.model.image_info import ImageInfo, ImageWarning
from intake.model.limits import Limits
from intake.model.object_keys import image_key
from intake.s3.store import S3Store
from support import s3_server
from support.fault_proxy import FaultProxy, open_fault_proxy
from support.origin.behaviour import Responder, head, reply, reset, wait_forever
from support.real_s3_store import open_store
from support.sample_images import picture

BODY = picture(6, 5, 3, "png")
DIGEST = hashlib.sha256(BODY).hexdigest()
IMAGE = verify(BODY, Limits())
KEY = image_key(DIGEST, IMAGE)
FOUND = StoredObject(len(BODY), IMAGE)


@pytest.fixture
async def store(server: s3_server.S3Server, images: str, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[S3Store]:
    async with open_store(server, images, monkeypatch) as opened:
        yield opened


@pytest.mark.parametrize("warnings", [(), (ImageWarning.MISSING_PICTURES, ImageWarning.TRAILING_DATA)], ids=str)
async def test_store_finds_the_facts_of_an_image_of_every_type(
    warnings: tuple[ImageWarning, ...], store: S3Store
) -> None:
    images = {
        name: ImageInfo(name, number, 65_535, 10**6, row.content_type, row.extension, warnings)
        for number, (name, row) in enumerate(FORMATS.items(), 1)
    }
    for image in images.values():
        assert await store.put_image(image_key(DIGEST, image), image, BODY, DIGEST) is False
    found = [await store.find_image(image_key(DIGEST, image)) for image in images.values()]
    assert found == [StoredObject(len(BODY), image) for image in images.values()]


async def test_store_keeps_the_first_facts_of_an_image(store: S3Store) -> None:
    await store.put_image(KEY, IMAGE, BODY, DIGEST)
    assert await store.put_image(KEY, IMAGE._replace(width=7, warnings=tuple(ImageWarning)), BODY, DIGEST) is True
    assert await store.find_image(KEY) == FOUND


@pytest.mark.parametrize(
    ("content_type", "metadata"),
    [
        ("image/png", {}),
        ("image/png", {"width": "6", "height": "5"}),
        ("image/png", {"width": "6", "height": "5", "frames": "0"}),
        ("image/png", {"width": "six", "height": "5", "frames": "1"}),
        ("image/png", {"width": "6", "height": "5", "frames": "1", "warnings": "odd"}),
        ("image/jpeg", {"width": "6", "height": "5", "frames": "1"}),
        ("binary/octet-stream", {"width": "6", "height": "5", "frames": "1"}),
    ],
)
async def test_store_finds_no_facts_of_an_object_that_another_program_stored(
    content_type: str, metadata: dict[str, str], store: S3Store, server: s3_server.S3Server, images: str
) -> None:
    server.client().put_object(Bucket=images, Key=KEY, Body=BODY, ContentType=content_type, Metadata=metadata)
    assert await store.find_image(KEY) == StoredObject(len(BODY), None)
    assert await store.put_image(KEY, IMAGE, BODY, DIGEST) is True
    assert await store.find_image(KEY) == StoredObject(len(BODY), None)


async def test_store_finds_facts_that_another_program_copied(
    store: S3Store, server: s3_server.S3Server, images: str
) -> None:
    """A copy or a backup of the bucket keeps the metadata."""
    metadata = {"width": "6", "height": "5", "frames": "1", "copied-by": "a backup"}
    server.client().put_object(Bucket=images, Key=KEY, Body=BODY, ContentType="image/png", Metadata=metadata)
    assert await store.find_image(KEY) == FOUND


async def test_store_finds_no_image_that_is_missing_or_was_removed(
    store: S3Store, server: s3_server.S3Server, images: str
) -> None:
    assert await store.find_image(KEY) is None
    await store.put_image(KEY, IMAGE, BODY, DIGEST)
    server.client().delete_object(Bucket=images, Key=KEY)
    assert await store.find_image(KEY) is None


async def test_store_finds_no_image_when_it_may_not_look(
    server: s3_server.S3Server, images: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_store(server, images, monkeypatch) as store:
        await store.put_image(KEY, IMAGE, BODY, DIGEST)
    async with open_store(server, images, monkeypatch, secret_key="wrong") as store:
        assert await store.find_image(KEY) is None
    async with open_store(server, "no-such-bucket", monkeypatch) as store:
        assert await store.find_image(KEY) is None


# What a HEAD would find, but for one fault. The error of a HEAD has no body.
FACTS = "Content-Type: image/png", "x-amz-meta-width: 6", "x-amz-meta-height: 5", "x-amz-meta-frames: 1"


def answer(*lines: str, status: str = "200 OK") -> Responder:
    return reply(head(*FACTS, *lines, status=status), close=False)


async def _resets(_: object, writer: asyncio.StreamWriter, __: object) -> None:
    reset(writer)


async def _is_silent(*_: object) -> None:
    await wait_forever()


FAULTS = {
    # 403: S3 answers so for a missing object to who may not list the bucket.
    **{
        f"a {status}": answer('ETag: "1"', "Content-Length: 6", status=f"{status} No")
        for status in (301, 304, 307, 400, 403, 404, 405, 409, 412, 429, 500, 501, 503, 521)
    },
    "no ETag": answer("Content-Length: 6"),
    "no length": answer('ETag: "1"'),
    "two lengths": answer('ETag: "1"', "Content-Length: 6", "Content-Length: 7"),
    "a length that is no number": answer('ETag: "1"', "Content-Length: six"),
    "noise": reply(b"\x80\x11\x00\xfe\xff" * 20),
    "half a status line": reply(b"HTTP/1.1 20"),
    "the end": reply(b""),
    "a reset": _resets,
    "silence": _is_silent,
}


@pytest.fixture
def proxy(s3: s3_server.S3Server) -> Iterator[FaultProxy]:
    with open_fault_proxy(s3.url) as opened:
        yield opened


@pytest.fixture
async def behind(
    proxy: FaultProxy, s3: s3_server.S3Server, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[S3Store]:
    """A store behind the proxy, on SeaweedFS, that is ready."""
    async with open_store(s3, bucket, monkeypatch, endpoint=proxy.url) as opened:
        while not opened.is_ready:  # noqa: ASYNC110 - there is no event
            await asyncio.sleep(0.01)
        yield opened


async def test_store_finds_what_the_faults_are_made_of(proxy: FaultProxy, behind: S3Store) -> None:
    proxy.inject("HEAD ", answer('ETag: "1"', "Content-Length: 6"))
    assert await behind.find_image(KEY) == StoredObject(6, IMAGE)


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
async def test_store_asks_once_and_finds_no_image_when_the_response_is_not_that_of_s3(
    fault: Responder, proxy: FaultProxy, behind: S3Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("intake.s3.client._SINGLE_ATTEMPT_TIMEOUT", 0.5)
    proxy.inject("HEAD ", fault)
    assert await behind.find_image(KEY) is None
    assert len(proxy.requests) == 1


async def test_store_finds_image_when_s3_has_closed_an_idle_connection(proxy: FaultProxy, behind: S3Store) -> None:
    await behind.put_image(KEY, IMAGE, BODY, DIGEST)
    proxy.inject("HEAD ", _resets, times=1)
    assert await behind.find_image(KEY) == FOUND


async def test_store_finds_no_image_when_s3_cannot_be_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    [port] = s3_server.free_ports(1)
    async with open_store(s3_server.S3Server(f"http://127.0.0.1:{port}"), "bucket", monkeypatch) as store:
        assert await store.find_image(KEY) is None


async def test_store_stops_to_look_for_an_image_when_its_task_is_cancelled(proxy: FaultProxy, behind: S3Store) -> None:
    proxy.inject("HEAD ", _is_silent)
    looking = asyncio.create_task(behind.find_image(KEY))
    while not proxy.requests:  # noqa: ASYNC110 - the proxy runs in a thread
        await asyncio.sleep(0.01)
    looking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await looking
