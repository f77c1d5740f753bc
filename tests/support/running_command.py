"""Commands that run while a test observes them, with their output in a file."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.build.template_file import ROOT

SIGINT_IGNORED = ["bash", "-c", "trap '' INT; exec \"$@\"", "-"]
"""A prefix that starts a command as a shell script does with `&`: with SIGINT ignored."""

SIGHUP_DEFAULT = ["env", "--default-signal=HUP"]
"""A prefix that starts a command as a terminal does. Under nohup, these tests run with SIGHUP ignored."""


@contextmanager
def start_command(command: list[str], log: Path, cwd: Path = ROOT) -> Iterator[subprocess.Popen[bytes]]:
    """Start a command, with its output in a file; stop it by Ctrl-C if it has not ended."""
    with log.open("wb") as out:
        environment = os.environ | {"PYTHONPATH": "functions"}
        process = subprocess.Popen(command, cwd=cwd, env=environment, stdout=out, stderr=out, start_new_session=True)
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGINT)
        process.wait(30)


def wait_for_output(log: Path, text: str) -> bool:
    """Wait for a text in the output of a command, for at most half a minute; return whether it came."""
    end = time.monotonic() + 30
    while text not in log.read_text() and time.monotonic() < end:
        time.sleep(0.05)
    return text in log.read_text()
