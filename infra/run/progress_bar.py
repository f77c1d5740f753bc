"""Shows the progress of `make run`, with tqdm."""

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Never

from tqdm import tqdm

from infra.bulk.list_check import LineTarget

tqdm.monitor_interval = 0  # without it, tqdm starts a thread, and the worker processes are forked later

CHECK_DELAY = 2.0
"""Seconds until the check of a list shows its progress. It reads about 60,000 lines a second."""

PLAIN_SECONDS = 10.0
"""Time between two lines if stderr is not a terminal."""


class ProgressBar:
    """A bar with the rows that are done, their rate, the time left and the images that failed."""

    def __init__(self, bar: "tqdm[Never]") -> None:
        self._bar = bar
        self._failed = 0

    def add(self, rows: int, counts: Counter[str]) -> None:
        """Count a group that is done."""
        if counts["failed"]:
            self._failed += counts["failed"]
            self._bar.set_postfix_str(f"{self._failed:,} failed", refresh=False)
        self._bar.update(rows)


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
        yield ProgressBar(bar)


def _style() -> dict[str, Any]:
    is_terminal = sys.stderr.isatty()
    return {
        "ascii": not is_terminal or None,
        "mininterval": 0.2 if is_terminal else PLAIN_SECONDS,
        "maxinterval": PLAIN_SECONDS,
        "dynamic_ncols": is_terminal,
    }
