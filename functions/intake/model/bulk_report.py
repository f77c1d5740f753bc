"""Reports of bulk runs: the counts and failed documents of one batch, and the summary of a run."""

import json
from collections import Counter
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from intake.model.receipt import FailedEntry, Receipt


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


class BatchReport(_Document):
    """The report of one batch: its counts, and every document with an image that is not stored.

    Attributes:
        batch: the name of the batch's execution, if the state machine wrote the report because the batch failed as a
            whole; else empty.
        counts: the sums over the documents of this batch.
        failed: the documents with an image that is not stored. If the batch failed as a whole: all its items, as the
            list has them.
    """

    batch: str = ""
    counts: Totals = Field(default_factory=Totals)
    failed: list[Any] = []

    def add(self, document: object, receipt: Receipt) -> None:
        """Count a File that was ingested."""
        counts = receipt.counts
        images = Counter(stored=counts.stored, reused=counts.reused, failed=counts.failed)
        codes = Counter(image.error.code for image in receipt.images if isinstance(image, FailedEntry))
        self._count(receipt.status.value, images, codes, counts.bytes)
        if counts.failed:
            self.failed.append(document)

    def add_skipped(self, document: object, images: int) -> None:
        """Count a File that was not started because the time ran out."""
        self._count("failed", Counter(failed=images), Counter(deadline_exceeded=images), 0)
        self.failed.append(document)

    def add_refused(self, document: object) -> None:
        """Count a document that is not a valid File."""
        self._count("refused", Counter(), Counter(), 0)
        self.failed.append(document)

    def _count(self, status: str, images: Counter[str], codes: Counter[str], size: int) -> None:
        # Adding Counters drops the entries that are zero.
        self.counts.add(Totals(files=1, status=Counter({status: 1}), images=images, codes=codes, bytes=size))

    def to_json(self) -> bytes:
        # Not through pydantic, which writes at most 255 levels: a line that is refused may have more.
        return to_json_line(self.model_dump(by_alias=True, exclude={"failed"}) | {"failed": self.failed})


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
    failed_key: Annotated[str | None, Field(description="The list of failed lines; null if none failed.")] = None

    def add(self, counts: Totals, first_rows: int) -> None:
        """Add the counts of a batch. If it failed as a whole, they include first rows of CSV, which are no Files."""
        counts.files -= first_rows
        counts.status["broken"] -= first_rows
        self.batches += 1
        self.counts.add(counts)


def to_json_line(document: object) -> bytes:
    """Encode a document as ASCII, because JSON allows an unpaired surrogate and UTF-8 does not."""
    return json.dumps(document, separators=(",", ":")).encode()
