"""`FileStore` keeps the promises of the Store port, on every kind of file system."""

import asyncio
import errno
import hashlib
import os
import threading
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from infra.run.file_store import FileStore

from intake.image.verify import verify
from intake.ingest.ports import DocumentTooLarge, Store
from intake.model.error_codes import StoreFailed
from intake.model.limits import MIB, Limits
from intake.model.object_keys import image_key
from support.file_systems import COMPLETE, ELSEWHERE, KINDS, failing, file_system, link_folders
from support.sample_images import ANY_TYPE, SAMPLES, jpeg_of_size, picture

BODY = bytearray(picture(6, 5, 3, "png"))
DIGEST = hashlib.sha256(BODY).hexdigest()
IMAGE = verify(BODY, Limits())
KEY = image_key(DIGEST, IMAGE)
RECEIPT = "receipts/a.json"
OTHER_SIZE, SAME_SIZE = bytes(BODY[:-1]), bytes(BODY[:-1]) + b"\0"


@pytest.fixture(params=["", ELSEWHERE])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[None]:
    """Where images and documents are: in the folder, or in /dev/shm, a file system of its own (shm_overview(7))."""
    with TemporaryDirectory(dir="/dev/shm") as other:
        if request.param:
            link_folders(tmp_path, Path(other))
        yield


@pytest.fixture(params=[*((kind, False) for kind in KINDS), (COMPLETE, True)], ids=[*KINDS, "fsync"])
async def store(request: pytest.FixtureRequest, tmp_path: Path, place: None) -> AsyncGenerator[FileStore]:  # noqa: ARG001 - prepares the folder
    kind, fsync = request.param
    with file_system(kind):
        opened = FileStore(tmp_path, fsync=fsync)
        yield opened
        await opened.aclose()


def files_in(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*", recurse_symlinks=True) if path.is_file() and path.suffix != ".lock")
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


async def read(store: Store, key: str = RECEIPT) -> tuple[bytes | None, str | None]:
    found = await store.get_document(key)
    return (None, None) if found is None else (found.body, found.version)


async def test_store_stores_an_image_once(store: FileStore, tmp_path: Path) -> None:
    body = memoryview(BODY)
    assert store.is_ready
    assert await store.find_image(KEY) is None
    assert [await store.put_image(KEY, IMAGE, body, DIGEST) for _ in range(3)] == [False, True, True]
    body.release()  # the store keeps no reference
    assert files_in(tmp_path) == {KEY: bytes(BODY)}
    assert store.fault is None


async def test_store_finds_size_and_facts_of_an_image(store: FileStore) -> None:
    await store.put_image(KEY, IMAGE, BODY, DIGEST)
    found = await store.find_image(KEY)
    assert found is not None
    assert (found.size, found.image) == (len(BODY), IMAGE)


@pytest.mark.parametrize("body", [sample.data for sample in SAMPLES.values()], ids=SAMPLES)
async def test_store_finds_the_facts_that_the_service_verified(body: bytes, tmp_path: Path) -> None:
    store, image, digest = FileStore(tmp_path), verify(body, ANY_TYPE, len(body)), hashlib.sha256(body).hexdigest()
    await store.put_image(image_key(digest, image), image, body, digest)
    found = await store.find_image(image_key(digest, image))
    assert found is not None
    assert (found.size, found.image) == (len(body), image)
    await store.aclose()


@pytest.mark.parametrize("size", [MIB, MIB + 1, 3 * MIB])
async def test_store_finds_image_of_any_size(size: int, tmp_path: Path) -> None:
    """Up to 1 MiB, the file is read at once; a larger one is read in pieces, in a thread."""
    store, body = FileStore(tmp_path), jpeg_of_size(size, 1)
    digest, image = hashlib.sha256(body).hexdigest(), verify(body, Limits())
    key = image_key(digest, image)
    await store.put_image(key, image, body, digest)
    found = await store.find_image(key)
    assert found is not None
    assert (found.size, found.image) == (size, image)
    (tmp_path / key).write_bytes(body[:-1] + b"\0")
    assert await store.find_image(key) is None
    await store.aclose()


@pytest.mark.parametrize("damaged", [b"", OTHER_SIZE, SAME_SIZE, bytes(len(BODY)), bytes(BODY) + b"\0"], ids=len)
async def test_store_replaces_damaged_image(damaged: bytes, store: FileStore, tmp_path: Path) -> None:
    """A crash of the machine may leave such files."""
    (tmp_path / KEY).parent.mkdir(parents=True)
    (tmp_path / KEY).write_bytes(damaged)
    assert await store.find_image(KEY) is None
    assert [await store.put_image(KEY, IMAGE, BODY, DIGEST) for _ in range(2)] == [False, True]
    assert files_in(tmp_path) == {KEY: bytes(BODY)}


async def test_store_replaces_symbolic_link_to_nothing(store: FileStore, tmp_path: Path) -> None:
    (tmp_path / KEY).parent.mkdir(parents=True)
    (tmp_path / KEY).symlink_to("removed.png")
    assert await store.find_image(KEY) is None
    assert await store.put_image(KEY, IMAGE, BODY, DIGEST) is False
    assert files_in(tmp_path) == {KEY: bytes(BODY)}


@pytest.mark.parametrize(
    ("key", "body"),
    [
        (f"images/{DIGEST[:2]}/{DIGEST}.jpg", bytes(BODY)),
        (f"images/{hashlib.sha256(b'text').hexdigest()[:2]}/{hashlib.sha256(b'text').hexdigest()}.png", b"text"),
    ],
    ids=["another type", "no image"],
)
async def test_store_knows_no_facts_of_file_that_is_not_the_image_of_its_key(
    key: str, body: bytes, store: FileStore, tmp_path: Path
) -> None:
    (tmp_path / key).parent.mkdir(parents=True)
    (tmp_path / key).write_bytes(body)
    found = await store.find_image(key)
    assert found is not None
    assert (found.size, found.image) == (len(body), None)


@pytest.mark.parametrize("key", ["images/a.png", RECEIPT, f"images/00/{DIGEST}.png", f"images/{DIGEST[:2]}/../x.png"])
async def test_store_finds_no_image_under_another_key(key: str, store: FileStore) -> None:
    assert await store.find_image(key) is None


async def test_store_finds_nothing_in_a_folder_or_pipe_of_that_name(store: FileStore, tmp_path: Path) -> None:
    (tmp_path / KEY).mkdir(parents=True)
    assert await store.find_image(KEY) is None
    (tmp_path / KEY).rmdir()
    os.mkfifo(tmp_path / KEY)
    assert await store.find_image(KEY) is None


@pytest.mark.parametrize("number", [errno.EIO, errno.EACCES, errno.EMFILE])
async def test_store_finds_no_image_that_it_cannot_read(
    number: int, store: FileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store.put_image(KEY, IMAGE, BODY, DIGEST)
    monkeypatch.setattr(os, "read", failing(number))
    assert await store.find_image(KEY) is None
    assert store.fault is None


async def test_store_returns_the_last_version_of_a_document(store: FileStore, tmp_path: Path) -> None:
    assert await read(store) == (None, None)
    for body in (b'{"id": "old", "more": "than the next"}', b'{"id": "new"}', b""):
        await store.put_document(RECEIPT, body)
        assert (await read(store))[0] == body
    assert files_in(tmp_path) == {RECEIPT: b""}


async def test_store_replaces_document_only_when_its_version_matches(store: FileStore, tmp_path: Path) -> None:
    assert await store.replace_document(RECEIPT, b"none", "a version") is False
    assert await store.replace_document(RECEIPT, b"one", None) is True
    assert await store.replace_document(RECEIPT, b"two", None) is False
    _, first = await read(store)
    assert await store.replace_document(RECEIPT, b"three", first) is True
    assert await store.replace_document(RECEIPT, b"four", first) is False
    assert files_in(tmp_path) == {RECEIPT: b"three"}


async def test_store_writes_once_when_sixteen_tasks_race(store: FileStore, tmp_path: Path) -> None:
    reused = await asyncio.gather(*(store.put_image(KEY, IMAGE, BODY, DIGEST) for _ in range(16)))
    wrote = await asyncio.gather(*(store.replace_document(RECEIPT, b"%d" % number, None) for number in range(16)))
    assert sorted(reused) == [False] + [True] * 15
    assert sorted(wrote) == [False] * 15 + [True]
    assert files_in(tmp_path) == {KEY: bytes(BODY), RECEIPT: b"%d" % wrote.index(True)}


@pytest.mark.parametrize(("retry", "most"), [(True, 16 * MIB), (False, MIB)])
async def test_store_reads_no_document_that_is_too_large(retry: bool, most: int, tmp_path: Path) -> None:  # noqa: FBT001 - a case
    store = FileStore(tmp_path)
    await store.put_document(RECEIPT, bytes(most))
    assert await store.get_document(RECEIPT, retry=retry) is not None
    await store.put_document(RECEIPT, bytes(most + 1))
    with pytest.raises(DocumentTooLarge):
        await store.get_document(RECEIPT, retry=retry)
    assert store.fault is None
    await store.aclose()


@pytest.mark.parametrize("key", ["../a.json", "/a.json", "receipts/../../a.json", ".store/write.lock"])
async def test_store_refuses_key_that_leaves_the_folder(key: str, store: FileStore, tmp_path: Path) -> None:
    calls = (
        store.put_document(key, b"{}"),
        store.replace_document(key, b"{}", None),
        store.get_document(key),
        store.put_image(key, IMAGE, BODY, DIGEST),
    )
    for call in calls:
        with pytest.raises(ValueError, match="is not the name of a file"):
            await call
    assert files_in(tmp_path) == {}


@pytest.mark.parametrize("call", ["os.open", "os.write"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EIO, errno.ENODEV])
async def test_store_says_why_the_folder_stores_nothing_more(
    number: int, call: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, text = FileStore(tmp_path), os.strerror(number)
    with monkeypatch.context() as patched:
        patched.setattr(call, failing(number))
        with pytest.raises(StoreFailed, match=text) as failed:
            await store.put_image(KEY, IMAGE, BODY, DIGEST)
        with pytest.raises(StoreFailed, match=text):
            await store.put_document(RECEIPT, b"{}")
    first = store.fault
    assert failed.value.reason == f"{KEY}: {text}"
    assert first is not None
    assert (first.errno, first.filename) == (number, KEY)
    monkeypatch.setattr(os, "write", failing(errno.ENOTTY))
    with pytest.raises(StoreFailed):
        await store.put_document(RECEIPT, b"{}")
    assert store.fault is first
    assert files_in(tmp_path) == {}


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EFBIG])
async def test_store_can_store_the_next_image_after_an_error_of_the_process(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = FileStore(tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(os, "write", failing(number))
        with pytest.raises(StoreFailed):
            await store.put_image(KEY, IMAGE, BODY, DIGEST)
    assert store.fault is None
    assert await store.put_image(KEY, IMAGE, BODY, DIGEST) is False


async def test_store_waits_for_the_disk_before_and_after_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With fsync, a name never stands for bytes that are not on the disk."""
    store, events = FileStore(tmp_path, fsync=True), list[str]()
    fsync, link = os.fsync, os.link

    def record_fsync(file: int) -> None:
        events.append(Path(f"/proc/self/fd/{file}").readlink().suffix or "folder")
        fsync(file)

    def record_link(*args: Any, **options: Any) -> None:
        events.append("link")
        link(*args, **options)

    monkeypatch.setattr(os, "fsync", record_fsync)
    monkeypatch.setattr(os, "link", record_link)
    assert await store.put_image(KEY, IMAGE, BODY, DIGEST) is False
    assert events == [".part", "link", "folder", "folder", "folder"]
    events.clear()
    assert await store.put_image(KEY, IMAGE, BODY, DIGEST) is True
    assert events == [".png", "folder"]


async def test_store_does_not_wait_for_the_disk_unless_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = FileStore(tmp_path)
    monkeypatch.setattr(os, "fsync", failing(errno.EIO))
    await store.put_image(KEY, IMAGE, BODY, DIGEST)
    await store.put_document(RECEIPT, b"{}")
    assert files_in(tmp_path) == {KEY: bytes(BODY), RECEIPT: b"{}"}


async def test_store_leaves_no_file_when_it_is_cancelled_while_it_waits_for_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, started, end = FileStore(tmp_path, fsync=True), asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def wait(_: int) -> None:
        loop.call_soon_threadsafe(started.set)
        end.wait()

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", wait)
        task = asyncio.create_task(store.put_image(KEY, IMAGE, BODY, DIGEST))
        await started.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert files_in(tmp_path) == {}
        end.set()
    assert await store.put_image(KEY, IMAGE, BODY, DIGEST) is False


async def test_store_takes_four_system_calls_for_a_new_image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store, calls = FileStore(tmp_path), list[str]()
    (tmp_path / KEY).parent.mkdir(parents=True)
    for name in ("access", "open", "write", "link", "close", "stat", "mkdir", "unlink", "rename", "fstat", "read"):
        monkeypatch.setattr(os, name, _recorded(calls, name))
    await store.put_image(KEY, IMAGE, BODY, DIGEST)
    assert calls == ["open", "write", "link", "close"]


def _recorded(calls: list[str], name: str) -> Any:
    call = getattr(os, name)

    def record(*args: Any, **options: Any) -> Any:
        calls.append(name)
        return call(*args, **options)

    return record
