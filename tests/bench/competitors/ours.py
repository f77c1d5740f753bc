"""image-intake: the whole HTTP handler, from the API Gateway event to the stored receipt and the response.

A list with more images than a File may have goes through the bulk handler.
"""

import json
import os
import time
from http import HTTPStatus
from typing import Any

import certifi

if "AWS_CA_BUNDLE" in os.environ:
    certifi.where = lambda: os.environ["AWS_CA_BUNDLE"]  # the origin has a private authority

from bench.cases import FILE_IMAGES
from intake import app
from intake.handlers import bulk, http
from support.lambda_context import Context


def run(urls: list[str], bucket: str) -> None:
    del bucket  # the settings name it
    if len(urls) > FILE_IMAGES:
        _run_batch(urls)
    else:
        send({"urls": urls})


def send(file: dict[str, Any]) -> None:
    """Send a File or a URL list to the HTTP handler.

    Raises:
        RuntimeError: an image is not stored.
    """
    response = http.handler(_event(file), Context(29.0))
    if response["statusCode"] != HTTPStatus.OK:
        raise RuntimeError(response["body"][:2000])


def _run_batch(urls: list[str]) -> None:
    files = [{"urls": urls[start : start + FILE_IMAGES]} for start in range(0, len(urls), FILE_IMAGES)]
    counts = bulk.handler({"Items": files}, Context(900.0))
    if counts["status"] != {"stored": len(files)}:
        raise RuntimeError(counts)


def reopen() -> None:
    """Close every connection. The service keeps what it learned, as an environment does between two invocations."""
    close()
    clients: list[Any] = [app.ingest_service()._images._downloader, app.store()._client]
    for client in clients:
        client._transport.pool._is_closed = False


def close() -> None:
    """Close every connection; otherwise the interpreter warns about unclosed sockets when it ends."""
    service = app.ingest_service()
    app.run(service._images._downloader.aclose())  # type: ignore[attr-defined]  # not part of the port
    app.run(app.store().aclose())


def _event(document: dict[str, Any]) -> dict[str, Any]:
    return {
        "httpMethod": "POST",
        "path": "/files",
        "headers": {},
        "requestContext": {"requestTimeEpoch": int(time.time() * 1000)},
        "body": json.dumps(document),
        "isBase64Encoded": False,
    }
