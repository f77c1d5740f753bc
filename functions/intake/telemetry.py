"""Logs and metrics with stable names: log lines for each File and its images, and metrics in EMF.

No line contains the query string or the credentials of a URL. The reason of an error is only in the log.
"""

import json
import logging
import os
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import batched
from typing import Any

from aws_lambda_powertools import Logger

from intake.ingest.ports import DocumentFault, Observer
from intake.metrics import Metrics
from intake.model.error_codes import DeadlineExceeded, IntakeError, InternalError
from intake.model.file import File, ImageRequest
from intake.model.outcome import CarriedOver, Failed, Outcome, Source, Stored
from intake.model.receipt import Receipt
from intake.model.url import Url, redact

NAMESPACE = "ImageIntake"
SERVICE = os.environ.get("POWERTOOLS_SERVICE_NAME") or "image-intake"
"""The dimension of every metric; the template sets it to the name of the stack."""

UNITS = {
    "ImagesStored": "Count",
    "ImagesReused": "Count",
    "ImagesKnown": "Count",
    "ImagesFailed": "Count",
    "ImageBytes": "Bytes",
    "FetchMilliseconds": "Milliseconds",
    "StoreMilliseconds": "Milliseconds",
    "FileMilliseconds": "Milliseconds",
    "KnownDocumentsUnread": "Count",
}
"""The unit of each metric."""

IMAGES_PER_LINE = 12
"""The maximum number of images in a log line.

CloudWatch Logs Insights discovers at most 200 fields of a JSON line (CloudWatch Logs User Guide, "Supported logs and
discovered fields"); twelve images have 144. An event has at most 256 KB, since April 2025 1 MB (CloudWatch Logs API
Reference, PutLogEvents); twelve URLs of 4096 characters, of four bytes each, have 197 KB.
"""

_QUERY = re.compile(r"\?\S*")
_CREDENTIALS = re.compile(r"//[^/\s@]*@")
_HOST = re.compile(r"[^:/?#]*://([^/?#]*)")

logger = Logger(
    service=SERVICE,
    location=None,
    use_rfc3339=True,  # Lambda recognizes the level of a line only if its time has the format of RFC 3339
    utc=True,
    json_serializer=json.JSONEncoder(default=str, separators=(",", ":"), ensure_ascii=False).encode,
    json_deserializer=str,  # no message is JSON
    xray_trace_id=None,  # the functions are not traced
)
_metrics = Metrics(NAMESPACE, UNITS, service=SERVICE)


def skip_unused_log_fields() -> None:
    """Stop `logging` from collecting what no line contains: caller, task, thread and process.

    Source: Python's Logging HOWTO, "Optimization".
    """
    logging._srcfile = None  # noqa: SLF001 - the HOWTO names it
    logging.logAsyncioTasks = False  # type: ignore[attr-defined]  # typeshed does not have it
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False


def flush_metrics() -> None:
    """Write the metrics of all Files since the last call. Call it before an invocation ends."""
    _metrics.flush()


class Telemetry(Observer):
    """Implements the Observer port with Powertools' logger and metrics in EMF."""

    def images_done(self, file: File, outcomes: Sequence[Outcome]) -> None:
        """Log and count every image, except those carried over from an earlier run, which has logged them."""
        stored: list[tuple[ImageRequest, Stored]] = []
        failed: list[tuple[ImageRequest, Failed]] = []
        for request, outcome in zip(file.images, outcomes, strict=True):
            match outcome:
                case Stored():
                    stored.append((request, outcome))
                case Failed():
                    failed.append((request, outcome))
        if logger.log_level <= logging.INFO:
            _log_stored(file, stored)
        for request, outcome in failed:
            _log_failed(file, request, outcome)
        _count_stored([outcome for _, outcome in stored])
        _count_failed(Counter(outcome.error.code for _, outcome in failed))
        _count_milliseconds(outcome for outcome in outcomes if not isinstance(outcome, CarriedOver))

    def file_done(self, receipt: Receipt, receipt_error: IntakeError | None) -> None:
        """Log one line for the File, and count its time."""
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
        _metrics.add("FileMilliseconds", receipt.elapsed_ms)

    def file_skipped(self, file: File) -> None:
        """Log one line for the File, and count its images as failed by the deadline."""
        number, code = len(file.images), DeadlineExceeded.code
        logger.info("file skipped", extra={"file_id": file.id, "images": number, "code": code})
        _count_failed(Counter({code: number}))

    def decoder_unsure(self, url: Url, reason: str) -> None:
        """Log one line. The image is stored, and its own line has the warning."""
        logger.info("decoder unsure", extra={"url": redact(str(url)), "reason": redact_urls(reason)})

    def known_document_unread(self, fault: DocumentFault, reason: str) -> None:
        """Count the document, and log a line at level DEBUG."""
        logger.debug("known document unread", extra={"fault": fault, "reason": reason})
        _metrics.add("KnownDocumentsUnread", 1, fault=fault)


def _log_stored(file: File, stored: Iterable[tuple[ImageRequest, Stored]]) -> None:
    for images in batched(stored, IMAGES_PER_LINE, strict=False):
        entries = [_stored_entry(request, outcome) for request, outcome in images]
        logger.info("images stored", extra={"file_id": file.id, "status": "stored", "entries": entries})


def _stored_entry(request: ImageRequest, outcome: Stored) -> dict[str, Any]:
    entry = _image_fields(request, outcome) | {
        "key": outcome.key,
        "type": outcome.image.type,
        "bytes": outcome.size,
        "reused": outcome.reused,
        "source": outcome.source,
    }
    if outcome.warnings:
        entry["warnings"] = ",".join(outcome.warnings)
    return entry


def _image_fields(request: ImageRequest, outcome: Stored | Failed) -> dict[str, Any]:
    stats = outcome.stats
    return {
        "role": request.role,
        "index": request.index,
        "url": redact(request.url),
        "attempts": stats.attempts,
        "fetch_ms": stats.fetch_ms,
        "store_ms": stats.store_ms,
    }


def _log_failed(file: File, request: ImageRequest, outcome: Failed) -> None:
    image, error = _image_fields(request, outcome), outcome.error
    host = _HOST.match(image["url"])
    fields = {"file_id": file.id, "status": "failed", **image, "host": host[1].lower() if host else ""}
    fields |= _error_fields(error)
    if isinstance(error, InternalError):
        logger.error("image failed", extra=fields | {"exception": redact_urls(error.trace)})
    else:
        logger.info("image failed", extra=fields)


def _error_fields(error: IntakeError) -> dict[str, Any]:
    return {"code": error.code, "reason": redact_urls(error.reason or error.message)}


def redact_urls(text: str) -> str:
    """Remove the query and the credentials of every URL in a text: they may be secrets."""
    return _CREDENTIALS.sub("//", _QUERY.sub("", text))


def _count_stored(stored: Sequence[Stored]) -> None:
    reused = sum([outcome.reused for outcome in stored])
    _metrics.add("ImagesStored", len(stored) - reused)
    _metrics.add("ImagesReused", reused)
    _metrics.add("ImagesKnown", sum([outcome.source is not Source.FETCHED for outcome in stored]))
    _metrics.add("ImageBytes", sum([outcome.size for outcome in stored]))


def _count_failed(codes: Counter[str]) -> None:
    _metrics.add("ImagesFailed", codes.total())
    for code, number in codes.items():
        _metrics.add("ImagesFailed", number, code=code)


def _count_milliseconds(outcomes: Iterable[Stored | Failed]) -> None:
    # Images with the same URL share one FetchStats: count it once.
    stats = {id(outcome.stats): outcome.stats for outcome in outcomes}.values()
    _metrics.add("FetchMilliseconds", *[each.fetch_ms for each in stats if each.fetch_ms])
    _metrics.add("StoreMilliseconds", *[each.store_ms for each in stats if each.store_ms])
