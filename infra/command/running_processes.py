"""Records each running child process, so that the next command can stop one whose command was killed (`kill -9`).

A record is a JSON file named by the pid of the child. It identifies the child and the command that started it. A pid
alone does not identify a process, see `ProcessIdentity`.
"""

import json
import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from infra.command.process_identity import ProcessIdentity

RECORDS = Path(__file__).parents[2] / ".local" / "running"
HOME_PREFIX = "image-intake-"
"""The prefix of the temporary directories. No other directory is ever deleted."""

STOP_SECONDS = 5.0
"""Time between SIGTERM and SIGKILL."""


@dataclass(frozen=True, slots=True)
class RunningProcess:
    """A recorded child process.

    Attributes:
        command: the process that started the child, and stops it at its end.
        child: the child itself, the leader of its process group.
        name: the name of the program in messages.
        cwd: the working directory of the child.
        port: the port that the child listens on; None if it has none.
    """

    command: ProcessIdentity
    child: ProcessIdentity
    name: str
    cwd: str
    port: int | None

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read a record.

        Raises:
            ValueError, TypeError, KeyError: the text is not a record.
        """
        record: dict[str, Any] = json.loads(text)
        command, child = ProcessIdentity(**record["command"]), ProcessIdentity(**record["child"])
        port = None if record["port"] is None else int(record["port"])
        return cls(command, child, str(record["name"]), str(record["cwd"]), port)

    def is_orphan(self) -> bool:
        """Whether the command that would have stopped the child has ended."""
        return not self.command.is_running()


@contextmanager
def record_process(
    pid: int, name: str, cwd: Path, *, port: int | None = None, records: Path = RECORDS
) -> Iterator[None]:
    """Record a child process of this one, until the block ends."""
    child = ProcessIdentity.of(pid)
    if child is None:  # it has already ended; the caller reports why
        yield
        return
    records.mkdir(parents=True, exist_ok=True)
    running = RunningProcess(ProcessIdentity.of_this_process(), child, name, str(cwd), port)
    path, unfinished = records / f"{pid}.json", records / f"{pid}.tmp"
    unfinished.write_text(json.dumps(asdict(running)))
    unfinished.replace(path)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def end_orphans(records: Path = RECORDS) -> list[str]:
    """Stop every process whose command was killed, then delete their temporary directories.

    Returns:
        A message for each process that was still running.
    """
    orphans = [(path, running) for path, running in _read_records(records) if running.is_orphan()]
    messages = []
    for _, orphan in orphans:
        if orphan.child.is_running():
            _end(orphan.child)
            messages.append(f"Stopped {orphan.name} (pid {orphan.child.pid}), which a killed command left running.")
    for path, orphan in orphans:  # only now: `sam deploy` writes into the directory of MiniStack
        if Path(orphan.cwd).name.startswith(HOME_PREFIX):
            _delete(Path(orphan.cwd))
        path.unlink(missing_ok=True)
    return messages


def find_command(port: int, records: Path = RECORDS) -> int | None:
    """Return the pid of the command of this directory whose child listens on a port; None if there is none."""
    for _, running in _read_records(records):
        if running.port == port and running.command.is_running():
            return running.command.pid
    return None


def _read_records(records: Path) -> Iterator[tuple[Path, RunningProcess]]:
    for path in sorted(records.glob("*.json")):
        try:
            yield path, RunningProcess.from_json(path.read_text())
        except FileNotFoundError:
            continue  # its command has deleted it meanwhile
        except (ValueError, TypeError, KeyError):
            path.unlink(missing_ok=True)


def _end(process: ProcessIdentity) -> None:
    """Stop a process that is not a child of this one, and its group."""
    with suppress(ProcessLookupError):
        os.kill(process.pid, signal.SIGTERM)
    _wait_until(lambda: not process.is_running())
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _delete(home: Path) -> None:
    """Delete a directory, again if a process that is just ending has written into it meanwhile."""

    def is_deleted() -> bool:
        shutil.rmtree(home, ignore_errors=True)
        return not home.exists()

    _wait_until(is_deleted)


def _wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + STOP_SECONDS
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
