"""What is logged and counted, under names that stay: one line for every File and every image, and EMF metrics.

No line ever carries a query string or credentials of a URL. The reason of a refusal is here and nowhere else.
"""

import sys
from collections.abc import Iterable

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import Metrics, MetricUnit, single_metric

from intake.domain.errors import IntakeError, InternalError
from intake.domain.file import File, ImageRequest
from intake.domain.receipt import Failed, Outcome, Receipt, Stored
from intake.domain.url import redact

NAMESPACE = "ImageIntake"
SERVICE = "image-intake"

logger = Logger(service=SERVICE)
_metrics = Metrics(namespace=NAMESPACE, service=SERVICE)


class Telemetry:
    """The Report port over Powertools."""

    def __init__(self) -> None:
        self._outcomes: list[Outcome] = []

    def image(self, file: File, request: ImageRequest, outcome: Outcome) -> None:
        """Log one image, and remember it for the metrics of its File."""
        self._outcomes.append(outcome)
        fields = {
            "file_id": file.id,
            "role": request.role.value,
            "index": request.index,
            "url": redact(request.url),
            "attempts": outcome.effort.attempts,
            "fetch_ms": outcome.effort.fetch_ms,
            "store_ms": outcome.effort.store_ms,
        }
        match outcome:
            case Stored(image):
                logger.info(
                    "image stored",
                    extra=fields
                    | {
                        "status": "stored",
                        "key": outcome.key,
                        "type": image.type,
                        "bytes": outcome.size,
                        "reused": outcome.reused,
                    },
                )
            case Failed(error):
                fields |= {"status": "failed", "code": error.code, "reason": redact_reason(error)}
                if isinstance(error, InternalError):
                    logger.error("image failed", extra=fields, exc_info=error)
                else:
                    logger.info("image failed", extra=fields)

    def file(self, receipt: Receipt, *, receipt_error: IntakeError | None) -> None:
        """Log one File, and put its metrics out."""
        counts = receipt.counts
        fields = {
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
            fields |= {"receipt_error": receipt_error.code, "reason": redact_reason(receipt_error)}
            logger.error("file done, receipt not stored", extra=fields)
        outcomes, self._outcomes = self._outcomes, []
        _count(receipt, outcomes)


def redact_reason(error: IntakeError) -> str:
    """Return the reason for the log; a foreign error's text may quote a URL, so its query goes."""
    return redact(error.reason or error.message) if "?" in (error.reason or "") else error.reason or error.message


def _count(receipt: Receipt, outcomes: Iterable[Outcome]) -> None:
    counts = receipt.counts
    _metrics.add_metric("ImagesStored", MetricUnit.Count, counts.stored)
    _metrics.add_metric("ImagesReused", MetricUnit.Count, counts.reused)
    _metrics.add_metric("ImagesFailed", MetricUnit.Count, counts.failed)
    _metrics.add_metric("ImageBytes", MetricUnit.Bytes, counts.bytes)
    _metrics.add_metric("FileMilliseconds", MetricUnit.Milliseconds, receipt.elapsed_ms)
    failed: dict[str, int] = {}
    for outcome in outcomes:
        if outcome.effort.fetch_ms:
            _metrics.add_metric("FetchMilliseconds", MetricUnit.Milliseconds, outcome.effort.fetch_ms)
        if outcome.effort.store_ms:
            _metrics.add_metric("StoreMilliseconds", MetricUnit.Milliseconds, outcome.effort.store_ms)
        if isinstance(outcome, Failed):
            failed[outcome.error.code] = failed.get(outcome.error.code, 0) + 1
    _metrics.flush_metrics()
    for code, number in failed.items():
        with single_metric("ImagesFailed", MetricUnit.Count, number, namespace=NAMESPACE) as metric:
            metric.add_dimension("service", SERVICE)
            metric.add_dimension("code", code)
    sys.stdout.flush()
