"""Reads, writes and locks by descriptors, where the kernel does only a part of what it is asked for."""

import errno
import fcntl
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from infra.run.open_files import lock, measure, read_all, write_all

from support.file_systems import failing

BODY = bytes(range(256)) * 3000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "file"
    path.write_bytes(BODY)
    return path


@pytest.fixture
def file(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDWR)
    yield descriptor
    os.close(descriptor)


@pytest.mark.parametrize("size", [0, 1, len(BODY), len(BODY) * 2])
def test_read_returns_the_whole_file_whatever_its_size_was(size: int, file: int) -> None:
    assert read_all(file, size) == BODY


def test_read_returns_the_whole_file_when_the_kernel_returns_pieces(file: int, monkeypatch: pytest.MonkeyPatch) -> None:
    read = os.read
    monkeypatch.setattr(os, "read", lambda descriptor, size: read(descriptor, min(size, 100_000)))
    assert read_all(file, len(BODY)) == BODY


@pytest.mark.parametrize("most", [1 << 30, 100_000, 1 << 18])
def test_write_writes_every_byte_when_the_kernel_takes_pieces(
    most: int, file: int, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, body = os.write, memoryview(BODY[::-1])
    monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, data[:most]))
    write_all(file, body)
    assert path.read_bytes() == BODY[::-1]
    body.release()  # nothing refers to it any more


def test_write_raises_when_the_disk_is_full_after_a_part(file: int, monkeypatch: pytest.MonkeyPatch) -> None:
    pieces = iter([lambda: 10, failing(errno.ENOSPC)])
    monkeypatch.setattr(os, "write", lambda *_: next(pieces)())
    with pytest.raises(OSError, match="No space left on device"):
        write_all(file, BODY)


def test_measure_returns_size_and_digest(file: int) -> None:
    assert measure(file) == (len(BODY), hashlib.sha256(BODY).hexdigest())


def test_lock_says_whether_another_process_has_it(file: int, path: Path) -> None:
    assert lock(file, fcntl.LOCK_EX) is True
    other = os.open(path, os.O_RDWR)
    with pytest.raises(BlockingIOError):
        lock(other, fcntl.LOCK_SH | fcntl.LOCK_NB)
    os.close(other)


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP])
def test_lock_says_when_the_file_system_has_no_locks(number: int, file: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fcntl, "flock", failing(number))
    assert lock(file, fcntl.LOCK_EX) is False


def test_lock_raises_other_errors(file: int, monkeypatch: pytest.MonkeyPatch) -> None:
    fail: Any = failing(errno.EIO)
    monkeypatch.setattr(fcntl, "flock", fail)
    with pytest.raises(OSError, match="Input/output error"):
        lock(file, fcntl.LOCK_EX)
