"""Shows the progress of `make run`, with tqdm."""

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Never

from tqdm import tqdm

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


@contextmanager
def progress_bar(total: int, done: int) -> Iterator[ProgressBar]:
    """Show a bar until the block ends.

    Args:
        total: the rows of the list.
        done: the rows that an earlier command has done.
    """
    is_terminal = sys.stderr.isatty()
    with tqdm(
        total=total,
        initial=done,
        unit=" rows",
        unit_scale=False,
        ascii=not is_terminal or None,
        mininterval=0.2 if is_terminal else PLAIN_SECONDS,
        maxinterval=PLAIN_SECONDS,
        dynamic_ncols=is_terminal,
    ) as bar:
        yield ProgressBar(bar)
