"""Lambda events as AWS sends them."""

import hashlib
from datetime import UTC, datetime
from typing import Any

INBOX = "the-inbox"


def s3_record(key: str, bucket: str = INBOX, at: datetime | None = None) -> dict[str, Any]:
    """Return one record, with the members that `sam local generate-event s3 put` prints."""
    return {
        "eventVersion": "2.0",
        "eventSource": "aws:s3",
        "awsRegion": "eu-central-1",
        "eventTime": (at or datetime.now(UTC)).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z",
        "eventName": "ObjectCreated:Put",
        "s3": {
            "s3SchemaVersion": "1.0",
            "bucket": {"name": bucket, "arn": f"arn:aws:s3:::{bucket}"},
            "object": {"key": key, "size": 1024, "eTag": "0123456789abcdef0123456789abcdef"},
        },
    }


def sqs_event(*bodies: str, at: datetime | None = None, receive_count: int = 1) -> dict[str, Any]:
    """Return an event with these messages, whose ids are message-0, message-1 and so on."""
    return {
        "Records": [
            sqs_record(f"message-{number}", body, at=at, receive_count=receive_count)
            for number, body in enumerate(bodies)
        ]
    }


def sqs_record(message_id: str, body: str, *, at: datetime | None = None, receive_count: int = 1) -> dict[str, Any]:
    """Return one message, with the members that `sam local generate-event sqs receive-message` prints."""
    sent = round((at or datetime.now(UTC)).timestamp() * 1000)
    return {
        "messageId": message_id,
        "receiptHandle": "MessageReceiptHandle",
        "body": body,
        "attributes": {
            "ApproximateReceiveCount": str(receive_count),
            "SentTimestamp": str(sent),
            "SenderId": "123456789012",
            "ApproximateFirstReceiveTimestamp": str(sent + 1),
        },
        "messageAttributes": {},
        "md5OfBody": hashlib.md5(body.encode(errors="surrogatepass"), usedforsecurity=False).hexdigest(),
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:eu-central-1:123456789012:image-intake-files",
        "awsRegion": "eu-central-1",
    }
