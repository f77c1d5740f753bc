"""Several processes store in one folder at once, and are killed at any moment."""

import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from infra.run.file_store import FileStore

from support import folder_writer
from support.file_systems import COMPLETE, ELSEWHERE, NO_LINKS, NO_UNNAMED_FILES, link_folders

ROOT = Path(__file__).parents[2]
KILLS = 50
KINDS = (COMPLETE, NO_UNNAMED_FILES, NO_LINKS, ELSEWHERE, "fsync")


@dataclass
class Writers:
    """The program that starts and kills processes."""

    program: subprocess.Popen[str]

    def start(self, work: str, folder: Path, kind: str, **options: Any) -> None:
        self._send({"work": work, "folder": str(folder), "kind": kind, "options": options})

    def start_endless(self, folder: Path, kind: str, seed: int) -> int:
        """Start a process that writes until it is killed; return its number as soon as it has written something."""
        self.start("write_forever", folder, kind, seed=seed)
        message = self.read()
        assert message["result"] == "started"
        return int(message["process"])

    def kill(self, process: int) -> None:
        self._send(process)
        assert self.read()["result"] == f"killed {process}"

    def run_at_once(self, work: str, folder: Path, kind: str, **options: Any) -> list[Any]:
        """Run the work in four processes that start together; return what each returned."""
        for _ in range(4):
            self.start(work, folder, kind, **options)
        return [self.read()["result"] for _ in range(4)]

    def read(self) -> dict[str, Any]:
        assert self.program.stdout is not None
        message: dict[str, Any] = json.loads(self.program.stdout.readline())
        return message

    def _send(self, command: object) -> None:
        assert self.program.stdin is not None
        self.program.stdin.write(json.dumps(command) + "\n")
        self.program.stdin.flush()


@pytest.fixture(scope="module")
def writers() -> Iterator[Writers]:
    path = os.pathsep.join(str(ROOT / name) for name in (".", "functions", "tests"))
    command = [sys.executable, "-W", "error", "-m", "support.folder_writer"]
    environment = {**os.environ, "PYTHONPATH": path}
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as program:
        yield Writers(program)


def find_wrong_files(folder: Path) -> list[str]:
    """The files that are not what their names say."""
    images = [path for path in (folder / "images").rglob("*") if path.is_file()]
    wrong = [path.name for path in images if hashlib.sha256(path.read_bytes()).hexdigest() != path.stem]
    assert images
    for path in (folder / "receipts").glob("*.json"):
        json.loads(path.read_bytes())
    others = [path.name for path in folder.iterdir() if path.name not in {"images", "receipts", "runs", ".store"}]
    return wrong + others


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def folder(kind: str, tmp_path: Path) -> Iterator[Path]:
    """The folder of the processes; /dev/shm is always a file system of its own (shm_overview(7))."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as other:
        if kind == ELSEWHERE:
            link_folders(tmp_path, Path(other))
        yield tmp_path


def find_temporary_files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*", recurse_symlinks=True) if path.suffix in {".part", ".elsewhere"}]


def test_exactly_one_of_four_processes_stores_each_image(kind: str, writers: Writers, folder: Path) -> None:
    count = 30 if kind == "fsync" else 300
    results = writers.run_at_once("put_many", folder, kind, count=count, size=20_000)
    assert [sum(are_new) for are_new in zip(*results, strict=True)] == [1] * count
    images = {path.stem: path.read_bytes() for path in folder.glob("images/*/*.jpg")}
    assert {digest: hashlib.sha256(body).hexdigest() for digest, body in images.items()} == {key: key for key in images}
    assert len(images) == count
    assert find_temporary_files(folder) == []


def test_exactly_one_of_four_processes_replaces_each_damaged_image(kind: str, writers: Writers, folder: Path) -> None:
    writers.run_at_once("put_many", folder, kind, count=30, size=20_000)
    for number, path in enumerate(folder.glob("images/*/*.jpg")):
        path.write_bytes(bytes((0, 100, 20_000)[number % 3]))
    results = writers.run_at_once("put_many", folder, kind, count=30, size=20_000)
    assert [sum(are_new) for are_new in zip(*results, strict=True)] == [1] * 30


def test_no_process_overwrites_what_another_has_written_to_a_document(
    kind: str, writers: Writers, folder: Path
) -> None:
    times = 20 if kind == "fsync" else 200
    writers.run_at_once("count_up", folder, kind, times=times)
    assert (folder / folder_writer.COUNTER).read_bytes() == b"%d" % (4 * times)


def test_folder_has_whole_files_only_when_processes_are_killed(kind: str, writers: Writers, folder: Path) -> None:
    chance = random.Random(13)
    kills = KILLS if kind in {COMPLETE, NO_UNNAMED_FILES} else 10
    for kill in range(kills):
        process = writers.start_endless(folder, kind, kill)
        time.sleep(chance.random() * 0.02)
        writers.kill(process)
        assert find_wrong_files(folder) == []
        for images in (folder / "images").iterdir():
            shutil.rmtree(images)  # looking at each file once keeps the test short
    left = find_temporary_files(folder)
    assert {path.parent.name for path in left} <= {".store"} | ({"receipts"} if kind == ELSEWHERE else set())
    of_one_process = 2 if kind == ELSEWHERE else 1  # the file and its record
    assert len(left) <= kills * of_one_process
    store = FileStore(folder)
    assert len(left) // of_one_process <= store.remove_leftovers() <= len(left)
    assert find_temporary_files(folder) == []


def test_folder_keeps_the_temporary_files_of_processes_that_live(writers: Writers, tmp_path: Path) -> None:
    process = writers.start_endless(tmp_path, NO_UNNAMED_FILES, 1)
    store = FileStore(tmp_path)
    assert [store.remove_leftovers() for _ in range(1000)] == [0] * 1000
    writers.kill(process)
    assert find_wrong_files(tmp_path) == []
    assert store.remove_leftovers() <= 1
