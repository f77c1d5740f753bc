"""The service as Lambda builds it, from environment variables, and calls of its handlers."""

import asyncio
import json
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from intake import app
from intake.handlers import bulk, http, invoke, queue, s3
from support.lambda_context import Context
from support.lambda_events import sqs_event

_CACHES = (app.config, app.ingest_service, app.manifest_service, app.store, app.inbox, app._session)


@contextmanager
def real_service(monkeypatch: pytest.MonkeyPatch, environment: Mapping[str, str]) -> Generator[None]:
    """Build the service for these variables, as at a cold start, and close it at the end."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with asyncio.Runner() as runner:
        monkeypatch.setattr(app, "_runner", runner)
        _clear_caches()
        try:
            yield
        finally:
            runner.run(_close())
            _clear_caches()


def _clear_caches() -> None:
    for cache in _CACHES:
        cache.cache_clear()


async def _close() -> None:
    """Close the connections of everything that was built.

    What was not built must not be built now: its signer would look for credentials after the variables are gone.
    """
    if app.ingest_service.cache_info().currsize:
        await app.ingest_service()._images._downloader.aclose()  # type: ignore[attr-defined]  # a HttpDownloader
    for build in (app.store, app.inbox):
        if build.cache_info().currsize:
            await build().aclose()


def post_file(document: object, seconds: float = 29.0) -> tuple[int, dict[str, Any]]:
    """POST a File to the HTTP handler, and return status and body."""
    return call_http("POST", "/files", json.dumps(document), seconds)


def get_path(path: str, seconds: float = 29.0) -> tuple[int, dict[str, Any]]:
    """GET a path from the HTTP handler, and return status and body."""
    return call_http("GET", path, None, seconds)


def call_http(method: str, path: str, body: str | None, seconds: float = 29.0) -> tuple[int, dict[str, Any]]:
    event = {
        "httpMethod": method,
        "path": path,
        "headers": {},
        "requestContext": {"requestTimeEpoch": int(time.time() * 1000)},
        "body": body,
        "isBase64Encoded": False,
    }
    response = http.handler(event, Context(seconds))
    return response["statusCode"], json.loads(response["body"])


def send_s3_event(inbox: str, key: str, seconds: float = 60.0, at: datetime | None = None) -> None:
    """Call the S3 handler with the event of a manifest."""
    record = {
        "eventTime": (at or datetime.now(UTC)).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "s3": {"bucket": {"name": inbox}, "object": {"key": key}},
    }
    s3.handler({"Records": [record]}, Context(seconds))


def invoke_bulk(items: list[object], seconds: float = 60.0) -> dict[str, Any]:
    """Call the bulk handler with a batch."""
    started = datetime.now(UTC).isoformat()
    event = {"Items": items, "BatchInput": {"run": "run-1", "startedAt": started}, "batch": "batch-1"}
    return bulk.handler(event, Context(seconds))


def invoke_with_file(document: object, seconds: float = 60.0) -> dict[str, Any]:
    """Call the invoke handler with a File, and return the receipt."""
    return invoke.handler(document, Context(seconds))


def send_messages(*documents: object, seconds: float = 60.0, at: datetime | None = None) -> list[int]:
    """Call the queue handler with a message for each document, and return the positions of those that come again."""
    response = queue.handler(sqs_event(*map(json.dumps, documents), at=at), Context(seconds))
    ids = [str(failure["itemIdentifier"]) for failure in response["batchItemFailures"]]
    return [int(message_id.removeprefix("message-")) for message_id in ids]
