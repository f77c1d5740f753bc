"""Runs child processes. Each has its own process group, and is always stopped together with its own children."""

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from infra.command.errors import CommandError
from infra.command.running_processes import STOP_SECONDS, record_process

type Command = Sequence[str | Path]


def run(command: Command, *, env: Mapping[str, str], cwd: Path, log: Path, action: str) -> None:
    """Run a program to its end; its output goes to a log.

    Args:
        command: the program and its arguments.
        env: the complete environment.
        cwd: the working directory.
        log: where stdout and stderr are appended.
        action: names the program in messages.

    Raises:
        CommandError: the exit status is not 0. The text has the end of the log.
    """
    with run_in_background(command, env=env, cwd=cwd, log=log, name=action) as process:
        status = process.wait()
    if status:
        raise CommandError(f"{action} failed (exit status {status}):\n{read_tail(log)}")


@contextmanager
def run_in_background(  # noqa: PLR0913 - how a program is started
    command: Command, *, env: Mapping[str, str], cwd: Path, log: Path, name: str = "", port: int | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program until the block ends, then stop it and its own children.

    Args:
        command: as for `run`, like `env`, `cwd` and `log`.
        env: see `command`.
        cwd: see `command`.
        log: see `command`.
        name: names the program in messages; by default the file name of the program.
        port: the port that the program listens on, for `find_command`.
    """
    with log.open("ab") as out:
        # A new session, so that Ctrl-C signals only this process, which then stops the whole group.
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
        with record_process(process.pid, name or Path(command[0]).name, cwd, port=port):
            yield process
    finally:
        _stop(process)


def read_tail(log: Path, lines: int = 25) -> str:
    """Return the last lines of a log, indented, for an error message."""
    if not log.exists():
        return "  (no log)"
    return "\n".join(f"  | {line}" for line in log.read_text(errors="replace").splitlines()[-lines:])


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(STOP_SECONDS)
    # start_new_session created the group; only the program and its children are in it.
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
