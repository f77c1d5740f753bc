"""Logs and metrics with stable names: one log line for each File and each image, and metrics in EMF.

No line contains the query string or the credentials of a URL. The reason of an error is only in the log.
"""

import logging
import os
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import Metrics, MetricUnit, single_metric

from intake.ingest.ports import Observer
from intake.model.error_codes import DeadlineExceeded, IntakeError, InternalError
from intake.model.file import File, ImageRequest
from intake.model.outcome import CarriedOver, Failed, Outcome, Stored
from intake.model.receipt import Receipt
from intake.model.url import redact

NAMESPACE = "ImageIntake"
SERVICE = os.environ.get("POWERTOOLS_SERVICE_NAME") or "image-intake"
"""The dimension of every metric; the template sets it to the name of the stack."""

_QUERY = re.compile(r"\?\S*")
_CREDENTIALS = re.compile(r"//[^/\s@]*@")

# Lambda recognizes the level of a line only if its time has the format of RFC 3339.
logger = Logger(service=SERVICE, location=None, use_rfc3339=True)
_metrics = Metrics(namespace=NAMESPACE, service=SERVICE)


def skip_unused_log_fields() -> None:
    """Stop `logging` from collecting what no line contains: caller, task, thread and process.

    Source: Python's Logging HOWTO, "Optimization".
    """
    logging._srcfile = None  # noqa: SLF001 - the HOWTO names it
    logging.logAsyncioTasks = False  # type: ignore[attr-defined]  # typeshed does not have it
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False


class Telemetry(Observer):
    """Implements the Observer port with Powertools."""

    def images_done(self, file: File, outcomes: Sequence[Outcome]) -> None:
        """Log and count every image, except those carried over from an earlier run, which has logged them."""
        for request, outcome in zip(file.images, outcomes, strict=True):
            if not isinstance(outcome, CarriedOver):
                _log_image(file, request, outcome)
        _count_images([outcome for outcome in outcomes if not isinstance(outcome, CarriedOver)])

    def file_done(self, receipt: Receipt, receipt_error: IntakeError | None) -> None:
        """Log one line for the File, and write its metrics."""
        counts = receipt.counts
        fields: dict[str, Any] = {
            "file_id": receipt.id,
            "status": receipt.status.value,
            "images": len(receipt.images),
            "stored": counts.stored,
            "reused": counts.reused,
            "failed": counts.failed,
            "bytes": counts.bytes,
            "elapsed_ms": receipt.elapsed_ms,
        }
        if receipt_error is None:
            logger.info("file done", extra=fields)
        else:
            logger.error("file done, receipt not stored", extra=fields | _error_fields(receipt_error))
        _metrics.add_metric("FileMilliseconds", MetricUnit.Milliseconds, receipt.elapsed_ms)
        _metrics.flush_metrics()

    def known_document_unread(self, reason: str) -> None:
        """Count a known document that did not help its File."""
        logger.debug("known document unread", extra={"reason": reason})
        _metrics.add_metric("KnownDocumentsUnread", MetricUnit.Count, 1)

    def file_skipped(self, file: File) -> None:
        """Log one line for the File, and count its images as failed by the deadline."""
        number, code = len(file.images), DeadlineExceeded.code
        logger.info("file skipped", extra={"file_id": file.id, "images": number, "code": code})
        _metrics.add_metric("ImagesFailed", MetricUnit.Count, number)
        _metrics.flush_metrics()
        _count_failed(code, number)


def _log_image(file: File, request: ImageRequest, outcome: Stored | Failed) -> None:
    fields: dict[str, Any] = {
        "file_id": file.id,
        "role": request.role.value,
        "index": request.index,
        "url": redact(request.url),
        "attempts": outcome.stats.attempts,
        "fetch_ms": outcome.stats.fetch_ms,
        "store_ms": outcome.stats.store_ms,
    }
    match outcome:
        case Stored(image, key):
            stored = {"key": key, "type": image.type, "bytes": outcome.size, "reused": outcome.reused}
            logger.info("image stored", extra=fields | {"status": "stored"} | stored)
        case Failed(InternalError() as error):
            failed = {"status": "failed", "exception": redact_urls(error.trace)}
            logger.error("image failed", extra=fields | failed | _error_fields(error))
        case Failed(error):
            logger.info("image failed", extra=fields | {"status": "failed"} | _error_fields(error))


def _error_fields(error: IntakeError) -> dict[str, Any]:
    return {"code": error.code, "reason": redact_urls(error.reason or error.message)}


def redact_urls(text: str) -> str:
    """Remove the query and the credentials of every URL in a text: they may be secrets."""
    return _CREDENTIALS.sub("//", _QUERY.sub("", text))


def _count_images(outcomes: Sequence[Stored | Failed]) -> None:
    stored = [outcome for outcome in outcomes if isinstance(outcome, Stored)]
    codes = Counter(outcome.error.code for outcome in outcomes if isinstance(outcome, Failed))
    _metrics.add_metric("ImagesStored", MetricUnit.Count, sum(not outcome.reused for outcome in stored))
    _metrics.add_metric("ImagesReused", MetricUnit.Count, sum(outcome.reused for outcome in stored))
    _metrics.add_metric("ImagesFailed", MetricUnit.Count, codes.total())
    _metrics.add_metric("ImageBytes", MetricUnit.Bytes, sum(outcome.size for outcome in stored))
    # Images with the same URL share one FetchStats: count it once.
    for stats in {id(outcome.stats): outcome.stats for outcome in outcomes}.values():
        if stats.fetch_ms:
            _metrics.add_metric("FetchMilliseconds", MetricUnit.Milliseconds, stats.fetch_ms)
        if stats.store_ms:
            _metrics.add_metric("StoreMilliseconds", MetricUnit.Milliseconds, stats.store_ms)
    for code, number in codes.items():
        _count_failed(code, number)


def _count_failed(code: str, number: int) -> None:
    with single_metric("ImagesFailed", MetricUnit.Count, number, namespace=NAMESPACE) as metric:
        metric.add_dimension("service", SERVICE)
        metric.add_dimension("code", code)
