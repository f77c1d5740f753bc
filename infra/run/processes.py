"""Runs the worker processes of `make run`, and gives each of them groups of lines."""

import multiprocessing
import signal
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from math import inf
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkProcess
from time import monotonic

from infra.command.errors import CommandError
from infra.command.signals import ENDING_SIGNALS
from infra.run.spooled_list import Group
from infra.run.worker import GroupDone, GroupFailed, Message, NextGroup, Stop, Waiting, Work, run_worker

STOP_SECONDS = 5.0
"""How long images that were begun may take after Ctrl-C. A second Ctrl-C ends the wait."""

_POLL_SECONDS = 0.2
"""How long it may take until Ctrl-C has an effect."""

_FORK = multiprocessing.get_context("fork")
"""Forked processes share the imported modules: each starts at once, and needs less memory."""


@dataclass(slots=True)
class Processes:
    """The worker processes of a run.

    Attributes:
        fault: why the run had to stop before the end of the list; None if it did not.
        is_interrupted: whether the user stopped it.
    """

    fault: str | None = None
    is_interrupted: bool = False
    _ends_at: float = inf
    _running: dict[Connection, ForkProcess] = field(default_factory=dict)
    _asking: list[Connection] = field(default_factory=list)
    _stopped: set[Connection] = field(default_factory=set)

    def start(self, number: int, work: Work) -> None:
        """Start worker processes. Call it before the process has threads or an event loop.

        Args:
            number: how many.
            work: what they do.

        Raises:
            CommandError: the limits of the user or of the machine permit no more processes or open files.
        """
        signal.pthread_sigmask(signal.SIG_BLOCK, ENDING_SIGNALS)  # until the new process has its own handlers
        try:
            for _ in range(number):
                ours, theirs = _FORK.Pipe()
                process = _FORK.Process(target=_run, args=([*self._running, ours], theirs, work))
                process.start()
                theirs.close()
                self._running[ours] = process
        except OSError as error:
            reason = f"{number} worker processes cannot be started: {error.strerror}"
            raise CommandError(f"{reason}. Set PROCESSES=1, or raise the limit (ulimit -u, ulimit -n).") from None
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING_SIGNALS)

    def ingest(self, groups: Iterable[Group]) -> Iterator[GroupDone | Waiting | None]:
        """Yield each group when it is done, and what images wait for; None at least every _POLL_SECONDS.

        After a fault or an interruption, no more groups are begun.
        """
        remaining = iter(groups)
        while self._running and monotonic() < self._ends_at:
            for message in self._receive():
                if isinstance(message, GroupFailed):
                    self.fault = self.fault or message.reason
                elif not isinstance(message, NextGroup):
                    yield message
            yield None
            if self.fault or self.is_interrupted:
                remaining = iter(())
            if self.is_interrupted:
                self._send_stop()
            for connection in self._asking:
                with suppress(OSError):  # the process has ended, which the next `_receive` reports
                    connection.send(next(remaining, None))
            self._asking.clear()

    def interrupt(self) -> None:
        """Let images end that were requested, within STOP_SECONDS, and begin no more. A second call waits no longer.

        A signal handler may call it: an exception in the middle of a message would make the rest unreadable.
        """
        self._ends_at = monotonic() if self.is_interrupted else monotonic() + STOP_SECONDS
        self.is_interrupted = True

    def _send_stop(self) -> None:
        """Tell every process to stop, once."""
        for connection in self._running.keys() - self._stopped:
            with suppress(OSError):
                connection.send(Stop())
        self._stopped |= self._running.keys()

    def stop(self) -> None:
        """End every process. What they have begun is done by the next run of the list."""
        for process in self._running.values():
            process.kill()
        for process in self._running.values():
            process.join()
        self._running.clear()

    def _receive(self) -> Iterator[Message]:
        for connection in wait(list(self._running), _POLL_SECONDS):
            assert isinstance(connection, Connection)  # noqa: S101 - `wait` returns what it was given
            try:
                message: Message = connection.recv()
            except (EOFError, ConnectionError):
                self._end(connection)
                continue
            if isinstance(message, NextGroup):
                self._asking.append(connection)
            else:
                yield message

    def _end(self, connection: Connection) -> None:
        process = self._running.pop(connection)
        process.join()
        if process.exitcode:
            self.fault = self.fault or _describe_end(process.exitcode)


def _describe_end(status: int) -> str:
    if status == -signal.SIGKILL:
        return "a worker process was killed; perhaps the machine has too little memory, and PROCESSES=1 needs less"
    return f"a worker process ended with status {status}"


def _run(others: list[Connection], connection: Connection, work: Work) -> None:
    # A process that holds the other ends of pipes would keep the others from seeing the end of the command.
    for other in others:
        other.close()
    run_worker(connection, work)
