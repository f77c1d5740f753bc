"""Checks the groups of a list in several processes: reading and hashing all stored images keeps a processor busy."""

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterable
from contextlib import suppress
from itertools import islice, takewhile
from multiprocessing.connection import Connection
from multiprocessing.context import ForkProcess

from infra.command.signals import ENDING_SIGNALS, reset_signals_in_child
from infra.run.spooled_list import Group, Groups

_FORK = multiprocessing.get_context("fork")

type Check = Callable[[Group], bool]


def check_groups(check: Check, groups: Groups, processes: int) -> bytearray:
    """Return the result of a check for each group: 1 or 0, by its number.

    Each process takes every n-th group. This one is one of them, and takes the groups of a process that cannot be
    started or is killed. All others have ended at the return.

    Args:
        check: whether a group is done.
        groups: the groups of the list.
        processes: their number, this one included.
    """
    done = bytearray(len(groups))
    others = [_start(check, islice(groups, first, None, processes)) for first in range(1, min(processes, len(groups)))]
    try:
        done[::processes] = map(check, islice(groups, 0, None, processes))
        for first, other in enumerate(others, 1):
            done[first::processes] = _receive(other) or map(check, islice(groups, first, None, processes))
    finally:
        for _, process in filter(None, others):
            process.kill()
            process.join()
    return done


def _start(check: Check, groups: Iterable[Group]) -> tuple[Connection, ForkProcess] | None:
    ours, theirs = _FORK.Pipe(duplex=False)
    process = _FORK.Process(target=_run, args=(theirs, check, groups, os.getpid()))
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDING_SIGNALS)  # until the new process has its own handlers
    try:
        process.start()
    except OSError:
        return None
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING_SIGNALS)
        theirs.close()
    return ours, process


def _run(connection: Connection, check: Check, groups: Iterable[Group], command: int) -> None:
    reset_signals_in_child()
    checked = takewhile(lambda _: os.getppid() == command, groups)  # the command may be killed
    with suppress(OSError):
        connection.send_bytes(bytes(map(check, checked)))


def _receive(other: tuple[Connection, ForkProcess] | None) -> bytes:
    """Return what a process has found; nothing if it was killed, or was not started."""
    with suppress(EOFError, OSError):
        return other[0].recv_bytes() if other else b""
    return b""
