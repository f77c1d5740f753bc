"""The bulk entry point: ingests a batch of Files from the state machine and stores a report; or ingests one File."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from intake import app
from intake.ingest.concurrent_files import ingest_all
from intake.ingest.deadline import Deadline
from intake.model.aws_events import parse_time
from intake.model.batch_table import BatchTable
from intake.model.bulk_item import BulkItem
from intake.model.bulk_report import BatchReport
from intake.model.error_codes import StoreFailed
from intake.model.file import File, InvalidFile
from intake.model.object_keys import batch_name, report_key, table_key
from intake.telemetry import logger


@dataclass(frozen=True, slots=True)
class _Batch:
    """The event.

    Attributes:
        items: the rows.
        run: the name of the run; None if the rows belong to none, so that there is no report.
        started_at: when the run started, if that is known. Final outcomes in receipts written since then are reused.
        execution: the name of the execution that the batch is of.
    """

    items: list[Any]
    run: str | None = None
    started_at: datetime | None = None
    execution: str = ""

    @classmethod
    def parse(cls, event: object) -> "_Batch":
        """Read an event. One that is no batch is a row: a File, or something that is refused as a row."""
        match event:
            case {"Items": list(items), "BatchInput": {"run": str(run), **batch_input}, **rest}:
                return cls(items, run, parse_time(batch_input.get("startedAt")), str(rest.get("batch", "")))
            case {"Items": list(items)}:
                return cls(items)
        return cls([event])


def handler(event: object, context: LambdaContext) -> dict[str, Any]:
    """Ingest a batch.

    Args:
        event: `{"Items": [{"index": 0, "item": File}, …], "BatchInput": {"run": "…", "startedAt": "…"}, "batch": "…"}`
            from the state machine; `batch` is the name of the execution. Or one File. An item may be a File without an
            index, and a File may be a row of a CSV list: an object of strings.
        context: has the request id and the remaining time.

    Returns:
        The counts of the batch. Its report in the bucket also lists the documents that failed.

    Raises:
        StoreFailed, StoreDenied: a receipt or the report could not be stored. The batch must run again.
    """
    logger.append_keys(request_id=context.aws_request_id)
    batch = _Batch.parse(event)
    deadline = app.deadline(context.get_remaining_time_in_millis() / 1000)
    files_deadline = deadline if batch.run is None else deadline.one_margin_earlier()  # the report follows
    report, table = app.run(_ingest(BulkItem.read_all(batch.items), files_deadline, batch.started_at))
    if batch.run is not None:
        name = batch_name(batch.items, batch.execution)
        # The report is last: a batch that has one has its rows in the table.
        documents = {table_key(batch.run, name): table.to_gzip(), report_key(batch.run, name): report.to_json()}
        app.run(_store(documents, deadline))
    counts = report.counts
    logger.info("batch done", extra={"files": counts.files, "failed": len(report.failed), "bytes": counts.bytes})
    return counts.model_dump(by_alias=True)


async def _ingest(
    items: list[BulkItem], deadline: Deadline, submitted_at: datetime | None
) -> tuple[BatchReport, BatchTable]:
    """Ingest the Files of all rows, and report on each row.

    Raises:
        StoreFailed: a receipt could not be stored. No report is returned, because the batch runs again and must be
            counted once.
    """
    report, table, missing_receipts = BatchReport(), BatchTable(), 0
    limits = app.config().limits
    receipts = ingest_all(
        app.ingest_service(),
        _parse_files(items, report, table, limits.max_base_images, submitted_at),
        max_concurrent=limits.max_in_flight,
        deadline=deadline,
    )
    async for (item, file), receipt in receipts:
        if receipt is None:
            report.add_skipped(item, len(file.images))
            table.add_skipped(item, file)
        else:
            report.add(item, receipt.images)
            table.add(item, file, receipt.images)
            missing_receipts += receipt.receipt_key is None
    if missing_receipts:
        raise StoreFailed(f"The receipts of {missing_receipts} Files are not stored.")
    return report, table


async def _parse_files(
    items: list[BulkItem], report: BatchReport, table: BatchTable, max_base_images: int, submitted_at: datetime | None
) -> AsyncGenerator[tuple[tuple[BulkItem, File], File, datetime | None]]:
    """Yield each File, tagged with its row and itself. Rows that are no File are in the report and in the table."""
    for item in items:
        try:
            file = File.parse(item.document, max_base_images=max_base_images)
        except InvalidFile as error:
            report.add_refused(item, error.faults)
            table.add_refused(item, error.faults)
        else:
            yield (item, file), file, submitted_at


async def _store(documents: Mapping[str, bytes], deadline: Deadline) -> None:
    """Store the results of a batch one after the other."""
    for key, document in documents.items():
        try:
            async with asyncio.timeout_at(deadline.response):
                await app.store().put_document(key, document)
        except TimeoutError as error:
            raise StoreFailed(reason=f"{key} could not be stored in time") from error
