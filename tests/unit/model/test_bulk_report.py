"""The report of a batch and the summary of a run: what they count, and what they show of rows that failed."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from intake.model.bulk_item import BulkItem
from intake.model.bulk_report import MAX_REFUSED, BatchReport, Summary, Totals
from intake.model.error_codes import (
    Blocked,
    ChecksumMismatch,
    CoolingDown,
    IntakeError,
    NotFound,
    StoreFailed,
    Timeout,
    TooLarge,
)
from intake.model.file import Fault, File
from intake.model.outcome import Failed, FetchStats
from intake.model.receipt import Receipt

URL = "https://a.example/x.jpg"
LIMIT_OF_A_STATE = 262_144


def summary() -> Summary:
    return Summary(run="run-1", ended_at="", seconds=0)


def failure_of(report: BatchReport) -> dict[str, Any]:
    [line] = report.lines()
    assert isinstance(line, dict)
    failure: dict[str, Any] = line["intakeFailure"]
    return failure


def test_totals_add_up() -> None:
    total = Totals()
    for _ in range(2):
        total.add(Totals(files=2, status={"stored": 2}, images={"failed": 1}, codes={"timeout": 1}, bytes=9))
    twice = Totals(files=4, status={"stored": 4}, images={"failed": 2}, codes={"timeout": 2}, bytes=18)
    assert total.model_dump() == twice.model_dump()


def test_refused_row_has_its_number_its_faults_and_an_excerpt() -> None:
    report = BatchReport()
    report.add_refused(BulkItem({"id": "a", "fileUrl": [URL + "?sig=secret"]}, 3), [Fault("baseUrls", "is missing")])
    [row] = json.loads(report.to_json())["refused"]
    assert row == {
        "row": 3,
        "status": "refused",
        "retryable": False,
        "errors": [{"path": "baseUrls", "message": "is missing"}],
        "item": f'{{"id": "a", "fileUrl": ["{URL}"]}}',
    }
    assert failure_of(report) == {name: value for name, value in row.items() if name != "item"}


def test_failure_lists_the_first_faults_and_says_how_many_more_there_are() -> None:
    report = BatchReport()
    report.add_refused(BulkItem({}), [Fault(f"urls[{n}]", f"must not be {URL}?secret" + "!" * 999) for n in range(9)])
    failure = failure_of(report)
    assert (failure["row"], len(failure["errors"]), failure["moreErrors"]) == (None, 5, 4)
    assert "secret" not in json.dumps(failure)
    assert len(json.dumps(failure)) < 2000


@pytest.mark.parametrize(
    ("path", "document"),
    [
        ("fileUrl", {"fileUrl": URL, "baseUrls": [[URL]]}),
        ("urls[0]", {"urls": [URL, URL]}),
    ],
)
def test_failure_names_the_images_that_failed(path: str, document: dict[str, Any]) -> None:
    file = File.parse(document)
    outcomes = [Failed(error, FetchStats()) for error in (NotFound("The origin answered 404."), Timeout())]
    receipt = Receipt.of(file, outcomes, bucket="b", created_at=datetime.now(UTC), elapsed_ms=0)
    report = BatchReport()
    report.add(BulkItem(document, 2), receipt.images)
    failure = failure_of(report)
    assert (failure["row"], failure["status"], len(failure["errors"])) == (2, "failed", 2)
    assert failure["errors"][0] == {"path": path, "code": "not_found", "message": "The origin answered 404."}


def test_rows_of_a_broken_batch_are_documents_with_the_error_of_the_batch() -> None:
    items = [{"index": 4, "item": {"url": URL, "id": "a"}}, "text"]
    report = BatchReport(batch="batch-1", error="StoreFailed", failed=items)
    row, text = report.lines()
    failure = {
        "row": 5,
        "status": "broken",
        "retryable": True,
        "errors": [{"path": "", "message": "The batch of this row broke: StoreFailed."}],
    }
    assert row == {"urls": [{"url": URL}], "id": "a", "intakeFailure": failure}
    assert text == {"intakeFailure": failure | {"row": None, "value": "text"}}


def test_line_of_an_earlier_version_is_kept_as_it_is() -> None:
    assert list(BatchReport.model_validate({"failed": [{"id": "a"}, "text"]}).lines()) == [{"id": "a"}, "text"]
    refused = {"row": 1, "status": "refused", "errors": [], "item": "{}"}
    assert not BatchReport.model_validate({"refused": [refused]}).refused[0].retryable


@pytest.mark.parametrize(
    ("retryable", "errors"),
    [
        (False, [NotFound()]),
        (False, [TooLarge(), ChecksumMismatch(), Blocked(reason="x")]),
        (True, [Timeout()]),
        (True, [NotFound(), CoolingDown(), NotFound()]),
        (True, [*[NotFound()] * 9, StoreFailed()]),  # behind the errors that the failure shows
    ],
)
def test_row_may_be_sent_again_if_one_of_its_images_may_succeed(*, retryable: bool, errors: list[IntakeError]) -> None:
    document = {"urls": [f"{URL}?{number}" for number in range(len(errors))]}
    outcomes = [Failed(error, FetchStats()) for error in errors]
    receipt = Receipt.of(File.parse(document), outcomes, bucket="b", created_at=datetime.now(UTC), elapsed_ms=0)
    report = BatchReport()
    report.add(BulkItem(document, 2), receipt.images)
    assert failure_of(report)["retryable"] is retryable


def test_row_of_a_batch_without_time_may_be_sent_again() -> None:
    report = BatchReport()
    report.add_skipped(BulkItem({"urls": [URL]}, 2), 1)
    assert failure_of(report)["retryable"] is True


def test_summary_shows_the_first_refused_rows_of_all_batches() -> None:
    total = summary()
    for first in (500, 0, 1000):
        report = BatchReport()
        for number in range(first, first + 50):
            report.add_refused(BulkItem({}, number + 1), [])
        total.add(report)
    unknown = BatchReport()
    unknown.add_refused(BulkItem({}), [])
    total.add(unknown)
    assert [row.row for row in total.refused] == list(range(1, MAX_REFUSED + 1))
    assert (total.batches, total.counts.status) == (4, {"refused": 151})


@pytest.mark.parametrize("character", ["x", "\x00", "\ud83d", "寸", "😀", '"', "\\"])
def test_summary_fits_into_the_output_of_a_state_whatever_the_rows_contain(character: str) -> None:
    total, report = summary(), BatchReport()
    text = character * 10_000
    for number in range(50):
        report.add_refused(BulkItem({text: [text] * 9}, number), [Fault(text, text)] * 1000)
    total.add(BatchReport.model_validate(json.loads(report.to_json())))
    assert total.model_dump_json(by_alias=True)
    assert len(json.dumps(total.model_dump(by_alias=True))) < LIMIT_OF_A_STATE
