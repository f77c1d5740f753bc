"""The whole handler: an event of API Gateway in, validated, fetched, verified, hashed, stored, the receipt stored."""

import json
import time
from typing import Any

from intake import runtime
from intake.handlers.http import handler
from lambda_context import Context


def run(urls: list[str], bucket: str) -> None:
    del bucket  # the settings name it
    answer = handler(_event({"fileUrl": urls[0], "baseUrls": [{"url": url} for url in urls[1:]]}), Context(29.0))
    counts = json.loads(answer["body"])["counts"]
    if counts["stored"] + counts["reused"] != len(urls):
        raise RuntimeError(answer["body"])


def close() -> None:
    """Close every connection, so that a program which ends has nothing to complain of."""
    service = runtime.intake()
    runtime.run(service._fetch.aclose())  # type: ignore[attr-defined]  # the adapters have more than the ports
    runtime.run(service._store.aclose())  # type: ignore[attr-defined]


def _event(document: dict[str, Any]) -> dict[str, Any]:
    return {
        "httpMethod": "POST",
        "path": "/files",
        "headers": {},
        "requestContext": {"requestTimeEpoch": int(time.time() * 1000)},
        "body": json.dumps(document),
        "isBase64Encoded": False,
    }
