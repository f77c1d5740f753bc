"""Signals end a command so that its `with` blocks are left, whatever its parent ignores."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from support.running_command import SIGHUP_DEFAULT

ROOT = Path(__file__).parents[3]
PROGRAM = """
import signal
from infra.command.signals import install_signal_handlers
install_signal_handlers()
try:
    {signals}
except KeyboardInterrupt:
    print("interrupted")
    {again}
finally:
    print("cleaned up")
"""


def run_program(signals: str, again: str = "pass", ignored: signal.Signals | None = None) -> tuple[str, int]:
    """Run the program; what it printed, and its exit status."""
    prefix = [] if ignored is None else ["bash", "-c", f"trap '' {ignored.name.removeprefix('SIG')}; exec \"$@\"", "-"]
    command = [*SIGHUP_DEFAULT, *prefix, sys.executable, "-c", PROGRAM.format(signals=signals, again=again)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout, done.returncode


@pytest.mark.parametrize("ignored", [None, signal.SIGINT], ids=["as usual", "ignored by the parent"])
def test_sigint_raises_keyboard_interrupt(ignored: signal.Signals | None) -> None:
    assert run_program("signal.raise_signal(signal.SIGINT)", ignored=ignored) == ("interrupted\ncleaned up\n", 0)


def test_second_sigint_does_not_interrupt_cleanup() -> None:
    output = run_program("signal.raise_signal(signal.SIGINT)", "signal.raise_signal(signal.SIGINT)")

    assert output == ("interrupted\ncleaned up\n", 0)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP], ids=["SIGTERM", "SIGHUP"])
def test_terminating_signal_runs_cleanup_once_when_it_comes_twice(number: signal.Signals) -> None:
    """A shell sends SIGHUP to its jobs, and the kernel sends it to the foreground group."""
    raised = f"signal.raise_signal({int(number)})"
    program = f"try:\n        {raised}\n    finally:\n        {raised}"

    assert run_program(program) == ("cleaned up\n", 128 + number)


def test_sighup_stays_ignored_under_nohup() -> None:
    assert run_program("signal.raise_signal(signal.SIGHUP)", ignored=signal.SIGHUP) == ("cleaned up\n", 0)
