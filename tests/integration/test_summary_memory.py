"""The summary of a bulk run takes little memory, however much failed."""

import contextlib
import json
import multiprocessing
import os
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from typing import Any

import pytest

from intake import app
from intake.handlers import summary
from intake.model.bulk_item import BulkItem
from intake.model.bulk_report import BatchReport, Totals
from intake.model.file import Fault
from intake.s3.bulk_results import BulkResults
from support import s3_server
from support.lambda_context import Context
from support.process_memory import peak_mib

ROWS = 50
EVENT = {"run": "run-1", "startedAt": "2026-11-22T12:00:00.123Z"}
LONG_URL = "https://a.example/x?X-Amz-Signature=" + "s" * 4060


def _refused(number: int) -> bytes:
    """Return the report of rows with the longest URLs, all of which have many long faults."""
    report = BatchReport()
    faults = [Fault("urls[0]" + "x" * 999, "must not be " + "y" * 999)] * 100
    for row in range(ROWS):
        report.add_refused(BulkItem({"id": f"{number}-{row}", "urls": [LONG_URL]}, number * ROWS + row + 1), faults)
    return report.to_json()


def _broken(number: int) -> bytes:
    """Return the record of a batch that broke, with rows of thousands of small values."""
    items = [{"index": number * ROWS + row, "item": {"x": [[]] * 1000}} for row in range(ROWS)]
    counts = Totals(files=ROWS, status={"broken": ROWS})
    return BatchReport(batch=f"batch-{number}", error="States.Timeout", counts=counts, failed=items).to_json()


def _broken_files(number: int) -> bytes:
    """Return the record of a batch that broke, with as many images as its rows can have."""
    items = [{"index": number * ROWS + row, "item": {"urls": ["a"] * 1000}} for row in range(ROWS)]
    counts = Totals(files=ROWS, status={"broken": ROWS})
    return BatchReport(batch=f"batch-{number}", error="States.Timeout", counts=counts, failed=items).to_json()


def _summarize(environment: dict[str, str], bucket: str, result: Connection) -> None:
    os.environ |= environment
    app.bulk_results = lambda: BulkResults(bucket)  # type: ignore[assignment]
    with contextlib.redirect_stdout(None):
        summary.handler(EVENT | {"run": "no-run"}, Context(60.0))  # loads what every summary needs
        before = peak_mib()
        counts = summary.handler(EVENT, Context(600.0))["counts"]
    result.send((counts["files"], peak_mib() - before))


@pytest.mark.parametrize(
    ("folder", "make_report", "reports", "most_mib"),
    [("batches", _refused, 150, 64), ("broken", _broken, 60, 128), ("broken", _broken_files, 5, 160)],
)
def test_memory_of_the_summary_does_not_grow_with_the_number_of_reports(
    *,
    folder: str,
    make_report: Callable[[int], bytes],
    reports: int,
    most_mib: int,
    s3: s3_server.S3Server,
    bucket: str,
) -> None:
    client: Any = s3.client()
    for number in range(reports):
        client.put_object(Bucket=bucket, Key=f"runs/run-1/{folder}/{number:03}.json", Body=make_report(number))

    ours, theirs = multiprocessing.Pipe()
    arguments = (s3.environment, bucket, theirs)
    process = multiprocessing.get_context("spawn").Process(target=_summarize, args=arguments)
    process.start()
    theirs.close()
    files, grown_mib = ours.recv()
    process.join()
    ours.close()

    assert files == reports * ROWS
    assert grown_mib < most_mib
    everything = set(range(1, reports * ROWS + 1))
    assert _rows_of(client, bucket, "failed.jsonl") == everything
    assert _rows_of(client, bucket, "retryable.jsonl") == (everything if folder == "broken" else set())


def _rows_of(client: Any, bucket: str, name: str) -> set[int]:
    key = f"runs/run-1/{name}"
    if client.list_objects_v2(Bucket=bucket, Prefix=key)["KeyCount"] == 0:
        return set()
    lines: Iterator[bytes] = client.get_object(Bucket=bucket, Key=key)["Body"].iter_lines()
    return {json.loads(line)["intakeFailure"]["row"] for line in lines}
