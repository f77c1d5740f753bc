"""Prints how a run of `make run` ended, where its results are, and what to do next."""

import re
import shlex
import sys
from collections.abc import Sequence

from infra.bulk.summary import format_counts
from infra.command.terminal import print_line
from infra.run.run_folder import RunFolder
from intake.model.bulk_report import Summary

_MAX_REASONS = 5
_PRIVATE = re.compile(r": (private use|loopback|link-local|shared address space)$")
_PORT = re.compile(r":(?P<port>\d+): port not in ALLOWED_PORTS$")


def print_result(run: RunFolder, summary: Summary, blocked: Sequence[str], *, rows: int) -> None:
    """Print the result of a run.

    Args:
        run: its folder.
        summary: its summary.
        blocked: why URLs were blocked.
        rows: the rows of the list.
    """
    for line in format_counts(summary.model_dump(by_alias=True)):
        print_line(line)
    for reason in blocked[:_MAX_REASONS]:
        print_line(f"  blocked  {reason}{_advise(reason)}")
    if summary.failed_key:
        print_line(f"Each failed row with its reason: {run.path / 'failed.jsonl'}")
    print_line(f"A row for every image: {run.path / 'images'}/*.jsonl.gz")
    print_line(f"The images: {run.out / 'images'}/")
    if not summary.complete:
        done = summary.counts.files
        print_line(f"Stopped after {done:,} of {rows:,} rows: {summary.error}.", "yellow")
        print_line("The same command goes on.")
        sys.stdout.flush()


def _advise(reason: str) -> str:
    if _PRIVATE.search(reason):
        return ". For your own network: ALLOW=10.0.0.0/8"
    if match := _PORT.search(reason):
        return f". To allow it: {shlex.quote('ALLOWED_PORTS=80,443,' + match['port'])}"
    return ""
