"""The bulk handler on fakes: batches as the ItemBatcher makes them, and the report of each."""

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from intake.handlers.bulk import handler
from intake.model.bulk_item import BulkItem
from intake.model.bulk_report import BatchReport
from intake.model.error_codes import NotFound, StoreFailed
from intake.model.limits import Limits
from support.fake_ports import Delayed
from support.handler_fakes import HandlerFakes, install_fakes
from support.lambda_context import Context
from support.sample_images import picture

AT = "https://a.example/"
ONE, TWO = picture(4, 3, 1), picture(5, 4, 2)
RUN = {"run": "run-1", "startedAt": "2026-11-22T12:00:00.123Z"}


@pytest.fixture
def fakes(monkeypatch: pytest.MonkeyPatch) -> Iterator[HandlerFakes]:
    with install_fakes(monkeypatch, limits=Limits(deadline_margin=0.1)) as installed:
        installed.downloader.results = {
            AT + "1": ONE,
            AT + "2": TWO,
            AT + "gone": NotFound(),
            AT + "slow": Delayed(float("inf")),
        }
        yield installed


def call(*items: object, seconds: float = 60.0) -> dict[str, Any]:
    return handler({"Items": list(items), "BatchInput": RUN, "batch": "batch-1"}, Context(seconds))


def reports(fakes: HandlerFakes) -> list[BatchReport]:
    found = [body for key, body in fakes.store.objects.items() if key.startswith("runs/run-1/batches/")]
    return [BatchReport.model_validate_json(body) for body in found]


def test_handler_ingests_files_url_lists_and_rows_alike(fakes: HandlerFakes) -> None:
    counts = call(
        {"id": "a", "urls": [AT + "1"]},
        {"id": "b", "fileUrl": AT + "1", "baseUrls": [[AT + "2"]]},
        {"id": "c", "url": AT + "2"},
        {"id": "d", "fileUrl": AT + "1", "baseUrls": f"{AT}2 {AT}gone"},
    )
    assert counts["files"] == 4
    assert counts["status"] == {"stored": 3, "partial": 1}
    assert counts["images"] == {"stored": 2, "reused": 4, "failed": 1}
    assert counts["codes"] == {"not_found": 1}
    assert {f"receipts/{name}.json" for name in "abcd"} <= fakes.store.objects.keys()


def test_handler_counts_invalid_files_as_refused(fakes: HandlerFakes) -> None:
    counts = call({"urls": [AT + "1"]}, {"fileUrl": 7}, "text", None)
    assert counts["status"] == {"stored": 1, "refused": 3}
    [report] = reports(fakes)
    assert [BulkItem.read(line).content for line in report.failed] == [{"fileUrl": 7}, "text", None]
    assert [error.path for row in report.refused for error in row.errors] == ["fileUrl", "baseUrls", "", ""]


def test_handler_names_the_rows_that_failed(fakes: HandlerFakes) -> None:
    documents = [{"urls": [AT + "1"]}, {"urls": []}, {"id": "g", "urls": [AT + "1", AT + "gone"]}]
    call(*({"index": 40 + number, "item": document} for number, document in enumerate(documents)))
    [report] = reports(fakes)
    failures = [line["intakeFailure"] for line in report.failed]
    assert {failure["row"]: failure["errors"][0]["path"] for failure in failures} == {42: "urls", 43: "urls[1]"}


def test_report_lists_failed_documents_that_can_be_sent_again(fakes: HandlerFakes) -> None:
    secret = {"id": "a", "urls": [AT + "gone?X-Amz-Signature=kept"]}
    call(secret, {"urls": [AT + "1"]}, {"id": "b", "url": AT + "gone"})
    [report] = reports(fakes)
    row = {"urls": [{"url": AT + "gone"}], "id": "b"}
    failed = [{name: value for name, value in line.items() if name != "intakeFailure"} for line in report.failed]
    assert [secret, row] == sorted(failed, key=lambda document: str(document["id"]))
    fakes.downloader.results = dict(fakes.downloader.results) | {
        AT + "gone": TWO,
        AT + "gone?X-Amz-Signature=kept": TWO,
    }
    later = {"run": "run-2", "startedAt": (datetime.now(UTC) + timedelta(seconds=2)).isoformat()}
    again = handler(
        {"Items": json.loads(json.dumps(report.failed)), "BatchInput": later, "batch": "batch-1"}, Context(60.0)
    )
    assert again["status"] == {"stored": 2}


def table_of(fakes: HandlerFakes, run: str = "run-1") -> list[dict[str, Any]]:
    [part] = [body for key, body in fakes.store.objects.items() if key.startswith(f"runs/{run}/images/")]
    return [json.loads(line) for line in gzip.decompress(part).splitlines()]


def test_notes_are_in_receipts_and_in_the_table_and_in_the_next_run(fakes: HandlerFakes) -> None:
    """The rows of one image have one receipt, and each its own note in the table."""
    header = [{"1": "url", "2": "Lot", "3": ""}]
    items = [
        {"index": 1, "item": {"1": AT + "1", "2": "7", "3": ""}, "header": header},
        {"index": 2, "item": {"1": AT + "1", "2": "8", "3": ""}, "header": header},
        {"index": 3, "item": {"1": AT + "gone", "2": "9", "3": ""}, "header": header},
        {"index": 4, "item": {"1": AT + "1", "2": "9", "3": "cut"}, "header": header},
    ]
    call(*items)
    rows = table_of(fakes)
    assert [(row["row"], row["status"], row["note"]) for row in rows] == [
        (1, "stored", {"Lot": "7"}),
        (2, "stored", {"Lot": "8"}),
        (3, "failed", {"Lot": "9"}),
        (4, "refused", None),
    ]
    receipts = [json.loads(body) for key, body in fakes.store.objects.items() if key.startswith("receipts/")]
    assert sorted(receipt["note"]["Lot"] in {"7", "8"} for receipt in receipts) == [False, True]
    [report] = reports(fakes)
    handler({"Items": report.failed, "BatchInput": {"run": "run-2"}}, Context(60.0))
    assert [row["note"] for row in table_of(fakes, "run-2") if row["status"] == "failed"] == [{"Lot": "9"}]


def test_handler_counts_files_as_deadline_exceeded_when_there_is_no_time_for_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with install_fakes(monkeypatch, limits=Limits(deadline_margin=0.1, max_in_flight=1)) as fakes:
        fakes.downloader.results = {AT + "slow": Delayed(float("inf"))}
        documents = [{"id": str(number), "urls": [AT + "slow"]} for number in range(3)]
        counts = call(*documents, seconds=0.5)
        assert counts["codes"] == {"deadline_exceeded": 3}
        [report] = reports(fakes)
        assert sorted(item["id"] for item in report.failed) == ["0", "1", "2"]
        assert [left.id for left in fakes.observer.skipped] == ["1", "2"]


def test_handler_writes_the_same_report_and_fetches_nothing_final_when_a_batch_is_repeated(fakes: HandlerFakes) -> None:
    items = {"id": "a", "urls": [AT + "1"]}, {"id": "b", "urls": [AT + "gone"]}
    first = call(*items)
    assert call(*items) == first
    assert len(reports(fakes)) == 1
    assert fakes.downloader.requests == {AT + "1": 1, AT + "gone": 1}


def test_two_batches_of_the_same_lines_have_separate_reports(fakes: HandlerFakes) -> None:
    for batch in ("batch-1", "batch-2"):
        handler({"Items": [{"urls": [AT + "1"]}], "BatchInput": RUN, "batch": batch}, Context(60.0))
    assert len(reports(fakes)) == 2


def test_handler_raises_when_the_report_cannot_be_stored(fakes: HandlerFakes) -> None:
    fakes.store.failures["runs/"] = StoreFailed()
    with pytest.raises(StoreFailed):
        call({"urls": [AT + "1"]})


def test_handler_raises_without_a_report_when_a_receipt_cannot_be_stored(fakes: HandlerFakes) -> None:
    fakes.store.failures["receipts/b"] = StoreFailed()
    with pytest.raises(StoreFailed, match="1 Files"):
        call({"id": "a", "urls": [AT + "1"]}, {"id": "b", "urls": [AT + "1"]})
    assert reports(fakes) == []
    assert "receipts/a.json" in fakes.store.objects


@pytest.mark.parametrize("event", [None, 7, True, "text", [], [{"urls": [AT + "1"]}], {}, {"Items": "x"}], ids=repr)
def test_handler_refuses_an_event_that_is_neither_a_batch_nor_a_file(fakes: HandlerFakes, event: object) -> None:
    assert handler(event, Context(60.0))["status"] == {"refused": 1}
    assert not fakes.store.objects


@pytest.mark.parametrize(
    ("count", "batch_input"),
    [
        (0, []),
        (0, "run"),
        (0, {}),
        (0, {"run": None}),
        (0, {"run": 7, "startedAt": "x"}),
        *((1, {"run": "run-1", "startedAt": text}) for text in (None, "", 7, "soon", "2026-11-22T12:00:00")),
    ],
)
def test_handler_takes_a_batch_that_was_made_by_hand(fakes: HandlerFakes, count: int, batch_input: object) -> None:
    """It has a report if it belongs to a run."""
    event = {"Items": [{"urls": [AT + "1"]}], "BatchInput": batch_input, "batch": None}
    assert handler(event, Context(60.0))["status"] == {"stored": 1}
    assert count == len(reports(fakes))


def test_handler_ingests_one_bare_file_without_a_report(fakes: HandlerFakes) -> None:
    assert handler({"id": "a", "urls": [AT + "1"]}, Context(60.0))["status"] == {"stored": 1}
    assert reports(fakes) == []
