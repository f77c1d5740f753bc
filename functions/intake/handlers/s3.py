"""The S3 door: the event of a manifest that was put into the inbox, receipts out."""

from datetime import datetime
from typing import Any
from urllib.parse import unquote_plus

from aws_lambda_powertools.utilities.data_classes.s3_event import S3EventRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from intake import app
from intake.model.errors import IntakeError
from intake.model.manifest import manifest_name
from intake.telemetry import logger, redact_urls


class Unfinished(Exception):
    """Some Files may get further: Lambda shall give the event again, and then to the failure queue."""


def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """Take in every manifest of a classic S3 event.

    Raises:
        Unfinished: something failed that may succeed later; what is settled stands in the receipts, and the same
            event again does only the rest.
    """
    logger.append_keys(request_id=context.aws_request_id)
    left = sum(_take(S3EventRecord(record), context) for record in event.get("Records", []))
    if left:
        raise Unfinished(f"{left} Files are not settled; the same event again takes up from their receipts.")


def _take(record: S3EventRecord, context: LambdaContext) -> int:
    """Take one manifest in, and return how many of its Files, or else the manifest itself, are not settled."""
    bucket, key = record.s3.bucket.name, unquote_plus(record.s3.get_object.key)
    if bucket != app.config().inbox_bucket or manifest_name(key) is None:
        logger.warning("not a manifest", extra={"bucket": bucket, "key": key})
        return 0
    submitted_at = datetime.fromisoformat(record.event_time)
    manifests = app.manifest_service()  # at a cold start this takes its time: the clock is read afterwards
    deadline = app.deadline(context.get_remaining_time_in_millis() / 1000)
    try:
        tally = app.run(manifests.ingest(key, submitted_at=submitted_at, deadline=deadline))
    except IntakeError as error:
        # The next record of the event is another manifest; this one is given again, and ends in the queue if need be.
        logger.error(
            "manifest not read", extra={"key": key, "code": error.code, "reason": redact_urls(error.reason or "")}
        )
        return 1
    counts = {"files": tally.files.total(), "refused": tally.refused, "unsettled": tally.pending}
    logger.info("manifest done", extra={"key": key, **counts})
    return tally.pending
