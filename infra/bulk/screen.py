"""What the bulk command shows: one line that is written over on a terminal, plain lines elsewhere; a summary."""

import shutil
import sys
import time
from collections.abc import Mapping
from typing import Any

from infra.bulk.stack import Progress

PLAIN_SECONDS = 10.0
"""Between two lines where nobody looks at a terminal."""

_BAR = 24
_MINUTE, _HOUR = 60, 3600


def duration(seconds: float) -> str:
    """Write a time as one says it: 8 s, 3 min 20 s, 2 h 5 min."""
    whole = round(seconds)
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE} s"
    return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE} min"


def line(progress: Progress, seconds: float) -> str:
    """Write how far a run is.

    Args:
        progress: how far.
        seconds: since it began.
    """
    if not progress.total:
        return f"reading the list, {duration(seconds)}"
    share = progress.done / progress.total
    filled = int(share * _BAR)
    rate = progress.done / seconds if seconds else 0.0
    left = f"{duration((progress.total - progress.done) / rate)} left" if rate else "waiting for the first batch"
    failed = f"{progress.failed:,} failed, " if progress.failed else ""
    return (
        f"[{'#' * filled}{'.' * (_BAR - filled)}] {share:4.0%}  {progress.done:,} of {progress.total:,} done, "
        f"{failed}{rate:,.0f} a second, {left}"
    )


class Screen:
    """Shows progress."""

    def __init__(self) -> None:
        """Begin now."""
        self._began = time.monotonic()
        self._shown = float("-inf")
        self._terminal = sys.stdout.isatty()

    def show(self, progress: Progress) -> None:
        """Show how far it is; not too often where lines stay."""
        now = time.monotonic()
        if not self._terminal and progress.running and now - self._shown < PLAIN_SECONDS:
            return
        self._shown = now
        text = line(progress, now - self._began)
        if self._terminal:
            width = shutil.get_terminal_size().columns - 1
            print(f"\r\x1b[K{text[:width]}", end="", flush=True)
        else:
            print(text, flush=True)

    def leave(self) -> None:
        """Leave the line as it stands and go to the next."""
        if self._terminal:
            print(flush=True)


def summary(found: Mapping[str, Any], bucket: str, total: int) -> list[str]:
    """Write what a run came to, in lines.

    Args:
        found: its summary.
        bucket: where that stands.
        total: Files that the run has read of the list, as far as is known.
    """
    counts = found["counts"]
    complete = found.get("complete", True)  # not in the summaries of a stack of an earlier version
    lines = [] if complete else ["THIS IS NOT THE WHOLE LIST: the run was given up.", f"  {found['error']}"]
    lines += [
        f"{counts['files']:,} Files in {duration(found['seconds'])}, batches: {found['batches']:,}",
        f"  Files    {_listed(counts['status'])}",
        f"  images   {_listed(counts['images'])}; {counts['bytes']:,} bytes",
    ]
    if counts["codes"]:
        lines.append(f"  failed   {_listed(counts['codes'])}")
    if found.get("failedKey"):
        lines.append(f"What failed, ready to be handed over again: s3://{bucket}/{found['failedKey']}")
    if not complete:
        lines.append(
            f"Of {total:,} Files that were read of the list, {counts['files']:,} are counted here." if total else ""
        )
        lines.append("Mend the cause, then hand the whole list over again; what is stored is not stored twice.")
    elif counts["files"] < total:
        lines.append(f"{total - counts['files']:,} Files are in no report: see FAILED_*.json under map/.")
    return [line for line in lines if line]


def no_summary(arn: str, where: str) -> list[str]:
    """Write that there is no summary, and how to get one.

    Args:
        arn: of the run.
        where: what the aws command needs to find it.
    """
    again = f"aws{where} stepfunctions redrive-execution --execution-arn {arn}"
    return ["The run has no summary. If its last state failed, this makes it anew:", f"  {again}"]


def _listed(counts: Mapping[str, int]) -> str:
    ordered = sorted(counts.items(), key=lambda item: -item[1])
    return ", ".join(f"{number:,} {name}" for name, number in ordered) or "none"
