"""Programs that are started for a while and always stopped, by their own id."""

import errno
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import NoReturn

LOOPBACK = "127.0.0.1"
STOP_SECONDS = 5.0

type Command = Sequence[str | Path]


class LocalError(Exception):
    """Something on this machine did not do what it was started for; the text says what, and shows its log."""


def begin() -> None:
    """Make a command that starts programs fit for a terminal.

    SIGTERM, and a terminal that is closed, leave every block as Ctrl-C does, so that what was started is stopped. The
    user's own AWS is not asked, and a profile of it not looked for.
    """
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup has it
            signal.signal(number, _end)
    for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE"):
        os.environ.pop(name, None)


def _end(signum: int, frame: FrameType | None) -> NoReturn:
    del frame
    for number in (signal.SIGTERM, signal.SIGHUP):  # a terminal that is closed may say so twice: once is to be heard
        signal.signal(number, signal.SIG_IGN)
    sys.exit(128 + signum)


def free_port() -> int:
    """A TCP port on loopback that nothing listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def require_port(port: int) -> None:
    """Find out whether a TCP port on loopback can be listened on.

    Raises:
        LocalError: it cannot.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do: connections that end are no matter
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise LocalError(f"Something else listens on port {port}. One that is free: {free_port()}.") from None
            raise LocalError(f"Port {port} cannot be listened on: {error.strerror}.") from None


def tail(log: Path, lines: int = 25) -> str:
    """The last lines of a log, indented, for an error message."""
    if not log.exists():
        return "  (no log)"
    return "\n".join(f"  | {line}" for line in log.read_text(errors="replace").splitlines()[-lines:])


def run(command: Command, *, env: Mapping[str, str], cwd: Path, log: Path, doing: str) -> None:
    """Run a program to its end, everything it says going to a log.

    Raises:
        LocalError: it ended with another status than 0; the end of its log is in the text.
    """
    with log.open("ab") as out:
        done = subprocess.run(command, env=env, cwd=cwd, stdout=out, stderr=out, stdin=subprocess.DEVNULL, check=False)
    if done.returncode:
        raise LocalError(f"{doing} failed (exit status {done.returncode}):\n{tail(log)}")


@contextmanager
def running(command: Command, *, env: Mapping[str, str], cwd: Path, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A program that runs beside us, with its children, until the block is left for whatever reason."""
    with log.open("ab") as out:
        # A session of its own: Ctrl-C reaches us alone, and what it starts is stopped with it.
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


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(STOP_SECONDS)
    # The group is the one that start_new_session made for it; what is left of it are its own children.
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
