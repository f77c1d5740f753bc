"""GroupService: ingests a group of lines, and writes its report and its part of the run's table."""

import asyncio
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from infra.run.file_store import FileStore
from intake.ingest.deadline import Deadline
from intake.ingest.file_service import IngestService
from intake.model.batch_table import BatchTable, Entry
from intake.model.bulk_item import BulkItem
from intake.model.bulk_report import BatchReport
from intake.model.error_codes import StoreFailed
from intake.model.file import File, ImageRequest, InvalidFile
from intake.model.object_keys import report_key, table_key
from intake.model.receipt import FailedEntry, Receipt

_NO_DEADLINE = Deadline(float("inf"))
"""Nobody ends this process, so each image has IMAGE_TIMEOUT, and all of them together as long as they need."""


@dataclass(frozen=True, slots=True)
class _Row:
    item: BulkItem
    file: File

    @property
    def can_be_joined(self) -> bool:
        """Whether the row is a URL list of one image, whose receipt nobody asks for by an id."""
        return len(self.file.images) == 1 and self.file.id == self.file.digest and not self.file.refresh


class GroupService:
    """Ingests groups of lines. Rows of one image each become one URL list, which has one receipt."""

    def __init__(
        self, service: IngestService, store: FileStore, run: str, started_at: datetime, max_base_images: int
    ) -> None:
        """Create the service.

        Args:
            service: ingests one File.
            store: stores the results.
            run: the name of the run.
            started_at: when the run started first. Receipts that were written since then are taken over.
            max_base_images: the limit of base images in a File.
        """
        self._service = service
        self._store = store
        self._run = run
        self._started_at = started_at
        self._max_base_images = max_base_images

    async def ingest(self, name: str, first_row: int, lines: Sequence[bytes]) -> Counter[str]:
        """Ingest a group.

        Args:
            name: the name of the group.
            first_row: the number of its first line, from 1.
            lines: each is a document as JSON.

        Returns:
            The number of images by result: stored, reused, failed; and the bytes.

        Raises:
            StoreFailed, StoreDenied: a receipt or the results could not be stored. The group has no report, so the
                next run of the list ingests it again.
        """
        report, table = BatchReport(), BatchTable()
        items = [
            BulkItem.read({"index": row - 1, "item": json.loads(line)}) for row, line in enumerate(lines, first_row)
        ]
        rows = list(self._parse(items, report, table))
        joined = [row for row in rows if row.can_be_joined]
        single = [row for row in rows if not row.can_be_joined]
        work = [self._ingest_row(row, report, table) for row in single]
        if joined:
            work.append(self._ingest_joined(joined, report, table))
        await asyncio.gather(*work)
        if self._store.fault is not None:
            raise StoreFailed(reason=self._store.fault.strerror)
        await self._store.put_document(table_key(self._run, name), table.to_gzip())
        await self._store.put_document(report_key(self._run, name), report.to_json())
        return report.counts.images + Counter(bytes=report.counts.bytes)

    def _parse(self, items: Sequence[BulkItem], report: BatchReport, table: BatchTable) -> list[_Row]:
        rows = []
        for item in items:
            try:
                rows.append(_Row(item, File.parse(item.document, max_base_images=self._max_base_images)))
            except InvalidFile as error:
                report.add_refused(item, error.faults)
                table.add_refused(item, error.faults)
        return rows

    async def _ingest_row(self, row: _Row, report: BatchReport, table: BatchTable) -> None:
        receipt = await self._ingest(row.file)
        report.add(row.item, receipt.images)
        table.add(row.item, row.file, receipt.images)

    async def _ingest_joined(self, rows: Sequence[_Row], report: BatchReport, table: BatchTable) -> None:
        file = _join([row.file for row in rows])
        receipt = await self._ingest(file)
        for row, request, entry in zip(rows, file.images, receipt.images, strict=True):
            report.add(row.item, [_as_only_image(entry)])
            table.add(row.item, replace(file, images=(request,)), [entry])

    async def _ingest(self, file: File) -> Receipt:
        receipt = await self._service.ingest(file, _NO_DEADLINE, submitted_at=self._started_at)
        if receipt.receipt_key is None:
            raise StoreFailed(reason=f"the receipt of {file.id} is not stored")
        return receipt


def _join(files: Sequence[File]) -> File:
    """Join URL lists of one image into one URL list."""
    requests = [file.images[0] for file in files]
    urls = [{"url": request.url} | ({"sha256": request.sha256} if request.sha256 else {}) for request in requests]
    joined = File.parse({"urls": urls}, max_base_images=len(urls))
    images = tuple(_with_notes(image, file) for image, file in zip(joined.images, files, strict=True))
    return replace(joined, images=images)


def _with_notes(image: ImageRequest, file: File) -> ImageRequest:
    note: Mapping[str, object] = {**(file.note or {}), **(file.images[0].note or {})}
    return replace(image, note=note) if note else image


def _as_only_image(entry: Entry) -> Entry:
    """Return the entry as the report names it: by its position in the row, not in the joined list."""
    return entry.model_copy(update={"index": 0}) if isinstance(entry, FailedEntry) else entry
