"""Writes the results of a run into a folder: the table and the summary that the service's own classes make.

The same number of rows gives the same run on every machine, so that pictures of its page can be compared.
"""

import hashlib
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from infra.pictures.board import encode
from PIL import Image

from intake.model.batch_table import BatchTable
from intake.model.bulk_item import BulkItem
from intake.model.bulk_report import BatchReport, Summary
from intake.model.error_codes import ConnectFailed, HttpServerError, IncompleteBody, IntakeError, NotFound, Timeout
from intake.model.file import Fault, File
from intake.model.object_keys import failed_key, retryable_key, summary_key, table_key
from intake.model.receipt import ErrorEntry, FailedEntry, StoredEntry

RUN = "spring-catalog"
BATCH = 101
"""Rows of a batch."""

_SEED = 7


class _Origin(NamedTuple):
    """An origin, the share of its images that fail, how, and the median of its response times."""

    host: str
    failing: float
    error: IntakeError
    median_ms: int


_ORIGINS = (
    _Origin("cdn.boards.example", 0.0, NotFound("The origin answered 404."), 45),
    _Origin("img.supplier.example", 0.03, NotFound("The origin answered 404."), 80),
    _Origin("media.shop.example", 0.01, IncompleteBody("The origin sent 4,096 of 153,582 bytes."), 120),
    _Origin("archive.example", 0.12, Timeout("The origin sent nothing for 5 seconds."), 1900),
    _Origin("legacy.factory.example", 0.3, HttpServerError("The origin answered 503."), 700),
    _Origin("down.example", 1.0, ConnectFailed("The service could not connect to the origin."), 3010),
)
_WEIGHTS = (50, 25, 14, 6, 4, 1)


def write_run(folder: Path, rows: int, texts: tuple[str, ...] = ()) -> str:
    """Write a run of one image a row, and return its name.

    Args:
        folder: the folder of the results.
        rows: the number of documents in the list.
        texts: hostile texts that take the place of names, messages and notes in turn.
    """
    random, summary = Random(_SEED), Summary(run=RUN, source="catalog.csv", **_TIMES)
    for first in range(1, rows + 1, BATCH):
        table, report = BatchTable(), BatchReport()
        for row in range(first, min(first + BATCH, rows + 1)):
            _add(table, report, row, random)
        if texts:
            table.rows = [_with_texts(row, texts) for row in table.rows]
        _write(folder / table_key(RUN, f"batch-{first:08}"), table.to_gzip())
        summary.add(report)
    digest = hashlib.sha256(_placeholder()).hexdigest()
    _write(folder / f"images/{digest[:2]}/{digest}.jpg", _placeholder())
    if texts:
        summary = summary.model_copy(update={"source": texts[0], "error": texts[1]})
    if summary.counts.codes:
        summary.failed_key, summary.retryable_key = failed_key(RUN), retryable_key(RUN)
    _write(folder / summary_key(RUN), summary.model_dump_json(by_alias=True).encode())
    return RUN


_TIMES: dict[str, Any] = {
    "started_at": "2026-11-22T12:00:00Z",
    "ended_at": "2026-11-22T12:00:41Z",
    "seconds": 41.2,
}


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


@cache
def _placeholder() -> bytes:
    """Return the picture that origins send in place of a missing one; the only one whose file is in the folder."""
    return encode(Image.new("RGB", (1000, 750), (222, 224, 226)), "JPEG")


def _add(table: BatchTable, report: BatchReport, row: int, random: Random) -> None:
    """Add a row of the list; each 2,000th is no File."""
    if row % 2000 == 77:
        item = BulkItem({"urls": []}, row)
        faults = [Fault("urls", "must have at least 1 item, has 0")]
        table.add_refused(item, faults)
        report.add_refused(item, faults)
        return
    (origin,) = random.choices(_ORIGINS, _WEIGHTS)
    url = f"https://{origin.host}/boards/{row:06}.jpg"
    document = {"id": f"row-{row}", "urls": [{"url": url}], "note": {"sku": f"B-{random.randrange(10**6):06}"}}
    item, file = BulkItem(document, row), File.parse(document)
    entry = _entry(url, origin, random)
    table.add(item, file, [entry])
    report.add(item, [entry])


def _entry(url: str, origin: _Origin, random: Random) -> StoredEntry | FailedEntry:
    elapsed = round(origin.median_ms * random.lognormvariate(0, 0.5))
    common: dict[str, Any] = {"role": "image", "index": 0, "url": url, "elapsed_ms": elapsed}
    if random.random() < origin.failing:
        attempts = 3 if origin.error.retryable else 1
        return FailedEntry(**common, attempts=attempts, error=ErrorEntry.of(origin.error))
    same = random.random() < 0.05
    digest = hashlib.sha256(_placeholder() if same else url.encode()).hexdigest()
    return StoredEntry(
        **common,
        attempts=1,
        key=f"images/{digest[:2]}/{digest}.jpg",
        sha256=digest,
        content_type="image/jpeg",
        bytes=len(_placeholder()) if same else round(random.lognormvariate(11.5, 0.6)),
        width=1000,
        height=750,
        frames=1,
        final_url=url,
        reused=same,
    )


def _with_texts(row: dict[str, Any], texts: tuple[str, ...]) -> dict[str, Any]:
    """Put a text into every column that can hold one, and numbers that no image has into the others."""
    text = texts[(row["row"] or 0) % len(texts)]
    columns = ("id", "url", "role", "source", "key", "contentType", "code", "message")
    return row | {name: text for name in columns if row[name] is not None} | {"warnings": [text], "note": {text: text}}
