"""The summary that `make bulk` prints at the end of a run."""

from typing import Any

import pytest
from infra.bulk.summary import format_summary, has_stored_images

COUNTS: dict[str, Any] = {"files": 2, "status": {"stored": 2}, "images": {"stored": 2}, "codes": {}, "bytes": 7}
COMPLETE: dict[str, Any] = {"complete": True, "seconds": 3, "batches": 1, "counts": COUNTS, "failedKey": None}


def test_summary_has_no_line_for_failures_when_there_are_none() -> None:
    counts = COUNTS | {"images": {"stored": 1, "reused": 1}, "bytes": 1234}

    assert format_summary(COMPLETE | {"seconds": 61.2, "counts": counts}, "the-images", 2) == [
        "2 Files in 1 min 1 s, batches: 1",
        "  Files    2 stored",
        "  images   1 stored, 1 reused; 1,234 bytes",
    ]


def test_summary_says_first_that_it_is_incomplete_when_the_run_stopped_early() -> None:
    counts = {"files": 2, "status": {"broken": 2}, "images": {}, "codes": {}, "bytes": 0}
    cause = "States.ExceedToleratedFailureThreshold: too many"
    summary = COMPLETE | {"complete": False, "error": cause, "counts": counts, "failedKey": "f.jsonl"}

    assert [
        "INCOMPLETE: the run stopped before the end of the list.",
        f"  {cause}",
        "2 Files in 3 s, batches: 1",
        "  Files    2 broken",
        "  images   none; 0 bytes",
        "A list of what failed, ready for another run:",
        "  s3://the-images/f.jsonl",
        "2 of the 1,000 Files that were read from the list are counted here.",
        "Remove the cause, then send the whole list again. No image is stored twice.",
    ] == format_summary(summary, "the-images", 1000)


def test_summary_names_the_first_rows_that_are_no_files() -> None:
    errors = [{"path": "fileUrl", "message": "is missing"}, {"path": "", "message": "must be an object"}]
    rows = [{"row": 1234, "errors": errors, "item": "{}"}, {"row": None, "errors": errors[:1], "item": "{}"}]
    counts = COUNTS | {"status": {"stored": 2, "refused": 12}}

    assert format_summary(COMPLETE | {"counts": counts, "refused": rows}, "the-images", 2)[-3:] == [
        "  refused  row 1,234: fileUrl: is missing; must be an object",
        "  refused  a row: fileUrl: is missing",
        "  refused  10 more rows; failed.jsonl has their reasons",
    ]


def test_summary_of_an_earlier_version_counts_as_complete() -> None:
    summary = {name: value for name, value in COMPLETE.items() if name != "complete"}

    assert format_summary(summary, "the-images", 2)[0] == "2 Files in 3 s, batches: 1"


def test_summary_names_files_that_are_in_no_report() -> None:
    assert format_summary(COMPLETE, "the-images", 52)[-1] == (
        "50 Files are in no report: see FAILED_*.json under map/."
    )
    assert format_summary(COMPLETE | {"list": "s3://the-inbox/bulk/list.csv"}, "the-images", 52)[-1] == (
        "50 rows are in no report: empty or repeated first rows, or rows of FAILED_*.json under map/."
    )


@pytest.mark.parametrize(
    ("images", "expected"),
    [({"stored": 1, "failed": 9}, True), ({"reused": 1}, True), ({"failed": 9}, False), ({}, False)],
)
def test_has_stored_images_counts_new_and_reused_images(images: dict[str, int], expected: bool) -> None:  # noqa: FBT001 - a table
    assert expected is has_stored_images(COMPLETE | {"counts": COUNTS | {"images": images}})
