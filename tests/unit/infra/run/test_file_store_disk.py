"""FileStore on a disk that fails, or that it waits for."""

import asyncio
import errno
import os
import threading
from pathlib import Path
from typing import Any

import pytest
from infra.run.file_store import FileStore

from intake.model.error_codes import StoreFailed
from support.file_systems import failing
from support.stored_picture import BODY, DIGEST, IMAGE, KEY, RECEIPT, files_in


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
