"""Recognizes what AWS services send: an event, a message or a record that was sent in place of a File."""

from collections.abc import Mapping
from datetime import UTC, datetime

_RECORDS = {
    "aws:s3": "is an event of S3, not a File: S3Function takes it, for a manifest in the inbox",
    "aws:sqs": "is an event of SQS, not a File: QueueFunction takes it; send the body of a message by itself",
    "aws:sns": "is an event of SNS, not a File: subscribe FileQueue to the topic, with raw message delivery",
}
"""By the source of the first record."""

_OTHER_RECORDS = "is an event with Records, not a File: send each File by itself"
_HTTP = "is a request of API Gateway, not a File: HttpFunction takes it; send the body of the request by itself"
_HTTP_API = (
    "is a request of an HTTP API or a function URL, not a File: use the REST API of the stack, "
    "or send the body of the request by itself to InvokeFunction"
)
_EVENTBRIDGE = "is an event of EventBridge, not a File: send the File by itself, with an input transformer"
_NOTIFICATION = (
    "is a notification of SNS with a message in it, not a File: turn on raw message delivery for the subscription"
)
_TEST_EVENT = "is the test event of S3, not a File: S3 sends it when notifications are set"
_BATCH = "is a batch of a bulk run, not a File: BulkFunction takes it"
_FAILED_EVENT = "is the record of an event that failed, not a File: send its requestPayload"


def describe_event(document: Mapping[str, object]) -> str | None:
    """Return what AWS sent and who takes it, as the rest of a sentence; None for any other document."""
    found = None
    match document:
        case {"Records": [{"eventSource": str(source)} | {"EventSource": str(source)}, *_]}:
            found = _RECORDS.get(source, _OTHER_RECORDS)
        case {"requestPayload": _, "requestContext": dict()}:
            found = _FAILED_EVENT
        case {"requestContext": {"http": dict()}}:
            found = _HTTP_API
        case {"requestContext": dict(), "httpMethod": str(), "path": str()}:
            found = _HTTP
        case {"detail-type": str(), "detail": _}:
            found = _EVENTBRIDGE
        case {"Type": str(), "TopicArn": str(), "Message": str()}:
            found = _NOTIFICATION
        case {"Service": "Amazon S3", "Event": "s3:TestEvent"}:
            found = _TEST_EVENT
        case {"Items": list(), "BatchInput": dict()}:
            found = _BATCH
    return found


def describe_wrong_event(event: object, expected: str) -> str:
    """Return what was sent to a function that takes other events, as the rest of a sentence.

    Args:
        event: the event of the invocation.
        expected: what the function takes: "an event of SQS".
    """
    found = describe_event(event) if isinstance(event, dict) else None
    return found or f"is not {expected}: InvokeFunction takes a File by itself"


def parse_time(text: object) -> datetime | None:
    """Parse a time of an event in ISO 8601; without a time zone, it is in UTC.

    Returns:
        None if it is no such time: events that people make by hand may lack it.
    """
    try:
        moment = datetime.fromisoformat(text)  # type: ignore[arg-type]  # TypeError, if it is no string
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
