"""The last step of a bulk run: reads the reports of its batches, stores a summary and the list of failed rows."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from intake import app
from intake.model.aws_events import describe_wrong_event, parse_time
from intake.model.bulk_item import is_retryable, to_json_line
from intake.model.bulk_report import Summary
from intake.model.file import Fault, InvalidFile
from intake.model.object_keys import failed_key, retryable_key
from intake.telemetry import logger


def handler(event: object, context: LambdaContext) -> dict[str, Any]:
    """Summarize a run.

    Args:
        event: `{"run": "…", "startedAt": "…", "list": "s3://…", "outcome": {…}}`; the outcome of an aborted run
            has `{"broken": {"Error": "…", "Cause": "…"}}`.
        context: has the request id.

    Returns:
        The summary, which is also stored in the bucket.

    Raises:
        InvalidFile: the event is something else, such as a bare File.
    """
    logger.append_keys(request_id=context.aws_request_id)
    summary = _start_summary(event, datetime.now(UTC))
    _put_lists(summary)
    app.bulk_results().put_summary(summary)
    counts = summary.counts
    logger.info(
        "run done",
        extra={"run": summary.run, "complete": summary.complete, "files": counts.files, "bytes": counts.bytes},
    )
    return summary.model_dump(by_alias=True)


def _put_lists(summary: Summary) -> None:
    """Store the lists of failed rows, and add up the reports that they are read from."""
    results, failed, retryable = app.bulk_results(), failed_key(summary.run), retryable_key(summary.run)

    def failed_lines() -> Iterator[bytes]:
        for report in results.reports(summary.run):
            summary.add(report)
            yield from map(to_json_line, report.lines())

    if results.put_lines(failed, failed_lines()):
        summary.failed_key = failed
        # From the stored list, so that neither list is ever in memory.
        if results.put_lines(retryable, filter(is_retryable, results.read_lines(failed))):
            summary.retryable_key = retryable


def _start_summary(event: object, ended_at: datetime) -> Summary:
    """Return the summary of a run without its counts, which are added later."""
    match event:
        case {"run": str(run), "startedAt": str(started_at), **rest} if begin := parse_time(started_at):
            broken = _find_broken(rest.get("outcome"))
            return Summary(
                run=run,
                source=rest.get("list"),
                started_at=started_at,
                ended_at=ended_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
                seconds=round((ended_at - begin).total_seconds(), 3),
                complete=broken is None,
                error=broken and f"{broken.get('Error')}: {broken.get('Cause', '')}",
            )
    raise InvalidFile([Fault("", describe_wrong_event(event, "the end of a bulk run"))])


def _find_broken(outcome: object) -> dict[str, Any] | None:
    """Return the error that ended a run, if any."""
    match outcome:
        case {"broken": dict(broken)}:
            return broken
    return None
