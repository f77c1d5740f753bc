"""Handles the signals that end a command: Ctrl-C (SIGINT), SIGTERM, and SIGHUP from a closed terminal."""

import signal
import sys
from types import FrameType
from typing import NoReturn

ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
INTERRUPTED = 128 + signal.SIGINT
"""The exit status of a command that Ctrl-C ended, as shells report it."""


def install_signal_handlers() -> None:
    """Make the ending signals unwind every `with` block, so that child processes are stopped.

    SIGINT raises KeyboardInterrupt; SIGTERM and SIGHUP raise SystemExit with the status 128 + number. A shell script
    starts `make up &` with SIGINT ignored, and Python then installs no handler; this function installs one anyway.
    Only SIGHUP remains ignored if the parent process ignores it, because nohup relies on that.
    """
    signal.signal(signal.SIGINT, _interrupt)
    signal.signal(signal.SIGTERM, _exit)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, _exit)


def reset_signals_in_child() -> None:
    """Let a forked process ignore Ctrl-C, and end at the other signals.

    A terminal sends Ctrl-C to all processes, but only the command decides when they end. The process starts with the
    ending signals blocked, so that it never runs a handler of the command.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING_SIGNALS)


def _interrupt(signum: int, frame: FrameType | None) -> NoReturn:
    del signum, frame
    _ignore_further_signals()
    raise KeyboardInterrupt


def _exit(signum: int, frame: FrameType | None) -> NoReturn:
    del frame
    _ignore_further_signals()
    sys.exit(128 + signum)


def _ignore_further_signals() -> None:
    """Keep a second signal from interrupting the cleanup: a closed terminal may send SIGHUP twice."""
    for number in ENDING_SIGNALS:
        signal.signal(number, signal.SIG_IGN)
