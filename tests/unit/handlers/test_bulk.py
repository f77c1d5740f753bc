"""The bulk door: batches as the item batcher makes them, reports that can be added up, and a list of what failed."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from intake.handlers.bulk import handler
from intake.model.bulk_report import BatchReport, Totals
from intake.model.errors import NotFound, StoreFailed
from intake.model.limits import Limits
from support.fakes import Delayed
from support.handler_fakes import House, house
from support.lambda_context import Context
from support.sample_images import picture

AT = "https://a.example/"
ONE, TWO = picture(4, 3, 1), picture(5, 4, 2)
RUN = {"run": "run-1", "startedAt": "2026-11-22T12:00:00.123Z"}


@pytest.fixture
def behind(monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    with house(monkeypatch, limits=Limits(deadline_margin=0.1)) as built:
        built.fetch.results = {
            AT + "1": ONE,
            AT + "2": TWO,
            AT + "gone": NotFound(),
            AT + "slow": Delayed(float("inf")),
        }
        yield built


def call(*items: object, seconds: float = 60.0) -> dict[str, Any]:
    return handler({"Items": list(items), "BatchInput": RUN, "batch": "batch-1"}, Context(seconds))


def reports(behind: House) -> list[BatchReport]:
    found = [body for key, body in behind.store.objects.items() if key.startswith("runs/run-1/batches/")]
    return [BatchReport.model_validate_json(body) for body in found]


def test_files_lists_and_rows_are_taken_in_alike(behind: House) -> None:
    answer = call(
        {"id": "a", "urls": [AT + "1"]},
        {"id": "b", "fileUrl": AT + "1", "baseUrls": [[AT + "2"]]},
        {"id": "c", "url": AT + "2"},
        {"id": "d", "fileUrl": AT + "1", "baseUrls": f"{AT}2 {AT}gone"},
    )
    assert answer["files"] == 4
    assert answer["status"] == {"stored": 3, "partial": 1}
    assert answer["images"] == {"stored": 2, "reused": 4, "failed": 1}
    assert answer["codes"] == {"not_found": 1}
    assert {f"receipts/{name}.json" for name in "abcd"} <= behind.store.objects.keys()


def test_what_is_no_file_does_not_fail_its_batch(behind: House) -> None:
    answer = call({"urls": [AT + "1"]}, {"fileUrl": 7}, "text", None)
    assert answer["status"] == {"stored": 1, "refused": 3}
    [report] = reports(behind)
    assert report.failed == [{"fileUrl": 7}, "text", None]


def test_what_failed_is_in_the_report_as_it_came_to_be_handed_over_again(behind: House) -> None:
    secret = {"id": "a", "urls": [AT + "gone?X-Amz-Signature=kept"]}
    call(secret, {"urls": [AT + "1"]}, {"id": "b", "url": AT + "gone"})
    [report] = reports(behind)
    row = {"urls": [{"url": AT + "gone"}], "id": "b"}
    assert [secret, row] == sorted(report.failed, key=lambda document: str(document["id"]))
    behind.fetch.results = dict(behind.fetch.results) | {AT + "gone": TWO, AT + "gone?X-Amz-Signature=kept": TWO}
    later = {"run": "run-2", "startedAt": (datetime.now(UTC) + timedelta(seconds=2)).isoformat()}
    again = handler(
        {"Items": json.loads(json.dumps(report.failed)), "BatchInput": later, "batch": "batch-1"}, Context(60.0)
    )
    assert again["status"] == {"stored": 2}


def test_what_a_batch_does_not_reach_is_deadline_exceeded_and_in_the_report(monkeypatch: pytest.MonkeyPatch) -> None:
    with house(monkeypatch, limits=Limits(deadline_margin=0.1, max_in_flight=1)) as behind:
        behind.fetch.results = {AT + "slow": Delayed(float("inf"))}
        documents = [{"id": str(number), "urls": [AT + "slow"]} for number in range(3)]
        answer = call(*documents, seconds=0.5)
        assert answer["codes"] == {"deadline_exceeded": 3}
        [report] = reports(behind)
        assert sorted(item["id"] for item in report.failed) == ["0", "1", "2"]
        assert [left.id for left in behind.report.skipped] == ["1", "2"]


def test_the_same_batch_again_writes_the_same_report_and_fetches_nothing_that_is_settled(behind: House) -> None:
    items = {"id": "a", "urls": [AT + "1"]}, {"id": "b", "urls": [AT + "gone"]}
    first = call(*items)
    assert call(*items) == first
    assert len(reports(behind)) == 1
    assert behind.fetch.requests == {AT + "1": 1, AT + "gone": 1}


def test_two_batches_of_the_same_lines_have_a_report_each(behind: House) -> None:
    for batch in ("batch-1", "batch-2"):
        handler({"Items": [{"urls": [AT + "1"]}], "BatchInput": RUN, "batch": batch}, Context(60.0))
    assert len(reports(behind)) == 2


def test_a_batch_whose_report_cannot_be_stored_raises(behind: House) -> None:
    behind.store.failures["runs/"] = StoreFailed()
    with pytest.raises(StoreFailed):
        call({"urls": [AT + "1"]})


def test_a_batch_of_which_a_receipt_cannot_be_stored_raises_and_has_no_report(behind: House) -> None:
    behind.store.failures["receipts/b"] = StoreFailed()
    with pytest.raises(StoreFailed, match="1 Files"):
        call({"id": "a", "urls": [AT + "1"]}, {"id": "b", "urls": [AT + "1"]})
    assert reports(behind) == []
    assert "receipts/a.json" in behind.store.objects


def test_one_bare_file_is_a_batch_of_its_own(behind: House) -> None:
    assert handler({"id": "a", "urls": [AT + "1"]}, Context(60.0))["status"] == {"stored": 1}
    assert reports(behind) == []


def test_counts_add_up() -> None:
    total = Totals()
    for _ in range(2):
        total.add(Totals(files=2, status={"stored": 2}, images={"failed": 1}, codes={"timeout": 1}, bytes=9))
    twice = Totals(files=4, status={"stored": 4}, images={"failed": 2}, codes={"timeout": 2}, bytes=18)
    assert total.model_dump() == twice.model_dump()
