"""A child process whose command was killed is found and stopped; any other process is left alone."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import rmtree

import pytest
from infra.command.child_process import run_in_background
from infra.command.process_identity import ProcessIdentity
from infra.command.running_processes import HOME_PREFIX, RECORDS, end_orphans, find_command, record_process

ROOT = Path(__file__).parents[3]
PORT = 4566

OWNER = f"""
import subprocess, sys
from pathlib import Path
from infra.command.running_processes import record_process
child = subprocess.Popen(["sleep", "1000"], start_new_session=True, stdout=subprocess.DEVNULL)
with record_process(child.pid, "MiniStack", Path(sys.argv[1]), port={PORT}, records=Path(sys.argv[2])):
    print(child.pid, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    directory = tmp_path / f"{HOME_PREFIX}home"
    directory.mkdir()
    return directory


@contextmanager
def command_with_child(home: Path, records: Path) -> Iterator[tuple[subprocess.Popen[str], ProcessIdentity]]:
    """A command that has started a child and recorded it; both are ended at the end."""
    arguments = [sys.executable, "-c", OWNER, str(home), str(records)]
    with subprocess.Popen(arguments, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as command:
        assert command.stdout is not None
        child = ProcessIdentity.of(int(command.stdout.readline()))
        assert child is not None
        try:
            yield command, child
        finally:
            command.kill()
            if child.is_running():
                os.kill(child.pid, signal.SIGKILL)


def test_end_orphans_stops_child_of_killed_command(home: Path, tmp_path: Path) -> None:
    with command_with_child(home, tmp_path) as (command, child):
        command.kill()
        command.wait()
        assert child.is_running()

        messages = end_orphans(tmp_path)

        assert messages == [f"Stopped MiniStack (pid {child.pid}), which a killed command left running."]
        assert not child.is_running()
        assert list(tmp_path.iterdir()) == [], "neither its record nor its data is left"


def test_end_orphans_deletes_data_that_an_ending_process_writes_meanwhile(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deletions: list[Path] = []

    def delete_and_write_once(directory: Path, *, ignore_errors: bool) -> None:
        rmtree(directory, ignore_errors=ignore_errors)
        deletions.append(directory)
        if len(deletions) == 1:
            directory.mkdir()
            (directory / "late").touch()

    with command_with_child(home, tmp_path / "records") as (command, _):
        command.kill()
        command.wait()
        monkeypatch.setattr("infra.command.running_processes.shutil.rmtree", delete_and_write_once)
        end_orphans(tmp_path / "records")

    assert not home.exists()
    assert deletions == [home, home]


def test_end_orphans_leaves_child_of_running_command_alone(home: Path, tmp_path: Path) -> None:
    with command_with_child(home, tmp_path) as (command, child):
        assert end_orphans(tmp_path) == []
        assert child.is_running()
        assert find_command(PORT, tmp_path) == command.pid
        assert find_command(PORT + 1, tmp_path) is None


def test_end_orphans_leaves_other_process_with_the_same_pid_alone(home: Path, tmp_path: Path) -> None:
    with command_with_child(home, tmp_path) as (command, child):
        command.kill()
        command.wait()
        [record] = tmp_path.glob("*.json")
        changed = json.loads(record.read_text())
        changed["child"]["started"] = "another time"
        record.write_text(json.dumps(changed))

        assert end_orphans(tmp_path) == []
        assert child.is_running()
        assert list(tmp_path.glob("*.json")) == []


def test_end_orphans_deletes_no_directory_with_another_name(tmp_path: Path) -> None:
    other = tmp_path / "documents"
    other.mkdir()
    records = tmp_path / "records"
    with command_with_child(other, records) as (command, _):
        command.kill()
        command.wait()
        end_orphans(records)

    assert other.exists()


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"command": 1, "child": 2}'])
def test_end_orphans_deletes_record_that_cannot_be_read(tmp_path: Path, text: str) -> None:
    (tmp_path / "1.json").write_text(text)

    assert end_orphans(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_record_is_deleted_at_the_end(home: Path, tmp_path: Path) -> None:
    with record_process(os.getpid(), "MiniStack", home, port=PORT, records=tmp_path):
        assert [path.name for path in tmp_path.glob("*.json")] == [f"{os.getpid()}.json"]

    assert list(tmp_path.glob("*.json")) == []


def test_every_child_process_is_recorded_while_it_runs(tmp_path: Path) -> None:
    command, log = ["sleep", "1000"], tmp_path / "log"
    with run_in_background(command, env=dict(os.environ), cwd=tmp_path, log=log, name="sam deploy") as process:
        record = RECORDS / f"{process.pid}.json"
        assert json.loads(record.read_text())["name"] == "sam deploy"

    assert not record.exists()


def test_end_orphans_stops_every_process_before_it_deletes_data(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`sam deploy` writes into the directory of MiniStack."""
    records = tmp_path / "records"
    running: list[ProcessIdentity] = []
    with command_with_child(home, records) as (first, _), command_with_child(home, records) as (second, _):
        for command in (first, second):
            command.kill()
            command.wait()
        children = [ProcessIdentity(**json.loads(path.read_text())["child"]) for path in records.glob("*.json")]

        def note_and_delete(directory: str, *, ignore_errors: bool) -> None:
            running.extend(child for child in children if child.is_running())
            rmtree(directory, ignore_errors=ignore_errors)

        monkeypatch.setattr("infra.command.running_processes.shutil.rmtree", note_and_delete)
        end_orphans(records)

    assert len(children) == 2
    assert running == []
