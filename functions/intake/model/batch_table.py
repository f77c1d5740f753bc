"""BatchTable: the part of a run's table that one batch writes: a row for every image, stored or not."""

import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from intake.model.bulk_item import MAX_LINE_BYTES, BulkItem
from intake.model.bulk_report import BatchReport
from intake.model.error_codes import DeadlineExceeded
from intake.model.file import File, ImageRequest
from intake.model.invalid_file import Fault, InvalidFile
from intake.model.note import find_note_fault
from intake.model.receipt import FailedEntry, StoredEntry
from intake.model.shown_text import redact_message
from intake.model.url import redact

_ENCODER = json.JSONEncoder(separators=(",", ":"))

COLUMNS = (
    "row",
    "id",
    "role",
    "index",
    "url",
    "status",
    "reused",
    "source",
    "key",
    "sha256",
    "contentType",
    "bytes",
    "width",
    "height",
    "frames",
    "warnings",
    "attempts",
    "elapsedMs",
    "code",
    "message",
    "note",
)
"""The columns of the table. Every row has all of them; null says that there is nothing to say.

`row` is the number of the document in the list, from 1. `status` is `stored` or `failed`; `refused` for a document that
is not a File, which has one row; `broken` for the images of a batch that failed as a whole. `note` has the members of
the note of the File, then those of the image's own note.
"""

_EMPTY_ROW: dict[str, Any] = dict.fromkeys(COLUMNS)
_COMPRESSION_LEVEL = 1
"""Level 6 takes three times as long, for a part that is a fifth smaller."""

_MAX_IMAGES = MAX_LINE_BYTES
"""More images than a line can have. The limit of a File does not count where no image was downloaded."""

_MAX_FAULTS = 5
_MAX_MESSAGE = 200

type Entry = StoredEntry | FailedEntry


@dataclass(slots=True)
class BatchTable:
    """The rows of one batch.

    Attributes:
        rows: each has all COLUMNS.
    """

    rows: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def of_broken(cls, report: BatchReport) -> Self:
        """Return the rows of a batch that failed as a whole, by the report of the state machine."""
        table = cls()
        for item in BulkItem.read_all(report.failed):
            table.add_broken(item, report.error)
        return table

    def add(self, item: BulkItem, file: File, entries: Sequence[Entry]) -> None:
        """Add the images of a File that was ingested; the entries have the order of its images."""
        for request, entry in zip(file.images, entries, strict=True):
            self._append(item, file, request, _describe_entry(entry))

    def add_skipped(self, item: BulkItem, file: File) -> None:
        """Add the images of a File that was not started because the time ran out."""
        outcome = {"status": "failed", "code": DeadlineExceeded.code, "message": DeadlineExceeded.default_message}
        for request in file.images:
            self._append(item, file, request, outcome)

    def add_refused(self, item: BulkItem, faults: Sequence[Fault]) -> None:
        """Add a row for a document that is not a valid File."""
        message = redact_message("; ".join(map(str, faults[:_MAX_FAULTS])), _MAX_MESSAGE)
        self._append_refused(item, {"status": "refused", "message": message})

    def add_broken(self, item: BulkItem, error: str) -> None:
        """Add the images of a row whose batch failed as a whole.

        Args:
            item: the row; one that is not a valid File has one row without an image.
            error: the name of the error.
        """
        outcome = {"status": "broken", "message": f"The batch of this row broke: {redact_message(error, _MAX_MESSAGE)}"}
        try:
            file = File.parse(item.document, max_base_images=_MAX_IMAGES)
        except InvalidFile:
            self._append_refused(item, outcome)
            return
        for request in file.images:
            self._append(item, file, request, outcome)

    def to_gzip(self) -> bytes:
        """Encode the rows as compressed JSON lines in the order of the list. Equal rows give equal bytes."""
        rows = sorted(self.rows, key=lambda row: (row["row"] is None, row["row"]))
        lines = "".join([_encode(row) for row in rows])
        return gzip.compress(lines.encode("ascii"), _COMPRESSION_LEVEL, mtime=0)

    def _append_refused(self, item: BulkItem, outcome: dict[str, Any]) -> None:
        self.rows.append(_EMPTY_ROW | {"row": item.row, "note": _find_note(item)} | outcome)

    def _append(self, item: BulkItem, file: File, request: ImageRequest, outcome: dict[str, Any]) -> None:
        image = {
            "row": item.row,
            "id": file.id,
            "role": request.role,
            "index": request.index,
            "url": redact(request.url),
            "note": {**(file.note or {}), **(request.note or {})} or None,
        }
        self.rows.append(_EMPTY_ROW | image | outcome)


def _encode(row: dict[str, Any]) -> str:
    return _ENCODER.encode(row) + "\n"


def _find_note(item: BulkItem) -> dict[str, Any] | None:
    """Return the note of a document that is not a valid File; None if it has none that is valid itself."""
    try:
        document = item.document
    except InvalidFile:
        return None
    note = document.get("note") if isinstance(document, dict) else None
    return note if isinstance(note, dict) and find_note_fault(note) is None else None


def _describe_entry(entry: Entry) -> dict[str, Any]:
    if isinstance(entry, FailedEntry):
        outcome: dict[str, Any] = {"status": "failed", "code": entry.error.code, "message": entry.error.message}
    else:
        outcome = {
            "status": "stored",
            "reused": entry.reused,
            "source": entry.source,
            "key": entry.key,
            "sha256": entry.sha256,
            "contentType": entry.content_type,
            "bytes": entry.bytes,
            "width": entry.width,
            "height": entry.height,
            "frames": entry.frames,
            "warnings": entry.warnings,
        }
    return outcome | {"attempts": entry.attempts, "elapsedMs": entry.elapsed_ms}
