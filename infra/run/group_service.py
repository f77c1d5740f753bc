"""GroupService: ingests a group of lines, and writes its report and its part of the run's table."""

import asyncio
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from math import inf

from infra.run.file_store import FileStore
from infra.run.group_pauses import MAX_SECONDS, GroupPauses, longest
from intake.ingest.deadline import Deadline
from intake.ingest.file_service import IngestService
from intake.ingest.receipt_store import ReceiptStore
from intake.model.batch_table import BatchTable, Entry
from intake.model.bulk_item import BulkItem
from intake.model.bulk_report import BatchReport
from intake.model.error_codes import DeadlineExceeded, StoreFailed
from intake.model.file import Fault, File, ImageRequest, InvalidFile
from intake.model.object_keys import report_key, table_key
from intake.model.receipt import FailedEntry, Receipt, StoredEntry

_NO_DEADLINE = Deadline(inf)
"""Unlike a Lambda function, this process has no time limit: only IMAGE_TIMEOUT limits each image."""


@dataclass(frozen=True, slots=True)
class _Row:
    item: BulkItem
    file: File

    @property
    def can_be_joined(self) -> bool:
        """Whether the row is a URL list of one image without an id, so that its receipt may be shared."""
        return len(self.file.images) == 1 and self.file.id == self.file.digest and not self.file.refresh


@dataclass(slots=True)
class _Unit:
    """A File that is ingested, and its rows: one, or several whose only images are joined, in the order of its images.

    Its receipt is set when it is ingested.
    """

    file: File
    rows: Sequence[_Row]
    receipt: Receipt = field(init=False)

    def results(self) -> Iterator["_Result"]:
        """Yield the result of each row."""
        images = self.receipt.images
        if not self.rows[0].can_be_joined:
            yield _Result(self.rows[0].item, self.file, images, images)
            return
        for row, request, entry in zip(self.rows, self.file.images, images, strict=True):
            yield _Result(row.item, replace(self.file, images=(request,)), [entry], [_as_only_image(entry)])


@dataclass(frozen=True, slots=True)
class _Result:
    """What happened to the images of a row. The report counts them by their positions in the row."""

    item: BulkItem
    file: File
    entries: Sequence[Entry]
    reported_entries: Sequence[Entry]

    @property
    def is_final(self) -> bool:
        """Whether every image was tried. There is no deadline, so only `InterruptibleDownloader` ends one earlier."""
        codes = {entry.error.code for entry in self.entries if isinstance(entry, FailedEntry)}
        return DeadlineExceeded.code not in codes

    def add_to(self, report: BatchReport, table: BatchTable) -> None:
        report.add(self.item, self.reported_entries)
        table.add(self.item, self.file, self.entries)


@dataclass(frozen=True, slots=True)
class _Refusal:
    """Why a row is no valid File."""

    item: BulkItem
    faults: Sequence[Fault]

    def add_to(self, report: BatchReport, table: BatchTable) -> None:
        report.add_refused(self.item, self.faults)
        table.add_refused(self.item, self.faults)


class GroupService:
    """Ingests groups of lines. Rows of one image each become one URL list, which has one receipt."""

    def __init__(  # noqa: PLR0913, PLR0917 - what a group depends on
        self,
        service: IngestService,
        store: FileStore,
        run: str,
        receipts_since: datetime,
        max_base_images: int,
        pauses: GroupPauses,
    ) -> None:
        """Create the service.

        Args:
            service: ingests one File.
            store: stores the results.
            run: the name of the run.
            receipts_since: receipts that were written since then are of this run, and taken over.
            max_base_images: the limit of base images in a File.
            pauses: lets groups wait for origins.
        """
        self._service = service
        self._store = store
        self._receipts = ReceiptStore(store)
        self._run = run
        self._receipts_since = receipts_since
        self._max_base_images = max_base_images
        self._pauses = pauses

    async def ingest(self, name: str, first_row: int, lines: Sequence[bytes]) -> BatchReport:
        """Ingest a group. Rows whose images were not tried, because the command was stopped, are in no result.

        Args:
            name: the name of the group.
            first_row: the number of its first line, from 1.
            lines: each is a document as JSON.

        Returns:
            The report, which is stored if there are any results.

        Raises:
            StoreFailed, StoreDenied: a receipt or the results could not be stored. The group has no report, so the
                next run of the list ingests it again.
        """
        items = [
            BulkItem.read({"index": index, "item": json.loads(line)}) for index, line in enumerate(lines, first_row - 1)
        ]
        rows, refusals = self._parse(items)
        units = _make_units(rows)
        await self._ingest_units(units)
        self._require_folder()
        results = [result for unit in units for result in unit.results() if result.is_final]
        report, table = _make_results([*refusals, *results])
        if table.rows:
            await self._store.put_document(table_key(self._run, name), table.to_gzip())
            await self._store.put_document(report_key(self._run, name), report.to_json())
        return report

    def _parse(self, items: Sequence[BulkItem]) -> tuple[list[_Row], list[_Refusal]]:
        rows, refusals = [], []
        for item in items:
            try:
                rows.append(_Row(item, File.parse(item.document, max_base_images=self._max_base_images)))
            except InvalidFile as error:
                refusals.append(_Refusal(item, error.faults))
        return rows, refusals

    async def _ingest_units(self, units: Sequence[_Unit]) -> None:
        """Ingest every unit; repeat those whose origins asked to wait, until MAX_SECONDS have brought no image."""
        now = asyncio.get_running_loop().time
        pending, waited, failed = units, 0.0, inf
        while pending:
            began_at = now()
            await asyncio.gather(*map(self._ingest_unit, pending))
            by_file = self._pauses.pop(unit.file.id for unit in units)
            waits = [wait for of_file in by_file.values() for wait in of_file]
            pending = [unit for unit in pending if unit.file.id in by_file]
            still_failed = sum(unit.receipt.counts.failed for unit in pending)
            if still_failed < failed:
                failed, waited = still_failed, 0.0
            else:
                waited += now() - began_at
            waited += longest(waits)
            if waited > MAX_SECONDS or (pending and not await self._pauses.wait(waits)):
                return

    async def _ingest_unit(self, unit: _Unit) -> None:
        # Receipts of this run are taken over: what is stored, or failed for good, is not requested again.
        since = self._receipts_since if await self._has_images_of_receipt(unit.file) else None
        unit.receipt = await self._service.ingest(unit.file, _NO_DEADLINE, submitted_at=since)
        if unit.receipt.receipt_key is None:
            self._require_folder()
            raise StoreFailed(reason=f"the receipt of {unit.file.id} is not stored")

    def _require_folder(self) -> None:
        if (fault := self._store.fault) is not None:
            raise StoreFailed(reason=f"{fault.filename}: {fault.strerror}")

    async def _has_images_of_receipt(self, file: File) -> bool:
        """Whether the folder has every image of the receipt of this run. A crash of the machine may have lost some."""
        previous = await self._receipts.load_previous(file, self._receipts_since, _NO_DEADLINE)
        entries = [outcome.entry for outcome in previous.reusable_outcomes(file) if outcome is not None]
        for entry in entries:
            if isinstance(entry, StoredEntry) and await self._store.find_image(entry.key) is None:
                return False
        return True


def _make_results(results: Iterable[_Result | _Refusal]) -> tuple[BatchReport, BatchTable]:
    """Make report and table, in the order of the list."""
    report, table = BatchReport(), BatchTable()
    for result in sorted(results, key=lambda result: result.item.row or 0):
        result.add_to(report, table)
    return report, table


def _make_units(rows: Sequence[_Row]) -> list[_Unit]:
    """Divide rows into Files: those of one image each are joined, the others stay alone."""
    joined = [row for row in rows if row.can_be_joined]
    units = [_Unit(row.file, [row]) for row in rows if not row.can_be_joined]
    return [*units, _Unit(_join([row.file for row in joined]), joined)] if joined else units


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
