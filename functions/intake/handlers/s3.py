"""The S3 entry point: ingests the manifests that callers put into the inbox."""

from datetime import datetime
from typing import Any
from urllib.parse import unquote_plus

from aws_lambda_powertools.utilities.data_classes.s3_event import S3EventRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from intake import app
from intake.model.aws_events import describe_wrong_event, parse_time
from intake.model.error_codes import IntakeError
from intake.model.file import Fault, InvalidFile
from intake.model.object_keys import parse_manifest_key
from intake.telemetry import logger, redact_urls

_FAULT = "must be a record of S3, with eventTime, s3.bucket.name and s3.object.key"


class Unfinished(Exception):
    """Some Files may succeed later: Lambda retries the event, and then sends it to the failure queue."""


def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """Ingest every manifest of a classic S3 event.

    Raises:
        Unfinished: something failed that may succeed later. The receipts keep all final outcomes, so a retry of the
            event ingests only the rest.
        InvalidFile: the event is something else, such as a bare File; or a record of it lacks what S3 says.
    """
    logger.append_keys(request_id=context.aws_request_id)
    pending = sum(_ingest_manifest(*record, context) for record in _read_records(event))
    if pending:
        raise Unfinished(f"{pending} Files are pending; a retry of the event continues from their receipts.")


def _read_records(event: object) -> list[tuple[S3EventRecord, datetime]]:
    """Return each record with its time."""
    match event:
        case {"Records": [{"s3": dict()}, *_] as records}:
            times = {number: _find_time(record) for number, record in enumerate(records)}
            if faults := [Fault(f"Records[{number}]", _FAULT) for number, time in times.items() if time is None]:
                raise InvalidFile(faults)
            return [(S3EventRecord(records[number]), time) for number, time in times.items() if time is not None]
        case {"Event": "s3:TestEvent"}:
            return []
    raise InvalidFile([Fault("", describe_wrong_event(event, "an event of S3"))])


def _find_time(record: object) -> datetime | None:
    """Return when an object was stored. None if the record was made by hand and lacks what this function reads."""
    match record:
        case {"s3": {"bucket": {"name": str()}, "object": {"key": str()}}, "eventTime": time}:
            return parse_time(time)
    return None


def _ingest_manifest(record: S3EventRecord, submitted_at: datetime, context: LambdaContext) -> int:
    """Ingest one manifest, and return how many of its Files are pending; 1 if the manifest cannot be read."""
    bucket, key = record.s3.bucket.name, unquote_plus(record.s3.get_object.key)
    if bucket != app.config().inbox_bucket or parse_manifest_key(key) is None:
        logger.warning("not a manifest", extra={"bucket": bucket, "key": key})
        return 0
    manifests = app.manifest_service()  # takes long at a cold start, so the remaining time is read afterwards
    deadline = app.deadline(context.get_remaining_time_in_millis() / 1000)
    try:
        result = app.run(manifests.ingest(key, submitted_at=submitted_at, deadline=deadline))
    except IntakeError as error:
        # Do not raise: the other records of the event are other manifests. Lambda retries this one with the event.
        logger.error(
            "manifest not read", extra={"key": key, "code": error.code, "reason": redact_urls(error.reason or "")}
        )
        return 1
    counts = {"files": result.files.total(), "refused": result.refused, "pending": result.pending}
    logger.info("manifest done", extra={"key": key, **counts})
    return result.pending
