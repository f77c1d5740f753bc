"""A bulk run's end on a real S3 server: reports added up, the summary and the list of what failed written."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

import seaweed
from intake import runtime
from intake.adapters.runs import Runs
from intake.domain.report import BatchReport, Totals, batch_key
from intake.handlers.summary import handler
from lambda_context import Context

EVENT = {"run": "run-1", "startedAt": "2026-11-22T12:00:00.123Z", "list": "s3://the-inbox/bulk/list.csv"}


@pytest.fixture(autouse=True)
def runs(s3: seaweed.S3Server, bucket: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Runs]:
    for name, value in s3.environment.items():
        monkeypatch.setenv(name, value)
    made = Runs(bucket)
    monkeypatch.setattr(runtime, "runs", lambda: made)
    yield made
    made._client.close()


def put(s3: seaweed.S3Server, bucket: str, run: str, items: object, report: BatchReport) -> None:
    s3.client().put_object(Bucket=bucket, Key=batch_key(run, items), Body=report.to_json())


def get(s3: seaweed.S3Server, bucket: str, key: str) -> bytes:
    return s3.client().get_object(Bucket=bucket, Key=key)["Body"].read()


def test_a_run_is_added_up_and_what_failed_comes_line_by_line(s3: seaweed.S3Server, bucket: str) -> None:
    failed = [{"id": f"é{number}", "urls": ["https://a.example/?sig=kept"]} for number in range(30)]
    for number, document in enumerate(failed):
        counts = Totals(files=2, status={"stored": 1, "failed": 1}, images={"stored": 5}, codes={"timeout": 1}, bytes=7)
        put(s3, bucket, "run-1", f"batch-{number}", BatchReport(counts=counts, failed=[document]))
    put(s3, bucket, "run-2", "another-run", BatchReport(counts=Totals(files=1000)))

    answer = handler(EVENT, Context(60.0))

    summary: dict[str, Any] = json.loads(get(s3, bucket, "runs/run-1/summary.json"))
    lines = get(s3, bucket, "runs/run-1/failed.jsonl").splitlines()
    assert summary == answer
    assert (summary["batches"], summary["counts"]["files"], summary["counts"]["bytes"]) == (30, 60, 210)
    assert summary["counts"]["status"] == {"stored": 30, "failed": 30}
    assert summary["counts"]["codes"] == {"timeout": 30}
    assert summary["list"] == "s3://the-inbox/bulk/list.csv"
    assert summary["failedKey"] == "runs/run-1/failed.jsonl"
    assert sorted(map(str, failed)) == sorted(str(json.loads(line)) for line in lines)


def test_a_run_in_which_nothing_failed_has_no_list_of_it(s3: seaweed.S3Server, bucket: str) -> None:
    put(s3, bucket, "run-1", "batch-1", BatchReport(counts=Totals(files=1, status={"stored": 1})))
    assert handler(EVENT, Context(60.0))["failedKey"] is None
    listed = s3.client().list_objects_v2(Bucket=bucket, Prefix="runs/run-1/")["Contents"]
    assert {item["Key"] for item in listed} == {batch_key("run-1", "batch-1"), "runs/run-1/summary.json"}


def test_a_run_without_a_single_batch_has_a_summary_of_nothing() -> None:
    assert handler(EVENT, Context(60.0))["counts"]["files"] == 0
