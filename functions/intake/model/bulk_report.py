"""Reports of bulk runs: the counts and failed rows of one batch, and the summary of a run."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from intake.model.bulk_item import BulkItem, encode_json
from intake.model.error_codes import DeadlineExceeded
from intake.model.file import Role
from intake.model.invalid_file import Fault
from intake.model.object_keys import table_prefix
from intake.model.receipt import FailedEntry, Status, StoredEntry
from intake.model.shown_text import excerpt, redact_message

MAX_REFUSED = 10
"""Refused rows that a report or a summary shows; `failed.jsonl` has all. The summary is the output of a state, which
has at most 256 KiB (AWS Step Functions quotas)."""

_MAX_ERRORS = 5
_MAX_PATH = 100
_MAX_MESSAGE = 200
_PATHS = {Role.FILE: "fileUrl", Role.BASE: "baseUrls[{}]", Role.IMAGE: "urls[{}]"}


class _Document(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class Totals(_Document):
    """Sums over Files."""

    files: Annotated[int, Field(description="Documents, including those that are not valid Files.")] = 0
    status: Annotated[Counter[str], Field(description="Files by status; `refused` counts invalid Files.")] = Counter()
    images: Annotated[Counter[str], Field(description="Images: stored, reused, failed.")] = Counter()
    codes: Annotated[Counter[str], Field(description="Failed images by error code.")] = Counter()
    bytes: int = 0

    def add(self, other: "Totals") -> None:
        self.files += other.files
        self.status += other.status
        self.images += other.images
        self.codes += other.codes
        self.bytes += other.bytes


class RowError(_Document):
    """One reason why a row failed: a fault of its document, or an image that is not stored."""

    path: str
    code: Annotated[str | None, Field(exclude_if=lambda code: code is None)] = None
    message: str

    @classmethod
    def of_fault(cls, fault: Fault) -> Self:
        return cls(path=redact_message(fault.path, _MAX_PATH), message=redact_message(fault.message, _MAX_MESSAGE))

    @classmethod
    def of_image(cls, entry: FailedEntry) -> Self:
        path = _PATHS[entry.role].format(entry.index)
        return cls(path=path, code=entry.error.code, message=redact_message(entry.error.message, _MAX_MESSAGE))


class Failure(_Document):
    """Why a row failed: the first errors, how many more there are, and whether the row may succeed later."""

    row: int | None
    status: str
    retryable: Annotated[bool, Field(description="Whether it may help to send the row again as it is.")]
    errors: list[RowError]
    more_errors: Annotated[int, Field(exclude_if=lambda number: number == 0)] = 0

    @classmethod
    def of_images(cls, item: BulkItem, status: str, entries: Sequence[FailedEntry]) -> Self:
        errors = [RowError.of_image(entry) for entry in entries[:_MAX_ERRORS]]
        is_retryable = any(entry.error.retryable for entry in entries)
        more = len(entries) - len(errors)
        return cls(row=item.row, status=status, retryable=is_retryable, errors=errors, more_errors=more)

    @classmethod
    def of_faults(cls, item: BulkItem, faults: Sequence[Fault]) -> Self:
        errors = [RowError.of_fault(fault) for fault in faults[:_MAX_ERRORS]]
        more = len(faults) - len(errors)
        return cls(row=item.row, status="refused", retryable=False, errors=errors, more_errors=more)

    @classmethod
    def of_batch(cls, item: BulkItem, status: str, message: str, code: str | None = None) -> Self:
        """Describe a row that failed with its batch, whatever its images are."""
        error = RowError(path="", code=code, message=message)
        return cls(row=item.row, status=status, retryable=True, errors=[error])


class RefusedRow(Failure):
    """A row that is no File, with the beginning of its content."""

    retryable: bool = False
    item: str


class BatchReport(_Document):
    """The report of one batch: its counts, and every row with an image that is not stored.

    Attributes:
        batch: the name of the batch's execution, if the state machine wrote the report because the batch failed as a
            whole; else empty.
        error: the name of the error that the batch failed with as a whole; else empty.
        counts: the sums over the rows of this batch.
        refused: the first rows that are not valid Files.
        failed: the lines for `failed.jsonl`. If the batch failed as a whole: all its items, as the state machine
            passed them.
    """

    batch: str = ""
    error: str = ""
    counts: Totals = Field(default_factory=Totals)
    refused: list[RefusedRow] = []
    failed: list[Any] = []

    def add(self, item: BulkItem, entries: Sequence[StoredEntry | FailedEntry]) -> None:
        """Count a row whose images were ingested, by their entries in the receipt."""
        failed = []
        images, size = self.counts.images, 0
        for entry in entries:
            if isinstance(entry, FailedEntry):
                failed.append(entry)
                images["failed"] += 1
                self.counts.codes[entry.error.code] += 1
            else:
                images["reused" if entry.reused else "stored"] += 1
                size += entry.bytes
        status = Status.of(stored=len(entries) - len(failed), failed=len(failed))
        self._count(status, size)
        if failed:
            self._add_failed(item, Failure.of_images(item, status, failed))

    def add_skipped(self, item: BulkItem, images: int) -> None:
        """Count a File that was not started because the time ran out."""
        self._count("failed")
        self.counts.images["failed"] += images
        self.counts.codes[DeadlineExceeded.code] += images
        message = "The batch had no time left to start the File."
        self._add_failed(item, Failure.of_batch(item, "failed", message, DeadlineExceeded.code))

    def add_refused(self, item: BulkItem, faults: Sequence[Fault]) -> None:
        """Count a row that is not a valid File."""
        self._count("refused")
        failure = Failure.of_faults(item, faults)
        self._add_failed(item, failure)
        if len(self.refused) < MAX_REFUSED:
            self.refused.append(RefusedRow(**dict(failure), item=excerpt(item.shown)))

    def count_rows(self) -> Totals:
        """Return the counts. Those of a batch that failed as a whole include the first row of CSV, which is no File."""
        if not self.batch:
            return self.counts
        rows = len(BulkItem.read_all(self.failed))
        return self.counts.model_copy(update={"files": rows, "status": Counter(broken=rows)})

    def lines(self) -> Iterator[object]:
        """Yield the lines for `failed.jsonl`."""
        if not self.batch:
            yield from self.failed
            return
        for item in BulkItem.read_all(self.failed):
            message = f"The batch of this row broke: {redact_message(self.error, _MAX_MESSAGE) or 'see map/'}."
            yield _to_line(item, Failure.of_batch(item, "broken", message))

    def _add_failed(self, item: BulkItem, failure: Failure) -> None:
        self.failed.append(_to_line(item, failure))

    def _count(self, status: str, size: int = 0) -> None:
        self.counts.files += 1
        self.counts.status[status] += 1
        self.counts.bytes += size

    def to_json(self) -> bytes:
        """Encode the report as ASCII, because JSON allows an unpaired surrogate and UTF-8 does not.

        pydantic writes at most 255 levels, and a row that is refused may have more.
        """
        report = self.model_dump(by_alias=True, exclude={"failed"}) | {"failed": self.failed}
        return encode_json(report).encode()


def _to_line(item: BulkItem, failure: Failure) -> object:
    return item.to_failed(failure.model_dump(by_alias=True))


class Summary(_Document):
    """The summary of one bulk run."""

    run: str
    source: Annotated[str | None, Field(alias="list")] = None
    started_at: str | None = None
    ended_at: str
    seconds: float
    complete: Annotated[bool, Field(description="False: the run was aborted; some lines may not have been read.")] = (
        True
    )
    error: Annotated[str | None, Field(description="Why the run was aborted; null if it was not.")] = None
    batches: int = 0
    counts: Totals = Field(default_factory=Totals)
    refused: Annotated[list[RefusedRow], Field(description="The first rows that are not valid Files.")] = []
    table_prefix: Annotated[str, Field(description="The keys of the run's table: one part for each batch.")] = Field(
        default_factory=lambda summary: table_prefix(summary["run"])
    )
    failed_key: Annotated[str | None, Field(description="The list of failed lines; null if none failed.")] = None
    retryable_key: Annotated[
        str | None, Field(description="The failed lines that may succeed later; null if there are none.")
    ] = None

    def add(self, report: BatchReport) -> None:
        """Add the report of one batch."""
        self.batches += 1
        self.counts.add(report.count_rows())
        if report.refused:
            refused = sorted([*self.refused, *report.refused], key=lambda row: (row.row is None, row.row or 0))
            self.refused = refused[:MAX_REFUSED]
