"""Prints the progress of a run: one line that is overwritten on a terminal, else a line every ten seconds."""

import shutil
import sys
import time
from dataclasses import dataclass

PLAIN_SECONDS = 10.0
"""Time between two lines if the output is not a terminal."""

COLUMNS = 80
_BAR = 24
_SHORTEST_BAR = 8
_MINUTE, _HOUR = 60, 3600


@dataclass(frozen=True, slots=True)
class Progress:
    """The progress of a run.

    Attributes:
        status: the status of the execution: RUNNING, SUCCEEDED, FAILED, TIMED_OUT, ABORTED.
        total: the number of Files in the list; 0 until Step Functions has read it.
        done: the number of Files whose batch has ended, whether or not their images were stored.
        failed: the number of Files whose batch failed.
        seconds: the time since the run started, or from its start to its end.
        error: why the run failed; empty if it did not.
    """

    status: str
    total: int = 0
    done: int = 0
    failed: int = 0
    seconds: float = 0.0
    error: str = ""

    @property
    def is_running(self) -> bool:
        return self.status == "RUNNING"


class ProgressLine:
    """Prints the progress of a run."""

    def __init__(self) -> None:
        self._printed_at = float("-inf")
        self._is_terminal = sys.stdout.isatty()

    def show(self, progress: Progress) -> None:
        """Print the progress; at most every ten seconds if the output is not a terminal."""
        if self._is_terminal:
            columns = min(shutil.get_terminal_size().columns, COLUMNS)
            print(f"\r\x1b[K{format_line(progress, columns - 1)}", end="", flush=True)
            return
        now = time.monotonic()
        if not progress.is_running or now - self._printed_at >= PLAIN_SECONDS:
            self._printed_at = now
            print(format_line(progress), flush=True)

    def close(self) -> None:
        """End the line."""
        if self._is_terminal:
            print(flush=True)


def format_line(progress: Progress, width: int = COLUMNS - 1) -> str:
    """Format the progress of a run, with a bar if it fits.

    Args:
        progress: the progress.
        width: the maximum length of the line in characters.
    """
    if not progress.total:
        return f"reading the list, {format_duration(progress.seconds)}"[:width]
    share = progress.done / progress.total
    text = _format_counts(progress, share, with_rate=True)
    if len(text) > width:
        text = _format_counts(progress, share, with_rate=False)
    size = min(_BAR, width - len(text) - len("[] "))
    if size < _SHORTEST_BAR:
        return text.lstrip()[:width]
    filled = int(share * size)
    return f"[{'#' * filled}{'.' * (size - filled)}] {text}"


def _format_counts(progress: Progress, share: float, *, with_rate: bool) -> str:
    rate = progress.done / progress.seconds if progress.seconds else 0.0
    parts = [f"{share:4.0%}  {progress.done:,} of {progress.total:,} done"]
    if progress.failed:
        parts.append(f"{progress.failed:,} failed")
    if with_rate and rate:
        parts.append(f"{rate:,.0f} a second")
    if progress.is_running:
        left = (
            f"{format_duration((progress.total - progress.done) / rate)} left"
            if rate
            else "waiting for the first batch"
        )
        parts.append(left)
    return ", ".join(parts)


def format_duration(seconds: float) -> str:
    """Format a time in its two largest units: 8 s, 3 min 20 s, 2 h 5 min."""
    rounded = round(seconds)
    if rounded < _MINUTE:
        return f"{rounded} s"
    if rounded < _HOUR:
        return f"{rounded // _MINUTE} min {rounded % _MINUTE} s"
    return f"{rounded // _HOUR} h {rounded % _HOUR // _MINUTE} min"
