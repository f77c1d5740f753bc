"""The bulk door: a batch of a list in, from the state machine, a report out; or one bare File."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import datetime
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from intake import app
from intake.ingest.batch import ingest_all
from intake.model.bulk_report import BatchReport
from intake.model.errors import StoreFailed
from intake.model.file import File, InvalidFile
from intake.model.manifest import row_to_document
from intake.model.object_keys import batch_key
from intake.telemetry import logger

_REPORT_SHARE = 0.8
"""The part of what is left of the function's time that the report of a batch may take."""


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Take in a batch.

    Args:
        event: `{"Items": [File, …], "BatchInput": {"run": "…", "startedAt": "…"}, "batch": "…"}` as the state
            machine makes it, `batch` being the name of its own execution, or one File. A row of a CSV list is an
            object of strings.
        context: Lambda's.

    Returns:
        The counts of the batch; what failed stands in its report in the bucket.

    Raises:
        StoreFailed, StoreDenied: a receipt or the report is not stored; the batch has to be run again.
    """
    logger.append_keys(request_id=context.aws_request_id)
    batch_input = event.get("BatchInput", {})
    items = event["Items"] if isinstance(event.get("Items"), list) else [event]
    started = batch_input.get("startedAt")
    submitted_at = datetime.fromisoformat(started) if started else None
    margin = app.config().limits.deadline_margin if "run" in batch_input else 0.0
    report = app.run(_take([row_to_document(item) for item in items], context, margin, submitted_at))
    if "run" in batch_input:
        key = batch_key(batch_input["run"], items, event.get("batch", ""))
        app.run(_keep(key, report, context))
    counts = report.counts
    logger.info("batch done", extra={"files": counts.files, "failed": len(report.failed), "bytes": counts.bytes})
    return counts.model_dump(by_alias=True)


async def _take(
    documents: list[object], context: LambdaContext, margin: float, submitted_at: datetime | None
) -> BatchReport:
    report, unkept = BatchReport(), 0
    intake, limits = app.ingest_service(), app.config().limits
    seconds = _seconds_left(context) - margin

    async def files() -> AsyncGenerator[tuple[tuple[object, File], File]]:
        for document in documents:
            try:
                file = File.parse(document, max_base_images=limits.max_base_images)
            except InvalidFile:
                report.add_refused(document)
            else:
                yield (document, file), file

    taken = ingest_all(intake, files(), limits=limits, seconds=seconds, submitted_at=submitted_at)
    async for (document, file), receipt in taken:
        if receipt is None:
            report.add_skipped(document, len(file.images))
        else:
            report.add(document, receipt)
            unkept += receipt.receipt_key is None
    if unkept:
        # PreviousReceipt there is a report: a batch that is run again must not be counted twice.
        raise StoreFailed(f"The receipts of {unkept} Files are not stored.")
    return report


async def _keep(key: str, report: BatchReport, context: LambdaContext) -> None:
    try:
        async with asyncio.timeout(_seconds_left(context) * _REPORT_SHARE):
            await app.store().put_document(key, report.to_json())
    except TimeoutError as error:
        raise StoreFailed(reason=f"{key} could not be stored in time") from error


def _seconds_left(context: LambdaContext) -> float:
    return context.get_remaining_time_in_millis() / 1000
