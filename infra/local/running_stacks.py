"""Records each running MiniStack, so that the next command can stop one whose command was killed (`kill -9`).

A record is a JSON file named by the pid of MiniStack. It identifies MiniStack and the command that started it. A pid
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

from infra.build.template_file import ROOT
from infra.command.child_process import STOP_SECONDS
from infra.command.process_identity import ProcessIdentity

RECORDS = ROOT / ".local" / "running"
HOME_PREFIX = "image-intake-"
"""The prefix of the temporary directories. No other directory is ever deleted."""


@dataclass(frozen=True, slots=True)
class RunningStack:
    """A recorded MiniStack.

    Attributes:
        command: the process that started MiniStack, and stops it at its end.
        ministack: MiniStack itself, the leader of its process group.
        port: the port of MiniStack.
        home: the temporary directory of MiniStack.
    """

    command: ProcessIdentity
    ministack: ProcessIdentity
    port: int
    home: str

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read a record.

        Raises:
            ValueError, TypeError, KeyError: the text is not a record.
        """
        record: dict[str, Any] = json.loads(text)
        command, process = ProcessIdentity(**record["command"]), ProcessIdentity(**record["ministack"])
        return cls(command, process, int(record["port"]), str(record["home"]))

    def is_orphan(self) -> bool:
        """Whether the command that would have stopped MiniStack has ended."""
        return not self.command.is_running()


@contextmanager
def record_stack(pid: int, port: int, home: Path, records: Path = RECORDS) -> Iterator[None]:
    """Record a MiniStack that this process has started, until the block ends."""
    process = ProcessIdentity.of(pid)
    if process is None:  # it has already ended; the caller reports why
        yield
        return
    records.mkdir(parents=True, exist_ok=True)
    stack = RunningStack(ProcessIdentity.of_this_process(), process, port, str(home))
    path, unfinished = records / f"{pid}.json", records / f"{pid}.tmp"
    unfinished.write_text(json.dumps(asdict(stack)))
    unfinished.replace(path)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def end_orphans(records: Path = RECORDS) -> list[str]:
    """Stop every MiniStack whose command was killed, and delete its data.

    Returns:
        A message for each MiniStack that was still running.
    """
    messages = []
    for path, stack in _read_records(records):
        if not stack.is_orphan():
            continue
        if stack.ministack.is_running():
            _end(stack.ministack)
            messages.append(f"Stopped MiniStack (pid {stack.ministack.pid}), which a killed command left running.")
        if Path(stack.home).name.startswith(HOME_PREFIX):
            _delete(Path(stack.home))
        path.unlink(missing_ok=True)
    return messages


def find_command(port: int, records: Path = RECORDS) -> int | None:
    """Return the pid of the command of this directory whose MiniStack listens on a port; None if there is none."""
    for _, stack in _read_records(records):
        if stack.port == port and stack.command.is_running():
            return stack.command.pid
    return None


def _read_records(records: Path) -> Iterator[tuple[Path, RunningStack]]:
    for path in sorted(records.glob("*.json")):
        try:
            yield path, RunningStack.from_json(path.read_text())
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
