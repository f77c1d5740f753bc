"""The house as Lambda builds it, from the environment alone: real adapters, and the doors before them."""

import asyncio
import json
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from intake import app
from intake.handlers import bulk, http, s3
from support.lambda_context import Context

_CACHES = (app.config, app.ingest_service, app.manifest_service, app.store, app.inbox, app._session)


@contextmanager
def built(monkeypatch: pytest.MonkeyPatch, environment: Mapping[str, str]) -> Generator[None]:
    """Build it anew for an environment, as at a cold start, and take it down again."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with asyncio.Runner() as runner:
        monkeypatch.setattr(app, "_runner", runner)
        forget()
        try:
            yield
        finally:
            runner.run(close())
            forget()


def forget() -> None:
    """Let the next call build everything anew."""
    for cache in _CACHES:
        cache.cache_clear()


async def close() -> None:
    """Close every connection."""
    await app.ingest_service()._downloader.aclose()  # type: ignore[attr-defined]  # a HttpDownloader
    await app.store().aclose()
    await app.inbox().aclose()


def post(document: object, seconds: float = 29.0) -> tuple[int, dict[str, Any]]:
    """Hand a File over at the HTTPS door."""
    return _call("POST", "/files", json.dumps(document), seconds)


def get(path: str, seconds: float = 29.0) -> tuple[int, dict[str, Any]]:
    return _call("GET", path, None, seconds)


def _call(method: str, path: str, body: str | None, seconds: float) -> tuple[int, dict[str, Any]]:
    event = {
        "httpMethod": method,
        "path": path,
        "headers": {},
        "requestContext": {"requestTimeEpoch": int(time.time() * 1000)},
        "body": body,
        "isBase64Encoded": False,
    }
    answer = http.handler(event, Context(seconds))
    return answer["statusCode"], json.loads(answer["body"])


def tell(inbox: str, key: str, seconds: float = 60.0, at: datetime | None = None) -> None:
    """Tell the S3 door of a manifest."""
    record = {
        "eventTime": (at or datetime.now(UTC)).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "s3": {"bucket": {"name": inbox}, "object": {"key": key}},
    }
    s3.handler({"Records": [record]}, Context(seconds))


def batch(items: list[object], seconds: float = 60.0) -> dict[str, Any]:
    """Hand a batch over at the bulk door."""
    started = datetime.now(UTC).isoformat()
    event = {"Items": items, "BatchInput": {"run": "run-1", "startedAt": started}, "batch": "batch-1"}
    return bulk.handler(event, Context(seconds))
