"""The whole handler: an event of API Gateway in, validated, fetched, verified, hashed, stored, the receipt stored."""

import json
import os
import time
from typing import Any

import certifi

if "AWS_CA_BUNDLE" in os.environ:
    certifi.where = lambda: os.environ["AWS_CA_BUNDLE"]  # origins have public certificates; the one here has not

from bench.cases import FILE_IMAGES
from intake import app
from intake.handlers import bulk, http
from support.lambda_context import Context


def run(urls: list[str], bucket: str) -> None:
    del bucket  # the settings name it
    if len(urls) > FILE_IMAGES:
        _run_batch(urls)
        return
    answer = http.handler(_event({"urls": urls}), Context(29.0))
    counts = json.loads(answer["body"])["counts"]
    if counts["stored"] + counts["reused"] != len(urls):
        raise RuntimeError(answer["body"][:2000])


def _run_batch(urls: list[str]) -> None:
    """More than a File holds come by the door of lists."""
    files = [{"urls": urls[start : start + FILE_IMAGES]} for start in range(0, len(urls), FILE_IMAGES)]
    counts = bulk.handler({"Items": files}, Context(900.0))
    if counts["status"] != {"stored": len(files)}:
        raise RuntimeError(counts)


def reopen() -> None:
    close()
    for made in vars(app).values():
        if hasattr(made, "cache_clear"):
            made.cache_clear()
    app.ingest_service()
    app.run(app.store()._bucket._signer.get())  # as the others' clients: made before the time runs


def close() -> None:
    """Close every connection, so that a program which ends has nothing to complain of."""
    service = app.ingest_service()
    app.run(service._downloader.aclose())  # type: ignore[attr-defined]  # the adapters have more than the ports
    app.run(service._store.aclose())  # type: ignore[attr-defined]


def _event(document: dict[str, Any]) -> dict[str, Any]:
    return {
        "httpMethod": "POST",
        "path": "/files",
        "headers": {},
        "requestContext": {"requestTimeEpoch": int(time.time() * 1000)},
        "body": json.dumps(document),
        "isBase64Encoded": False,
    }
