"""A folder whose files are whole or missing: names, modes, leftovers, and what is on the disk."""

import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from infra.run.atomic_folder import AtomicFolder

from support.file_systems import KINDS, NO_LOCKS, failing, file_system

NAME = "images/ab/abc.jpg"
ODD_NAMES = ["with space", "é ü", "new\nline", b"byte \xff".decode(errors="surrogateescape"), "-rf", "%s {0}", "a/b/c"]


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def folder(kind: str, tmp_path: Path) -> Iterator[AtomicFolder]:
    with file_system(kind):
        opened = AtomicFolder(tmp_path / "out")
        yield opened
        opened.close()


def leave_file_of_killed_process(path: Path) -> Path:
    left = path / "out" / ".store" / "0123456789abcdef.part"
    left.write_bytes(b"half")
    return left


@pytest.mark.parametrize("name", ODD_NAMES)
def test_folder_may_have_any_path(name: str, tmp_path: Path) -> None:
    folder = AtomicFolder(tmp_path / name)
    assert folder.create(NAME, b"bytes") is True
    assert (tmp_path / name / NAME).read_bytes() == b"bytes"
    folder.close()


@pytest.mark.parametrize("umask", [0o022, 0o077, 0o002])
def test_files_and_folders_have_the_umask_of_the_user(umask: int, tmp_path: Path) -> None:
    before = os.umask(umask)
    try:
        folder = AtomicFolder(tmp_path / "out")
        folder.create(NAME, b"x")
        folder.replace(folder.write_temporary(b"x", "receipts/a.json"), "receipts/a.json")
    finally:
        os.umask(before)
    folder.close()
    modes = {path.is_dir(): stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "out").rglob("*")}
    assert modes == {True: 0o777 & ~umask, False: 0o666 & ~umask}


def test_add_keeps_the_file_that_is_there(folder: AtomicFolder, tmp_path: Path) -> None:
    first, second = folder.write_temporary(b"first", NAME), folder.write_temporary(b"second", NAME)
    with folder.locked():
        assert [folder.add(first, NAME), folder.add(second, NAME)] == [True, False]
    assert (tmp_path / "out" / NAME).read_bytes() == b"first"
    assert (tmp_path / "out" / NAME).stat().st_nlink == 1
    folder.remove(second)
    assert list((tmp_path / "out").rglob("*.part")) == []


def test_folder_removes_leftovers_and_nothing_else(kind: str, folder: AtomicFolder, tmp_path: Path) -> None:
    temporary = folder.write_temporary(b"x", NAME)
    with folder.locked():
        folder.add(temporary, NAME)
    leave_file_of_killed_process(tmp_path)
    assert folder.remove_leftovers() == (0 if kind == NO_LOCKS else 1)  # without locks, another process may live
    files = {path.name for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert files - {"0123456789abcdef.part"} == {"abc.jpg", "write.lock", "in-use.lock"}
    assert folder.remove_leftovers() == 0


def test_folder_keeps_temporary_files_while_another_process_uses_it(tmp_path: Path) -> None:
    mine, other = AtomicFolder(tmp_path / "out"), AtomicFolder(tmp_path / "out")
    left = leave_file_of_killed_process(tmp_path)
    assert mine.remove_leftovers() == 0
    assert left.exists()
    other.close()
    assert mine.remove_leftovers() == 1
    assert not left.exists()
    third = AtomicFolder(tmp_path / "out")  # mine still shares the lock
    leave_file_of_killed_process(tmp_path)
    assert third.remove_leftovers() == 0
    mine.close()
    assert third.remove_leftovers() == 1
    third.close()


def test_folder_removes_its_temporary_file_when_the_disk_is_full(
    folder: AtomicFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "write", failing(errno.ENOSPC))
    with pytest.raises(OSError, match="No space left on device"):
        folder.write_temporary(b"x", NAME)
    assert list((tmp_path / "out").rglob("*.part")) == []


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EIO])
def test_folder_notices_error_that_comes_when_the_file_is_closed(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """NFS writes when a file is closed (close(2), NOTES)."""
    folder, close = AtomicFolder(tmp_path / "out"), os.close
    with monkeypatch.context() as patched:
        patched.setattr(os, "close", lambda file: (close(file), failing(number)()))
        with pytest.raises(OSError, match=os.strerror(number)):
            folder.write_temporary(b"x", NAME)
    assert list((tmp_path / "out").rglob("*.part")) == []
    folder.close()


def test_folder_does_not_create_itself_again_when_it_was_removed(folder: AtomicFolder, tmp_path: Path) -> None:
    (tmp_path / "out").rename(tmp_path / "moved")
    for path in (tmp_path / "moved" / ".store").iterdir():
        path.unlink()
    (tmp_path / "moved" / ".store").rmdir()
    (tmp_path / "moved").rmdir()
    with pytest.raises(FileNotFoundError):
        folder.write_temporary(b"x", NAME)
    if folder.has_unnamed_files:
        with pytest.raises(FileNotFoundError):
            folder.create(NAME, b"x")
    assert list(tmp_path.iterdir()) == []


def test_folder_creates_its_subfolders_again(folder: AtomicFolder, tmp_path: Path) -> None:
    for body in (b"1", b"2"):
        temporary = folder.write_temporary(body, NAME)
        with folder.locked():
            assert folder.add(temporary, NAME) is True
        (tmp_path / "out" / NAME).unlink()
        (tmp_path / "out" / "images" / "ab").rmdir()
        (tmp_path / "out" / "images").rmdir()


def test_names_are_synced_from_the_file_up_to_the_folder_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = AtomicFolder(tmp_path / "out")
    synced: list[str] = []
    monkeypatch.setattr(folder, "sync", synced.append)
    for name in (NAME, "images/ab/other.jpg", "images/cd/x.jpg", "top.json"):
        folder.sync_names(name)
    assert synced == ["images/ab", "images", ".", "images/ab", "images/cd", "images", "."]
    folder.close()


def count_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_folder_closes_its_descriptors_when_it_cannot_be_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = count_descriptors()
    with monkeypatch.context() as patched:
        patched.setattr("fcntl.flock", failing(errno.EIO))
        with pytest.raises(OSError, match="Input/output error"):
            AtomicFolder(tmp_path / "out")
    with monkeypatch.context() as patched:
        patched.setattr("os.link", failing(errno.ENOSPC))
        with pytest.raises(OSError, match="No space left"):
            AtomicFolder(tmp_path / "out")
    assert count_descriptors() == before
