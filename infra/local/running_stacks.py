"""Records of each MiniStack that runs, so that the next command finds one whose command was killed (`kill -9`).

A record is a JSON file named by the pid of MiniStack. It has the identity of MiniStack and of the command that started
it. A pid alone proves nothing: see `ProcessIdentity`.
"""

import json
import os
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from infra.build.template import ROOT
from infra.command.child_process import STOP_SECONDS
from infra.command.process_identity import ProcessIdentity

RECORDS = ROOT / ".local" / "running"
HOME_PREFIX = "image-intake-"
"""How the names of the temporary directories begin; no other directory is ever deleted."""


@dataclass(frozen=True, slots=True)
class RunningStack:
    """A recorded MiniStack.

    Attributes:
        command: the process that started it and stops it at its end.
        ministack: MiniStack itself, the leader of its process group.
        port: where MiniStack listens.
        home: its temporary directory.
    """

    command: ProcessIdentity
    ministack: ProcessIdentity
    port: int
    home: str

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read a record.

        Raises:
            ValueError, TypeError, KeyError: it is not one.
        """
        record: dict[str, Any] = json.loads(text)
        command, process = ProcessIdentity(**record["command"]), ProcessIdentity(**record["ministack"])
        return cls(command, process, int(record["port"]), str(record["home"]))

    def is_orphan(self) -> bool:
        """Whether the command that would have stopped it runs no more."""
        return not self.command.is_running()


@contextmanager
def record_stack(pid: int, port: int, home: Path, records: Path = RECORDS) -> Iterator[None]:
    """Record a MiniStack that this process has started, until the block ends."""
    process = ProcessIdentity.of(pid)
    if process is None:  # it ended at once; waiting for it tells why
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
        One line for each MiniStack that still ran.
    """
    messages = []
    for path, stack in _read_records(records):
        if not stack.is_orphan():
            continue
        if stack.ministack.is_running():
            _end(stack.ministack)
            messages.append(f"Stopped MiniStack (pid {stack.ministack.pid}), which a killed command left running.")
        if Path(stack.home).name.startswith(HOME_PREFIX):
            shutil.rmtree(stack.home, ignore_errors=True)
        path.unlink(missing_ok=True)
    return messages


def find_command(port: int, records: Path = RECORDS) -> int | None:
    """The pid of the command of this directory whose MiniStack listens on a port."""
    for _, stack in _read_records(records):
        if stack.port == port and stack.command.is_running():
            return stack.command.pid
    return None


def _read_records(records: Path) -> Iterator[tuple[Path, RunningStack]]:
    for path in sorted(records.glob("*.json")):
        try:
            yield path, RunningStack.from_json(path.read_text())
        except FileNotFoundError:
            continue  # its command has just ended
        except (ValueError, TypeError, KeyError):
            path.unlink(missing_ok=True)


def _end(process: ProcessIdentity) -> None:
    """End a process that is not a child of this one, and its group."""
    with suppress(ProcessLookupError):
        os.kill(process.pid, signal.SIGTERM)
    until = time.monotonic() + STOP_SECONDS
    while process.is_running() and time.monotonic() < until:
        time.sleep(0.05)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
