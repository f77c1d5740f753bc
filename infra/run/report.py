"""Prints how a run of `make run` ended, where its results are, and what to do next."""

import re
import shlex
from collections.abc import Iterable, Iterator, Sequence

from infra.bulk.progress import format_duration
from infra.bulk.summary import join_counts
from infra.command.terminal import print_line
from infra.run.run_folder import RunFolder
from intake.model.bulk_report import Summary

_MAX_REASONS = 5
_PRIVATE = re.compile(r": (private use|loopback|link-local|shared address space)$")
_PORT = re.compile(r"^(?P<scheme>https?)://.*?(?::(?P<port>\d+))?: port not in ALLOWED_PORTS$")
_DEFAULT_PORTS = {"http": 80, "https": 443}


def print_result(
    run: RunFolder, summary: Summary, blocked: Sequence[str], *, rows: int, allowed_ports: Iterable[int]
) -> None:
    """Print the result of a run.

    Args:
        run: its folder.
        summary: its summary.
        blocked: why URLs were blocked.
        rows: the rows of the list.
        allowed_ports: the setting ALLOWED_PORTS.
    """
    counts = summary.counts
    rate = counts.images.total() / summary.seconds if summary.seconds else 0.0
    print_line(f"{format_rows(counts.files)} in {format_duration(summary.seconds)}, {rate:,.0f} images a second")
    print_line(f"  images   {join_counts(counts.images)}; {counts.bytes:,} bytes")
    if counts.codes:
        print_line(f"  failed   {join_counts(counts.codes)}")
    if counts.status["refused"]:
        print_line(f"  refused  {counts.status['refused']:,} rows that are no File")
    for line in _describe_blocked(blocked, allowed_ports):
        print_line(f"  blocked  {line}")
    print_line(f"Images: {run.out / 'images'}/")
    print_line(f"The table, with a row for each image: {run.path / 'images'}/*.jsonl.gz")
    if summary.failed_key:
        print_line(f"The rows that failed, with reasons: {run.path / 'failed.jsonl'}")
    if summary.retryable_key:
        again, out = (shlex.quote(str(path)) for path in (run.path / "retryable.jsonl", run.out))
        print_line(f"To send again those that may succeed: make run LIST={again} OUT={out}")
    if not summary.complete:
        print_line(f"Stopped after {counts.files:,} of {format_rows(rows)}: {summary.error}.", "yellow")
        print_line("The same command goes on.")


def format_rows(number: int) -> str:
    """Format a number of rows: "1 row", "10,000 rows"."""
    return f"{number:,} row{'' if number == 1 else 's'}"


def _describe_blocked(reasons: Sequence[str], allowed_ports: Iterable[int]) -> Iterator[str]:
    yield from reasons[:_MAX_REASONS]
    if len(reasons) > _MAX_REASONS:
        yield "..."
    found = [match for reason in reasons if (match := _PORT.search(reason))]
    if ports := {int(match["port"] or _DEFAULT_PORTS[match["scheme"]]) for match in found}:
        yield f"To allow these ports: ALLOWED_PORTS={','.join(map(str, sorted({*allowed_ports, *ports})))}"
    if any(map(_PRIVATE.search, reasons)):
        yield "To allow a network of your own, for example: ALLOW=10.0.0.0/8"
