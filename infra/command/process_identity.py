"""Which process a pid stands for: pids are reused, so the start time and the command line are compared too."""

import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self

PROC = Path("/proc")
_STATE, _START_TIME = 0, 19
"""Fields of /proc/PID/stat, counted from the first one behind the program's name (proc_pid_stat(5))."""

_EXEC_SECONDS = 1.0
"""How long to wait for a command line: for a moment during execve(2), after Popen has returned, it is empty."""


@dataclass(frozen=True, slots=True)
class ProcessIdentity:
    """One process, told apart from any other that has the same pid later.

    Attributes:
        pid: its id.
        started: its start time: clock ticks since boot from /proc, or the text of `ps` where there is no /proc.
        command: its command line.
    """

    pid: int
    started: str
    command: str

    @classmethod
    def of(cls, pid: int) -> Self | None:
        """The process that has this pid now; None if there is none, or if it has ended and is not reaped yet."""
        found = _read_proc(pid) if (PROC / "self").exists() else _ask_ps(pid)
        return cls(pid, *found) if found else None

    @classmethod
    def of_this_process(cls) -> Self:
        """The process that runs this code.

        Raises:
            RuntimeError: the system does not tell.
        """
        found = cls.of(os.getpid())
        if found is None:
            raise RuntimeError("neither /proc nor ps describes this process")
        return found

    def is_running(self) -> bool:
        """Whether the very same process still runs."""
        return type(self).of(self.pid) == self


def _read_proc(pid: int) -> tuple[str, str] | None:
    until = time.monotonic() + _EXEC_SECONDS
    while True:
        try:
            stat = (PROC / str(pid) / "stat").read_text()
            command = (PROC / str(pid) / "cmdline").read_bytes()
        except OSError:
            return None
        fields = stat.rpartition(")")[2].split()
        if fields[_STATE] == "Z":
            return None
        if command or time.monotonic() > until:
            return fields[_START_TIME], command.replace(b"\0", b" ").decode(errors="replace").strip()
        time.sleep(0.001)


def _ask_ps(pid: int) -> tuple[str, str] | None:
    def ask(column: str) -> str:
        done = subprocess.run(["ps", "-ww", "-o", f"{column}=", "-p", str(pid)], capture_output=True, check=False)  # noqa: S607 - macOS has it at one place, others at another
        return done.stdout.decode(errors="replace").strip()

    if not (state := ask("stat")) or state.startswith("Z"):
        return None
    return ask("lstart"), ask("command")
