"""The bulk entry point: a batch of Files from the state machine in, a report out; or one bare File."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import datetime
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from intake import app
from intake.ingest.batch import ingest_all
from intake.ingest.deadline import Deadline
from intake.model.bulk_report import BatchReport
from intake.model.errors import StoreFailed
from intake.model.file import File, InvalidFile
from intake.model.manifest import row_to_document
from intake.model.object_keys import batch_key
from intake.telemetry import logger


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Ingest a batch.

    Args:
        event: `{"Items": [File, …], "BatchInput": {"run": "…", "startedAt": "…"}, "batch": "…"}` from the state
            machine, where `batch` is the name of the execution, or one File. A row of a CSV list is an object of
            strings.
        context: Lambda's.

    Returns:
        The counts of the batch; its report in the bucket lists the documents that failed.

    Raises:
        StoreFailed, StoreDenied: a receipt or the report is not stored; the batch must run again.
    """
    logger.append_keys(request_id=context.aws_request_id)
    batch_input = event.get("BatchInput", {})
    items = event["Items"] if isinstance(event.get("Items"), list) else [event]
    started = batch_input.get("startedAt")
    submitted_at = datetime.fromisoformat(started) if started else None
    deadline = app.deadline(context.get_remaining_time_in_millis() / 1000)
    files_deadline = deadline.one_margin_earlier() if "run" in batch_input else deadline  # the report follows
    report = app.run(_ingest([row_to_document(item) for item in items], files_deadline, submitted_at))
    if "run" in batch_input:
        key = batch_key(batch_input["run"], items, event.get("batch", ""))
        app.run(_store_report(key, report, deadline))
    counts = report.counts
    logger.info("batch done", extra={"files": counts.files, "failed": len(report.failed), "bytes": counts.bytes})
    return counts.model_dump(by_alias=True)


async def _ingest(documents: list[object], deadline: Deadline, submitted_at: datetime | None) -> BatchReport:
    """Ingest all documents, and report on each.

    Raises:
        StoreFailed: a receipt is not stored. There is no report then: the batch runs again, and must count once.
    """
    report, without_receipt = BatchReport(), 0
    limits = app.config().limits

    async def files() -> AsyncGenerator[tuple[tuple[object, File], File]]:
        for document in documents:
            try:
                file = File.parse(document, max_base_images=limits.max_base_images)
            except InvalidFile:
                report.add_refused(document)
            else:
                yield (document, file), file

    receipts = ingest_all(
        app.ingest_service(),
        files(),
        max_concurrent=limits.max_in_flight,
        deadline=deadline,
        submitted_at=submitted_at,
    )
    async for (document, file), receipt in receipts:
        if receipt is None:
            report.add_skipped(document, len(file.images))
        else:
            report.add(document, receipt)
            without_receipt += receipt.receipt_key is None
    if without_receipt:
        raise StoreFailed(f"The receipts of {without_receipt} Files are not stored.")
    return report


async def _store_report(key: str, report: BatchReport, deadline: Deadline) -> None:
    try:
        async with asyncio.timeout_at(deadline.response):
            await app.store().put_document(key, report.to_json())
    except TimeoutError as error:
        raise StoreFailed(reason=f"{key} could not be stored in time") from error
