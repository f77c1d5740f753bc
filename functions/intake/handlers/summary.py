"""The end of a bulk run: the reports of its batches in, a summary and the list of what failed out."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from intake import app
from intake.model.bulk_report import Summary, failed_key, to_json_line
from intake.model.manifest import row_to_document
from intake.telemetry import logger


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Add up a run.

    Args:
        event: `{"run": "…", "startedAt": "…", "list": "s3://…", "outcome": {…}}`; a run that was given up has
            `{"broken": {"Error": "…", "Cause": "…"}}` in its outcome.
        context: Lambda's.

    Returns:
        The summary, which stands in the bucket too.
    """
    logger.append_keys(request_id=context.aws_request_id)
    ended = datetime.now(UTC)
    started = datetime.fromisoformat(event["startedAt"])
    broken = event.get("outcome", {}).get("broken")
    summary = Summary(
        run=event["run"],
        source=event.get("list"),
        started_at=event["startedAt"],
        ended_at=ended.strftime("%Y-%m-%dT%H:%M:%SZ"),
        seconds=round((ended - started).total_seconds(), 3),
        complete=broken is None,
        error=broken and f"{broken.get('Error')}: {broken.get('Cause', '')}",
    )
    runs = app.bulk_results()

    def failed() -> Iterator[bytes]:
        for report in runs.reports(summary.run):
            summary.batches += 1
            summary.counts.add(report.counts)
            # The lines of a batch that broke are those of the list; what is handed over again has one form.
            yield from (to_json_line(row_to_document(line)) for line in report.failed)

    if runs.put_failed(summary.run, failed()):
        summary.failed_key = failed_key(summary.run)
    runs.put_summary(summary)
    counts = summary.counts
    logger.info(
        "run done",
        extra={"run": summary.run, "complete": summary.complete, "files": counts.files, "bytes": counts.bytes},
    )
    return summary.model_dump(by_alias=True)
