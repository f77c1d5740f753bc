"""RunFolder: the folder of one run below OUT, `runs/{run}/`: what is done, the summary, and the rows that failed."""

import errno
import json
import os
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from time import time
from typing import IO, Any

from infra.run.group_checks import check_groups
from infra.run.group_results import has_whole_results
from infra.run.open_files import lock_for_process
from infra.run.spooled_list import Group, Groups, group_name
from intake.model.bulk_item import is_retryable, to_json_line
from intake.model.bulk_report import BatchReport, Summary
from intake.model.object_keys import failed_key, report_key, retryable_key, summary_key, table_key

_TIME = "%Y-%m-%dT%H:%M:%SZ"
_NOT_IN_NAMES = re.compile("[^A-Za-z0-9._-]+")
_MAX_STEM = 60
_MAX_STARTS = 20


@dataclass(slots=True)
class RunFolder:
    """A run of a list, which the same command continues until it has a complete summary.

    Attributes:
        out: the folder of all images, receipts and runs.
        name: the name of the run.
        source: the list, as the user named it.
        digest: SHA-256 of the lines of the list, and how images are verified.
        started_at: when the run started first, in whole seconds.
        earlier_seconds: how long earlier commands have downloaded.
    """

    out: Path
    name: str
    source: str
    digest: str
    started_at: datetime
    earlier_seconds: float = field(default=0.0, compare=False)

    @property
    def path(self) -> Path:
        """The folder of the run."""
        return self.out / "runs" / self.name

    @property
    def has_reports(self) -> bool:
        """Whether an earlier command has begun the run."""
        return (self.path / "batches").exists()

    @property
    def receipts_since(self) -> datetime:
        """From when on a receipt is certainly of this run: its time has whole seconds, as that of another run has."""
        return self.started_at + timedelta(seconds=1)

    def done(self, groups: Groups, processes: int = 1) -> bytearray:
        """Return for each of the groups of the list whether it is done: 1 or 0, by its number.

        A group is not done if Ctrl-C left some of its rows, or if anything that it has stored is missing or damaged.
        The check reads every image, in as many processes as are given.
        """
        return check_groups(self._is_done, groups, processes) if self.has_reports else bytearray(len(groups))

    def note_start(self) -> None:
        """Add up how long earlier commands have downloaded, and note when this one begins.

        A command that is killed writes no time. So the file of the record has the time of the start, less the seconds
        before it, and the folder of the reports that of the last report.
        """
        record, now = self.path / "run.json", time()
        self.earlier_seconds = _read_seconds(self.path)
        with suppress(OSError):  # the seconds are only shown
            if self.has_reports:
                counted = (self.path / "batches").stat().st_mtime - record.stat().st_mtime
                self.earlier_seconds = max(self.earlier_seconds, counted)
            os.utime(record, (now, now - self.earlier_seconds))

    def reports(self, groups: int) -> Iterator[BatchReport]:
        """Yield the reports of the groups that are done, wholly or in part, in the order of the list."""
        return filter(None, map(self._read_report, range(groups)))

    def finish(
        self,
        seconds: float,
        *,
        groups: Groups,
        error: str | None,
        write_page: Callable[[Summary], object] = lambda _: None,
    ) -> Summary:
        """Write failed.jsonl, retryable.jsonl and summary.json from the reports.

        Args:
            seconds: how long this command took; `earlier_seconds` are added.
            groups: the groups of the list.
            error: why the run stopped before the end of the list; None if it did not.
            write_page: called last but before the summary has its name, which says that the run is complete. If the
                command is killed meanwhile, the same command goes on and writes the page.

        Raises:
            OSError: a file cannot be written.
        """
        summary = Summary(
            run=self.name,
            source=self.source,
            started_at=self.started_at.strftime(_TIME),
            ended_at=datetime.now(UTC).strftime(_TIME),
            seconds=round(seconds + self.earlier_seconds, 3),
        )
        self._write_failed_rows(summary, len(groups))
        if summary.counts.files < groups.rows:
            error = error or f"{groups.rows - summary.counts.files:,} of {groups.rows:,} rows have no report"
        summary.complete, summary.error = error is None, error
        with self._replacing(Path(summary_key(self.name)).name) as file:
            # json, not pydantic: the name of a list may be no text in UTF-8, and a row may have an unpaired surrogate.
            file.write(json.dumps(summary.model_dump(by_alias=True), separators=(",", ":")).encode())
            file.flush()  # a full disk has no place for the page either
            write_page(summary)
        return summary

    def _write_failed_rows(self, summary: Summary, groups: int) -> None:
        """Add every report to the summary, and write the rows that failed."""
        with self._replacing("failed.jsonl") as failed, self._replacing("retryable.jsonl") as retryable:
            for report in self.reports(groups):
                summary.add(report)
                for line in map(to_json_line, report.lines()):
                    failed.write(line + b"\n")
                    if is_retryable(line):
                        retryable.write(line + b"\n")
            summary.failed_key = failed_key(self.name) if failed.tell() else None
            summary.retryable_key = retryable_key(self.name) if retryable.tell() else None

    def _is_done(self, group: Group) -> bool:
        report = self._read_report(group.number)
        is_complete = report is not None and report.counts.files == group.rows
        return is_complete and has_whole_results(self.out, self.out / table_key(self.name, group.name))

    def _read_report(self, number: int) -> BatchReport | None:
        """Return the report of a group; None if there is none, or if it cannot be read, as after a crash."""
        try:
            return BatchReport.model_validate(json.loads((self.out / self._report_key(number)).read_bytes()))
        except (OSError, ValueError):
            return None

    def _report_key(self, number: int) -> str:
        return report_key(self.name, group_name(number))

    @contextmanager
    def _replacing(self, name: str) -> Iterator[IO[bytes]]:
        """Write a file that takes the place of an earlier one when the block ends; remove both if it is empty."""
        target, unfinished = self.path / name, self.path / f".{name}.part"
        try:
            with unfinished.open("wb") as file:
                yield file
                is_empty = file.tell() == 0
            if is_empty:
                target.unlink(missing_ok=True)
            else:
                unfinished.replace(target)
        finally:
            unfinished.unlink(missing_ok=True)


@contextmanager
def open_run(out: Path, source: str, digest: str) -> Iterator[RunFolder]:
    """Continue the run of a list that has not come to its end, or start one.

    A run that another process works on is not continued: this process starts one of its own.

    Args:
        out: the folder of all runs.
        source: the list, as the user named it.
        digest: SHA-256 of its lines, and how images are verified: a run with a decoder does not continue one without.

    Raises:
        OSError: the folder cannot be written.
    """
    for path in sorted((out / "runs").glob("*/run.json"), reverse=True):
        with _locked_run(out, path) as run:
            if run is not None and run.digest == digest and not _is_complete(run.path):
                yield run
                return
    for _ in range(_MAX_STARTS):
        path = _create(out, source, digest)
        with _locked_run(out, path) as run:
            if run is not None:  # else another process with the same list has found and continued it already
                yield run
                return
    raise BlockingIOError(errno.EAGAIN, "other commands take each new run")


def _create(out: Path, source: str, digest: str) -> Path:
    """Create the folder of a run with its record, and return the path of the record."""
    started_at = datetime.now(UTC).replace(microsecond=0)
    stem = _NOT_IN_NAMES.sub("-", Path(source).stem)[:_MAX_STEM].strip("-.") or "list"
    name = f"{stem}-{started_at:%Y%m%dT%H%M%SZ}"
    for number in count(1):
        run = RunFolder(out, name if number == 1 else f"{name}-{number}", source, digest, started_at)
        with suppress(FileExistsError):
            run.path.mkdir(parents=True)
            break
    record = {"list": source, "digest": digest, "startedAt": started_at.strftime(_TIME)}
    with run._replacing("run.json") as file:  # noqa: SLF001 - of this module
        file.write(json.dumps(record).encode())
    return run.path / "run.json"


@contextmanager
def _locked_run(out: Path, path: Path) -> Iterator[RunFolder | None]:
    """Lock the record of a run, and read it; None if another process has the lock, or it is no record."""
    with ExitStack() as on_exit:
        try:
            file = on_exit.enter_context(path.open("r+b"))
            lock_for_process(file.fileno())  # not for the workers, which may outlive a killed command
            run = _parse(out, path.parent.name, json.load(file))
        except (OSError, ValueError, TypeError, KeyError):
            run = None
        yield run


def _parse(out: Path, name: str, record: dict[str, str]) -> RunFolder:
    started_at = datetime.strptime(record["startedAt"], _TIME).replace(tzinfo=UTC)
    return RunFolder(out, name, str(record["list"]), record["digest"], started_at)


def _is_complete(folder: Path) -> bool:
    return _read_summary(folder).get("complete") is True


def _read_seconds(folder: Path) -> float:
    seconds = _read_summary(folder).get("seconds")
    return float(seconds) if isinstance(seconds, int | float) else 0.0


def _read_summary(folder: Path) -> dict[str, Any]:
    """Return the summary of a run; an empty one if there is none yet."""
    try:
        summary = json.loads((folder / "summary.json").read_bytes())
    except (OSError, ValueError):
        return {}
    return summary if isinstance(summary, dict) else {}
