"""The summary of a run, which may be missing, of an earlier version or damaged."""

from typing import Any

import pytest
from infra.look.run_summary import RunSummary

COUNTS = {"files": 10, "status": {"stored": 8, "failed": 2}, "images": {"stored": 18, "failed": 2}, "bytes": 700}


def test_summary_has_what_the_run_wrote() -> None:
    document = {
        "run": "run-1",
        "list": "boards.csv",
        "startedAt": "2026-11-22T16:01:03.412Z",
        "seconds": 6.8,
        "complete": True,
        "error": None,
        "counts": COUNTS | {"codes": {"timeout": 2}},
        "failedKey": "runs/run-1/failed.jsonl",
        "retryableKey": "runs/run-1/retryable.jsonl",
    }

    summary = RunSummary.of(document)

    assert (summary.exists, summary.is_complete, summary.error, summary.source) == (True, True, "", "boards.csv")
    assert (summary.seconds, summary.images, summary.codes) == (6.8, {"stored": 18, "failed": 2}, {"timeout": 2})
    assert (summary.failed_key, summary.retryable_key) == ("runs/run-1/failed.jsonl", "runs/run-1/retryable.jsonl")


def test_summary_that_does_not_exist_is_not_complete() -> None:
    assert RunSummary.of(None) == RunSummary(exists=False, is_complete=False)


def test_summary_of_an_earlier_version_is_complete() -> None:
    assert RunSummary.of({"counts": COUNTS}).is_complete


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"counts": None, "seconds": None},
        {"counts": {"images": ["stored"], "codes": 7, "status": {"stored": "8"}}, "seconds": "6.8"},
        {"counts": {"images": {"stored": -1, "failed": True}}, "seconds": float("nan")},
        {"counts": [COUNTS], "seconds": True, "list": 7, "failedKey": {"key": "x"}, "startedAt": 1},
        {"seconds": -3},
    ],
)
def test_members_of_a_wrong_type_count_as_missing(document: dict[str, Any]) -> None:
    summary = RunSummary.of(document)

    assert (summary.exists, summary.seconds, summary.images, summary.codes) == (True, None, {}, {})
    assert (summary.status, summary.source, summary.failed_key) == ({}, "", "")
