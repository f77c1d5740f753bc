"""The end of a bulk run: the reports of its batches in, a summary and the list of failed documents out."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from intake import app
from intake.model.bulk_report import Summary, to_json_line
from intake.model.manifest import row_to_document
from intake.model.object_keys import failed_key
from intake.telemetry import logger


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Summarize a run.

    Args:
        event: `{"run": "…", "startedAt": "…", "list": "s3://…", "outcome": {…}}`; the outcome of a run that was
            aborted has `{"broken": {"Error": "…", "Cause": "…"}}`.
        context: Lambda's.

    Returns:
        The summary, which is stored in the bucket too.
    """
    logger.append_keys(request_id=context.aws_request_id)
    summary = _start_summary(event, datetime.now(UTC))
    results = app.bulk_results()

    def failed_lines() -> Iterator[bytes]:
        for report in results.reports(summary.run):
            summary.batches += 1
            summary.counts.add(report.counts)
            # A batch that broke has the rows of the list: they become documents, so all lines have one form.
            yield from (to_json_line(row_to_document(item)) for item in report.failed)

    if results.put_failed(summary.run, failed_lines()):
        summary.failed_key = failed_key(summary.run)
    results.put_summary(summary)
    counts = summary.counts
    logger.info(
        "run done",
        extra={"run": summary.run, "complete": summary.complete, "files": counts.files, "bytes": counts.bytes},
    )
    return summary.model_dump(by_alias=True)


def _start_summary(event: dict[str, Any], ended: datetime) -> Summary:
    """Return the summary of a run, without its counts."""
    broken = event.get("outcome", {}).get("broken")
    return Summary(
        run=event["run"],
        source=event.get("list"),
        started_at=event["startedAt"],
        ended_at=ended.strftime("%Y-%m-%dT%H:%M:%SZ"),
        seconds=round((ended - datetime.fromisoformat(event["startedAt"])).total_seconds(), 3),
        complete=broken is None,
        error=broken and f"{broken.get('Error')}: {broken.get('Cause', '')}",
    )
