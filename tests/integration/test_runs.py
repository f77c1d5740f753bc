"""A bulk run's end on a real S3 server: reports added up, the summary and the list of what failed written."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from intake import app
from intake.handlers.summary import handler
from intake.model.bulk_report import BatchReport, Totals
from intake.model.object_keys import batch_key
from intake.s3.bulk_results import BulkResults
from support import s3_server
from support.lambda_context import Context

EVENT = {"run": "run-1", "startedAt": "2026-11-22T12:00:00.123Z", "list": "s3://the-inbox/bulk/list.csv"}


@pytest.fixture(autouse=True)
def runs(s3: s3_server.S3Server, bucket: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[BulkResults]:
    for name, value in s3.environment.items():
        monkeypatch.setenv(name, value)
    made = BulkResults(bucket)
    monkeypatch.setattr(app, "bulk_results", lambda: made)
    yield made
    made._client.close()


def put(s3: s3_server.S3Server, bucket: str, run: str, items: object, report: BatchReport) -> None:
    s3.client().put_object(Bucket=bucket, Key=batch_key(run, items), Body=report.to_json())


def get(s3: s3_server.S3Server, bucket: str, key: str) -> bytes:
    return s3.client().get_object(Bucket=bucket, Key=key)["Body"].read()


def test_a_run_is_added_up_and_what_failed_comes_line_by_line(s3: s3_server.S3Server, bucket: str) -> None:
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


def test_a_run_in_which_nothing_failed_has_no_list_of_it(s3: s3_server.S3Server, bucket: str) -> None:
    put(s3, bucket, "run-1", "batch-1", BatchReport(counts=Totals(files=1, status={"stored": 1})))
    assert handler(EVENT, Context(60.0))["failedKey"] is None
    listed = s3.client().list_objects_v2(Bucket=bucket, Prefix="runs/run-1/")["Contents"]
    assert {item["Key"] for item in listed} == {batch_key("run-1", "batch-1"), "runs/run-1/summary.json"}


def test_a_run_without_a_single_batch_has_a_summary_of_nothing() -> None:
    assert handler(EVENT, Context(60.0))["counts"]["files"] == 0


def keep(s3: s3_server.S3Server, bucket: str, batch: str, items: list[object]) -> None:
    """Write down a batch that broke, as the state machine does."""
    report = BatchReport(batch=batch, counts=Totals(files=len(items), status={"broken": len(items)}), failed=items)
    s3.client().put_object(Bucket=bucket, Key=f"runs/run-1/broken/{batch}.json", Body=report.to_json())


def test_a_batch_that_broke_counts_where_it_has_no_report_of_its_own(s3: s3_server.S3Server, bucket: str) -> None:
    items: list[object] = [{"id": "\ud83d", "urls": ["https://a.example/1"], "of": 1.0}]
    own = BatchReport(counts=Totals(files=1, status={"stored": 1}))
    s3.client().put_object(Bucket=bucket, Key=batch_key("run-1", items, "batch-1"), Body=own.to_json())
    for batch in ("batch-1", "batch-2"):
        keep(s3, bucket, batch, items)

    answer = handler(EVENT, Context(60.0))

    assert (answer["batches"], answer["counts"]["status"]) == (2, {"stored": 1, "broken": 1})
    assert json.loads(get(s3, bucket, "runs/run-1/failed.jsonl")) == items[0]


def test_more_broken_batches_than_a_page_has_are_all_told(s3: s3_server.S3Server, bucket: str) -> None:
    for number in range(101):
        keep(s3, bucket, f"batch-{number}", ["x"])
    assert handler(EVENT, Context(60.0))["counts"]["files"] == 101


def test_the_summary_of_a_run_that_was_given_up_says_so_and_why(s3: s3_server.S3Server, bucket: str) -> None:
    broken = {"Error": "States.ItemReaderFailed", "Cause": "no JSON"}
    answer = handler({**EVENT, "outcome": {"detail": {}, "broken": broken}}, Context(60.0))
    assert (answer["complete"], answer["error"]) == (False, "States.ItemReaderFailed: no JSON")
    assert json.loads(get(s3, bucket, "runs/run-1/summary.json")) == answer


def test_whether_a_report_is_there_is_asked_by_a_list_below_runs(
    s3: s3_server.S3Server, bucket: str, runs: BulkResults
) -> None:
    """The role may list runs/ alone; S3 answers 403, not 404, to whoever asks otherwise for what is not there."""
    asked: list[tuple[str, str]] = []
    runs._client.meta.events.register(
        "before-call.s3",
        lambda model, params, **_: asked.append((model.name, params["query_string"].get("prefix", ""))),
    )
    keep(s3, bucket, "batch-1", ["x"])

    handler(EVENT, Context(60.0))

    assert {name for name, _ in asked} == {"ListObjectsV2", "GetObject", "PutObject"}
    assert all(prefix.startswith("runs/") for name, prefix in asked if name == "ListObjectsV2")
