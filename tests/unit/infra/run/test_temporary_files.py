"""Temporary files in `.store/`, or beside targets on another file system, and what killed processes left of them."""

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from infra.run.temporary_files import TemporaryFiles

from support.file_systems import failing


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in (".store", "receipts"):
        (tmp_path / name).mkdir()
    (tmp_path / "keep.part").touch()
    return tmp_path


@pytest.fixture
def files(folder: Path) -> Iterator[TemporaryFiles]:
    root = os.open(folder, os.O_RDONLY)
    yield TemporaryFiles(root)
    os.close(root)


def names(folder: Path) -> list[str]:
    found = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    return sorted(found - {"keep.part"})


def test_file_is_in_the_own_folder_without_a_record(files: TemporaryFiles, folder: Path) -> None:
    name = files.write(b"x", "receipts")
    assert names(folder) == [name]
    assert name.startswith(".store/")
    files.remove(name)
    assert names(folder) == []


def test_file_beside_its_target_has_a_record_until_it_has_its_name(files: TemporaryFiles, folder: Path) -> None:
    files.put_beside("receipts")
    name = files.write(b"x", "receipts")
    record, written = names(folder)
    assert (name, (folder / record).read_text()) == (written, written)
    (folder / name).rename(folder / "receipts" / "a.json")
    files.remove_record(name)
    assert names(folder) == ["receipts/a.json"]


@pytest.mark.parametrize("failing_write", [1, 2])
def test_nothing_is_left_when_the_disk_is_full(
    failing_write: int, files: TemporaryFiles, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files.put_beside("receipts")
    write, writes = os.write, list[int]()

    def write_until_full(file: int, body: memoryview) -> int:
        writes.append(file)
        return write(file, body) if len(writes) < failing_write else failing(errno.ENOSPC)()

    monkeypatch.setattr(os, "write", write_until_full)
    with pytest.raises(OSError, match="No space left"):
        files.write(b"x", "receipts")
    assert names(folder) == []


def test_files_of_killed_processes_are_removed_wherever_they_are(files: TemporaryFiles, folder: Path) -> None:
    files.write(b"x", "receipts")
    files.put_beside("receipts")
    placed, *_ = files.write(b"x", "receipts"), files.write(b"x", "receipts")
    (folder / placed).rename(folder / "receipts" / "a.json")
    (folder / ".store" / "0123.elsewhere").touch()  # killed before the name was written
    assert files.remove_all() == 4
    assert names(folder) == ["receipts/a.json"]


@pytest.mark.parametrize(
    "content", ["receipts/a.json", "../keep.part", "keep.part", "receipts/.a.json.part", "/", "\0"]
)
def test_record_that_names_no_temporary_file_removes_none(content: str, files: TemporaryFiles, folder: Path) -> None:
    for name in ("receipts/a.json", "receipts/.a.json.part"):
        (folder / name).touch()
    (folder / ".store" / "0123.elsewhere").write_text(content)
    files.remove_all()
    assert names(folder) == ["receipts/.a.json.part", "receipts/a.json"]
    assert (folder / "keep.part").exists()
