"""Child processes: each has its own process group, and is always stopped with everything it started."""

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from infra.command.errors import CommandError

STOP_SECONDS = 5.0
"""Time between SIGTERM and SIGKILL."""

type Command = Sequence[str | Path]


def run(command: Command, *, env: Mapping[str, str], cwd: Path, log: Path, action: str) -> None:
    """Run a program to its end; its output goes to a log.

    Args:
        command: the program and its arguments.
        env: its whole environment.
        cwd: its working directory.
        log: where stdout and stderr are appended.
        action: names the program in the error message.

    Raises:
        CommandError: the exit status is not 0. The text has the end of the log.
    """
    with run_in_background(command, env=env, cwd=cwd, log=log) as process:
        status = process.wait()
    if status:
        raise CommandError(f"{action} failed (exit status {status}):\n{read_tail(log)}")


@contextmanager
def run_in_background(
    command: Command, *, env: Mapping[str, str], cwd: Path, log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program until the block ends, then stop it and its own children."""
    with log.open("ab") as out:
        # A session of its own: Ctrl-C reaches only this process, which then stops the whole group.
        process = subprocess.Popen(
            command,
            env=env,
            cwd=cwd,
            stdout=out,
            stderr=out,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        _stop(process)


def read_tail(log: Path, lines: int = 25) -> str:
    """The last lines of a log, indented, for an error message."""
    if not log.exists():
        return "  (no log)"
    return "\n".join(f"  | {line}" for line in log.read_text(errors="replace").splitlines()[-lines:])


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(STOP_SECONDS)
    # start_new_session made the group; only the program and its children are in it.
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
