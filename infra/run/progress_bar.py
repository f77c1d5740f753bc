"""Shows the progress of `make run`, with tqdm."""

import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from math import ceil
from typing import Any, Never

from tqdm import tqdm

from infra.bulk.list_check import LineTarget
from infra.run.origin_waits import OriginWait

tqdm.monitor_interval = 0  # without it, tqdm starts a thread, and the worker processes are forked later

CHECK_DELAY = 2.0
"""Seconds until the check of a list shows its progress. It reads about 60,000 lines a second."""

PLAIN_SECONDS = 10.0
"""Time between two lines if stderr is not a terminal."""


_SHORT_SECONDS = 1.0
"""Shorter waits are not shown."""

_MAX_LOGGED = 20
"""Origins that have a line if stderr is not a terminal."""


class ProgressBar:
    """A bar with the rows that are done, their rate, the time left, failed images, and what the run waits for."""

    def __init__(self, bar: "tqdm[Never]", *, is_terminal: bool) -> None:
        self._bar = bar
        self._is_terminal = is_terminal
        self._failed = 0
        self._waits: dict[str, tuple[float, str]] = {}
        self._logged: set[str] = set()

    def add(self, rows: int, counts: Counter[str]) -> None:
        """Count a group that is done."""
        if counts["failed"]:
            self._failed += counts["failed"]
            self._set_postfix(refresh=False)
        self._bar.update(rows)

    def add_waits(self, waits: Iterable[OriginWait]) -> None:
        """Remember what images wait for. Without a terminal, print a line for each of the first origins, once."""
        now = time.monotonic()
        for wait in waits:
            ends_at, _ = self._waits.get(wait.host, (0.0, ""))
            if wait.seconds >= _SHORT_SECONDS and now + wait.seconds > ends_at:
                self._waits[wait.host] = now + wait.seconds, wait.reason
                self._log(wait)

    def show_waits(self) -> None:
        """Show the time that is left of the longest wait. Call it some times a second."""
        if self._waits:
            now = time.monotonic()
            self._waits = {host: wait for host, wait in self._waits.items() if wait[0] > now}
            if self._is_terminal:
                self._set_postfix(refresh=True)

    def _log(self, wait: OriginWait) -> None:
        if self._is_terminal or wait.host in self._logged or len(self._logged) > _MAX_LOGGED:
            return
        self._logged.add(wait.host)
        text = f"Waiting {_describe(wait.host, wait.seconds, wait.reason)}"
        self._bar.write("..." if len(self._logged) > _MAX_LOGGED else text, file=sys.stderr)

    def _set_postfix(self, *, refresh: bool) -> None:
        parts = [f"{self._failed:,} failed"] if self._failed else []
        if self._waits and self._is_terminal:
            host, (ends_at, reason) = max(self._waits.items(), key=lambda item: item[1])
            others = f", and {len(self._waits) - 1:,} more" if len(self._waits) > 1 else ""
            parts.append(f"waiting {_describe(host, ends_at - time.monotonic(), reason)}{others}")
        text = ", ".join(parts)
        if text != self._bar.postfix:
            self._bar.set_postfix_str(text, refresh=refresh)


def _describe(host: str, seconds: float, reason: str) -> str:
    return f"{max(1, ceil(seconds))} s for {host}, which {reason}"


class CountedLines:
    """Writes the lines of a list on, and counts them."""

    def __init__(self, target: LineTarget, bar: "tqdm[Never]") -> None:
        self._target = target
        self._bar = bar

    def write(self, line: bytes) -> None:
        """Write a line on."""
        self._target.write(line)
        self._bar.update()

    def flush(self) -> None:
        """Write what is still in memory."""
        self._target.flush()


@contextmanager
def counted_lines(target: LineTarget) -> Iterator[CountedLines]:
    """Show how many lines have been checked, if that takes longer."""
    with tqdm(desc="Checked", unit=" lines", delay=CHECK_DELAY, leave=False, **_style()) as bar:
        yield CountedLines(target, bar)


@contextmanager
def progress_bar(total: int, done: int) -> Iterator[ProgressBar]:
    """Show a bar until the block ends.

    Args:
        total: the rows of the list.
        done: the rows that an earlier command has done.
    """
    with tqdm(total=total, initial=done, unit=" rows", **_style()) as bar:
        yield ProgressBar(bar, is_terminal=sys.stderr.isatty())


def _style() -> dict[str, Any]:
    is_terminal = sys.stderr.isatty()
    return {
        "ascii": not is_terminal or None,
        "mininterval": 0.2 if is_terminal else PLAIN_SECONDS,
        "maxinterval": PLAIN_SECONDS,
        "dynamic_ncols": is_terminal,
    }
