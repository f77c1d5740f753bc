"""Lambda events as AWS sends them."""

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
