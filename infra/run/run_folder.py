"""RunFolder: the folder of one run below OUT, `runs/{run}/`: what is done, the summary, and the rows that failed."""

import fcntl
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from intake.model.bulk_item import to_json_line
from intake.model.bulk_report import BatchReport, Summary
from intake.model.object_keys import failed_key, summary_key

_TIME = "%Y-%m-%dT%H:%M:%SZ"
_NOT_IN_NAMES = re.compile("[^A-Za-z0-9._-]+")
_MAX_STEM = 60


@dataclass(slots=True)
class RunFolder:
    """A run of a list, which the same command continues until it has a complete summary.

    Attributes:
        out: the folder of all images, receipts and runs.
        name: the name of the run.
        source: the list, as the user named it.
        digest: SHA-256 of the lines of the list.
        started_at: when the run started first, in whole seconds.
    """

    out: Path
    name: str
    source: str
    digest: str
    started_at: datetime

    @property
    def path(self) -> Path:
        """The folder of the run."""
        return self.out / "runs" / self.name

    def done(self) -> set[str]:
        """Return the names of the groups that are done."""
        folder = self.path / "batches"
        return {path.stem for path in folder.glob("*.json")} if folder.exists() else set()

    def reports(self) -> Iterator[BatchReport]:
        """Yield the reports of the groups that are done, in the order of the list."""
        for path in sorted((self.path / "batches").glob("*.json")):
            # json, not pydantic's own parser, as in `s3.bulk_results`: a row may have an unpaired surrogate.
            yield BatchReport.model_validate(json.loads(path.read_bytes()))

    def finish(self, seconds: float, *, error: str | None) -> Summary:
        """Write failed.jsonl, retryable.jsonl and summary.json from the reports.

        Args:
            seconds: how long this command took; earlier ones that did not come to the end are added.
            error: why the run stopped before the end of the list; None if it did not.
        """
        summary = Summary(
            run=self.name,
            source=self.source,
            started_at=self.started_at.strftime(_TIME),
            ended_at=datetime.now(UTC).strftime(_TIME),
            seconds=round(seconds + _read_seconds(self.path), 3),
            complete=error is None,
            error=error,
        )
        with self._replacing("failed.jsonl") as failed:
            for report in self.reports():
                summary.add(report)
                for line in report.lines():
                    failed.write(to_json_line(line) + b"\n")
            has_failed = failed.tell() > 0
        summary.failed_key = failed_key(self.name) if has_failed else None
        with self._replacing(Path(summary_key(self.name)).name) as file:
            file.write(summary.model_dump_json(by_alias=True).encode())
        return summary

    @contextmanager
    def _replacing(self, name: str) -> Iterator[IO[bytes]]:
        """Write a file that takes the place of an earlier one when the block ends; remove both if it is empty."""
        target, unfinished = self.path / name, self.path / f".{name}.{os.getpid()}"
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
        digest: SHA-256 of its lines.

    Raises:
        OSError: the folder cannot be written.
    """
    for path in sorted((out / "runs").glob("*/run.json"), reverse=True):
        with _lock(path) as record:
            if record is not None and record.get("digest") == digest and not _is_complete(path.parent):
                yield _parse(out, path.parent.name, record)
                return
    run = _create(out, source, digest)
    with _lock(run.path / "run.json"):
        yield run


def _create(out: Path, source: str, digest: str) -> RunFolder:
    started_at = datetime.now(UTC).replace(microsecond=0)
    stem = _NOT_IN_NAMES.sub("-", Path(source).stem)[:_MAX_STEM].strip("-.") or "list"
    name = f"{stem}-{started_at:%Y%m%dT%H%M%SZ}"
    number = 1
    while True:
        run = RunFolder(out, name if number == 1 else f"{name}-{number}", source, digest, started_at)
        try:
            run.path.mkdir(parents=True)
        except FileExistsError:
            number += 1
            continue
        record = {"list": source, "digest": digest, "startedAt": started_at.strftime(_TIME)}
        with run._replacing("run.json") as file:  # noqa: SLF001 - of this module
            file.write(json.dumps(record).encode())
        return run


def _parse(out: Path, name: str, record: dict[str, Any]) -> RunFolder:
    started_at = datetime.strptime(record["startedAt"], _TIME).replace(tzinfo=UTC)
    return RunFolder(out, name, record["list"], record["digest"], started_at)


@contextmanager
def _lock(path: Path) -> Iterator[dict[str, Any] | None]:
    """Lock the record of a run, and read it; None if another process has the lock, or it is no record."""
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            record = json.load(file)
        except (BlockingIOError, ValueError):
            record = None
        yield record if isinstance(record, dict) and record.keys() >= {"list", "digest", "startedAt"} else None


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
