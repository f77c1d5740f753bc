"""`BulkResults` and the summary handler on a real S3 server: counts, summary, and the list of failed documents."""

import gzip
import json
from collections.abc import Iterator
from typing import Any

import pytest

from intake import app
from intake.handlers.summary import handler
from intake.model.bulk_item import BulkItem
from intake.model.bulk_report import BatchReport, Totals
from intake.model.object_keys import batch_name, report_key, table_key
from intake.s3.bulk_results import BulkResults
from support import s3_server
from support.lambda_context import Context

EVENT = {"run": "run-1", "startedAt": "2026-11-22T12:00:00.123Z", "list": "s3://the-inbox/bulk/list.csv"}


@pytest.fixture(autouse=True)
def results(s3: s3_server.S3Server, bucket: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[BulkResults]:
    for name, value in s3.environment.items():
        monkeypatch.setenv(name, value)
    opened = BulkResults(bucket)
    monkeypatch.setattr(app, "bulk_results", lambda: opened)
    yield opened
    opened._client.close()


def put_report(s3: s3_server.S3Server, bucket: str, run: str, items: list[object], report: BatchReport) -> None:
    s3.client().put_object(Bucket=bucket, Key=report_key(run, batch_name(items)), Body=report.to_json())


def get_object(s3: s3_server.S3Server, bucket: str, key: str) -> bytes:
    return s3.client().get_object(Bucket=bucket, Key=key)["Body"].read()


def test_summary_adds_up_all_reports_and_lists_failed_documents(s3: s3_server.S3Server, bucket: str) -> None:
    failed = [{"id": f"é{number}", "urls": ["https://a.example/?sig=kept"]} for number in range(30)]
    for number, document in enumerate(failed):
        counts = Totals(files=2, status={"stored": 1, "failed": 1}, images={"stored": 5}, codes={"timeout": 1}, bytes=7)
        put_report(s3, bucket, "run-1", [f"batch-{number}"], BatchReport(counts=counts, failed=[document]))
    put_report(s3, bucket, "run-2", ["another-run"], BatchReport(counts=Totals(files=1000)))

    summary = handler(EVENT, Context(60.0))

    stored: dict[str, Any] = json.loads(get_object(s3, bucket, "runs/run-1/summary.json"))
    lines = get_object(s3, bucket, "runs/run-1/failed.jsonl").splitlines()
    assert stored == summary
    assert (summary["batches"], summary["counts"]["files"], summary["counts"]["bytes"]) == (30, 60, 210)
    assert summary["counts"]["status"] == {"stored": 30, "failed": 30}
    assert summary["counts"]["codes"] == {"timeout": 30}
    assert summary["list"] == "s3://the-inbox/bulk/list.csv"
    assert summary["tablePrefix"] == "runs/run-1/images/"
    assert [summary["failedKey"], summary["retryableKey"]] == ["runs/run-1/failed.jsonl", "runs/run-1/retryable.jsonl"]
    assert sorted(map(str, failed)) == sorted(str(json.loads(line)) for line in lines)


def test_failed_list_of_several_parts_has_every_line_in_order(
    s3: s3_server.S3Server, bucket: str, results: BulkResults
) -> None:
    """The lines have other lengths than the parts, and one is longer than a part."""
    lines = [b"%d" % number * (1 + number) for number in range(2000)]
    lines[1000] = b"x" * 20_000_000
    assert results.put_lines("runs/run-1/failed.jsonl", iter(lines))
    stored = s3.client().get_object(Bucket=bucket, Key="runs/run-1/failed.jsonl")
    parts = 1 + stored["ContentLength"] // (8 * 1024 * 1024)
    assert (parts, stored["ETag"][-3:]) == (4, '-4"')
    assert stored["Body"].read().splitlines() == lines


@pytest.mark.parametrize("size", [0, 1, 8 * 1024 * 1024 - 1, 8 * 1024 * 1024, 8 * 1024 * 1024 + 1])
def test_failed_list_is_whole_when_it_ends_near_the_end_of_a_part(
    s3: s3_server.S3Server, bucket: str, results: BulkResults, size: int
) -> None:
    results.put_lines("runs/run-1/failed.jsonl", [b"x" * size])
    assert get_object(s3, bucket, "runs/run-1/failed.jsonl") == b"x" * size + b"\n"


@pytest.mark.parametrize("position", [0, 40])
def test_summary_raises_and_stores_no_list_when_a_report_cannot_be_read(
    s3: s3_server.S3Server, bucket: str, position: int
) -> None:
    """The state machine tries the summary again."""
    for number in range(50):
        key = f"runs/run-1/batches/{number:02}.json"
        report = BatchReport(failed=["x" * 250_000]).to_json()
        s3.client().put_object(Bucket=bucket, Key=key, Body=b"{no" if number == position else report)
    with pytest.raises(ValueError, match="property name"):
        handler(EVENT, Context(60.0))
    assert {key for key in s3.objects(bucket) if "batches" not in key} == set()


def test_summary_writes_no_list_when_nothing_failed(s3: s3_server.S3Server, bucket: str) -> None:
    put_report(s3, bucket, "run-1", ["batch-1"], BatchReport(counts=Totals(files=1, status={"stored": 1})))
    summary = handler(EVENT, Context(60.0))
    assert (summary["failedKey"], summary["retryableKey"]) == (None, None)
    listed = s3.client().list_objects_v2(Bucket=bucket, Prefix="runs/run-1/")["Contents"]
    assert {item["Key"] for item in listed} == {report_key("run-1", batch_name(["batch-1"])), "runs/run-1/summary.json"}


def test_summary_counts_nothing_when_the_run_has_no_batch() -> None:
    assert handler(EVENT, Context(60.0))["counts"]["files"] == 0


def put_broken(s3: s3_server.S3Server, bucket: str, batch: str, items: list[object]) -> None:
    """Record a batch that broke, as the state machine does."""
    report = BatchReport(batch=batch, counts=Totals(files=len(items), status={"broken": len(items)}), failed=items)
    s3.client().put_object(Bucket=bucket, Key=f"runs/run-1/broken/{batch}.json", Body=report.to_json())


def test_summary_counts_a_broken_batch_only_when_it_has_no_report(s3: s3_server.S3Server, bucket: str) -> None:
    items: list[object] = [{"id": "\ud83d", "urls": ["https://a.example/1"], "of": 1.0}]
    own = BatchReport(counts=Totals(files=1, status={"stored": 1}))
    s3.client().put_object(Bucket=bucket, Key=report_key("run-1", batch_name(items, "batch-1")), Body=own.to_json())
    for batch in ("batch-1", "batch-2"):
        put_broken(s3, bucket, batch, items)

    summary = handler(EVENT, Context(60.0))

    assert (summary["batches"], summary["counts"]["status"]) == (2, {"stored": 1, "broken": 1})
    failed = BulkItem.read(json.loads(get_object(s3, bucket, "runs/run-1/failed.jsonl")))
    assert failed.content == items[0]


def test_summary_writes_the_rows_of_a_broken_batch_once_and_leaves_those_of_a_batch_with_a_report(
    s3: s3_server.S3Server, bucket: str
) -> None:
    """The reports of a broken batch name its executions, which differ if the run was continued."""
    batches: dict[str, list[object]] = {
        name: [{"index": number, "item": {"urls": ["https://a.example/1", "https://a.example/2"]}}]
        for number, name in enumerate(("reported", "half", "twice"))
    }
    keys = {name: table_key("run-1", batch_name(items)) for name, items in batches.items()}
    put_report(s3, bucket, "run-1", batches["reported"], BatchReport(counts=Totals(files=1, status={"stored": 1})))
    for name in ("reported", "half"):  # a batch that was killed before its report has its part already
        s3.client().put_object(Bucket=bucket, Key=keys[name], Body=b"of the batch")
    for name, items in batches.items():
        for execution in ("1", "2") if name == "twice" else ("1",):
            put_broken(s3, bucket, f"{name}-{execution}", items)

    summary = handler(EVENT, Context(60.0))

    assert summary["counts"]["status"] == {"stored": 1, "broken": 2}
    assert {key for key in s3.objects(bucket) if "/images/" in key} == set(keys.values())
    assert get_object(s3, bucket, keys["reported"]) == b"of the batch"
    for number, name in enumerate(("half", "twice"), start=2):
        rows = [json.loads(line) for line in gzip.decompress(get_object(s3, bucket, keys[name])).splitlines()]
        assert [(row["row"], row["status"]) for row in rows] == [(number, "broken")] * 2
    assert s3.client().head_object(Bucket=bucket, Key=keys["half"])["ContentType"] == "application/gzip"


def test_summary_counts_more_broken_batches_than_one_page_holds(s3: s3_server.S3Server, bucket: str) -> None:
    for number in range(101):
        put_broken(s3, bucket, f"batch-{number}", ["x"])
    assert handler(EVENT, Context(60.0))["counts"]["files"] == 101


def test_summary_says_why_a_run_was_aborted(s3: s3_server.S3Server, bucket: str) -> None:
    broken = {"Error": "States.ItemReaderFailed", "Cause": "no JSON"}
    summary = handler({**EVENT, "outcome": {"detail": {}, "broken": broken}}, Context(60.0))
    assert (summary["complete"], summary["error"]) == (False, "States.ItemReaderFailed: no JSON")
    assert json.loads(get_object(s3, bucket, "runs/run-1/summary.json")) == summary


def test_results_look_for_a_report_with_a_list_of_runs(
    s3: s3_server.S3Server, bucket: str, results: BulkResults
) -> None:
    """The role may list runs/ only, so S3 answers any other request for a missing object with 403, not 404."""
    calls: list[tuple[str, str]] = []
    results._client.meta.events.register(
        "before-call.s3",
        lambda model, params, **_: calls.append((model.name, params["query_string"].get("prefix", ""))),
    )
    put_broken(s3, bucket, "batch-1", ["x"])

    handler(EVENT, Context(60.0))

    assert {name for name, _ in calls} == {"ListObjectsV2", "GetObject", "PutObject"}
    assert all(prefix.startswith("runs/") for name, prefix in calls if name == "ListObjectsV2")
