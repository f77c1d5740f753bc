"""ProcessIdentity identifies a process by more than its pid, because pids are reused."""

import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self

PROC = Path("/proc")
_STATE, _START_TIME = 0, 19
"""Fields of /proc/PID/stat, counted from the first one after the program's name (proc_pid_stat(5))."""

_EXEC_SECONDS = 1.0
"""How long to wait for a command line. It is empty for a moment during execve(2), after Popen has returned."""


@dataclass(frozen=True, slots=True)
class ProcessIdentity:
    """One process, as opposed to a later one with the same pid.

    Attributes:
        pid: the process id.
        started: the start time: clock ticks since boot from /proc, or the text of `ps` if there is no /proc.
        command: the command line.
    """

    pid: int
    started: str
    command: str

    @classmethod
    def of(cls, pid: int) -> Self | None:
        """Return the process that has this pid now; None if there is none, or if it has ended and is not reaped yet."""
        fields = _read_proc(pid) if (PROC / "self").exists() else _run_ps(pid)
        return cls(pid, *fields) if fields else None

    @classmethod
    def of_this_process(cls) -> Self:
        """Return the process that runs this code.

        Raises:
            RuntimeError: the system does not describe it.
        """
        process = cls.of(os.getpid())
        if process is None:
            raise RuntimeError("neither /proc nor ps describes this process")
        return process

    def is_running(self) -> bool:
        """Whether this very process still runs."""
        return type(self).of(self.pid) == self


def _read_proc(pid: int) -> tuple[str, str] | None:
    deadline = time.monotonic() + _EXEC_SECONDS
    while True:
        try:
            stat = (PROC / str(pid) / "stat").read_text()
            command = (PROC / str(pid) / "cmdline").read_bytes()
        except OSError:
            return None
        fields = stat.rpartition(")")[2].split()
        if fields[_STATE] == "Z":
            return None
        if command or time.monotonic() > deadline:
            return fields[_START_TIME], command.replace(b"\0", b" ").decode(errors="replace").strip()
        time.sleep(0.001)


def _run_ps(pid: int) -> tuple[str, str] | None:
    def read(column: str) -> str:
        completed = subprocess.run(["ps", "-ww", "-o", f"{column}=", "-p", str(pid)], capture_output=True, check=False)  # noqa: S607 - its path differs between systems
        return completed.stdout.decode(errors="replace").strip()

    if not (state := read("stat")) or state.startswith("Z"):
        return None
    return read("lstart"), read("command")
