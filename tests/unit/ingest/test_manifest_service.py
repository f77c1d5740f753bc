"""A manifest through the S3 door, over fakes: receipts, problem documents, and what is left for a second time."""

import json
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from intake.ingest.manifest_service import ManifestResult, ManifestService
from intake.ingest.service import IngestService
from intake.model.errors import ConnectFailed, NotFound, StoreFailed
from intake.model.limits import Limits
from intake.model.manifest import MAX_FILES
from support.fakes import Delayed, FakeDownloader, FakeInbox, FakeResult, FakeStore, RecordingObserver
from support.sample_images import picture

AT = "https://a.example/"
SINCE = datetime.now(UTC) - timedelta(seconds=5)
GOOD = {"1": picture(4, 3, 1), "2": picture(5, 4, 2), "3": picture(6, 5, 3)}
NEVER = float("inf")


class World:
    def __init__(self, answers: Mapping[str, FakeResult] | None = None, limits: Limits | None = None) -> None:
        self.fetch = FakeDownloader({AT + name: answer for name, answer in (answers or dict(GOOD)).items()})
        self.store = FakeStore()
        self.inbox = FakeInbox()
        limits = limits or Limits()
        self.report = RecordingObserver()
        self.intake = IngestService(self.fetch, self.store, self.report, limits, "bucket")
        self.manifests = ManifestService(self.inbox, self.store, self.intake, limits)

    async def drop(self, key: str, *documents: object, seconds: float = 60.0) -> ManifestResult:
        texts = [item if isinstance(item, bytes) else json.dumps(item).encode() for item in documents]
        self.inbox.objects[key] = b"\n".join(texts)
        return await self.take(key, seconds)

    async def take(self, key: str, seconds: float = 60.0) -> ManifestResult:
        return await self.manifests.ingest(key, submitted_at=SINCE, seconds=seconds)

    def document(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.store.objects[f"receipts/{name}.json"])
        return found

    def receipts(self) -> set[str]:
        return {key for key in self.store.objects if key.startswith("receipts/")}


def file(name: str, file_id: str | None = None) -> dict[str, Any]:
    return {"id": file_id or f"lot-{name}", "urls": [AT + name]}


async def test_a_manifest_of_one_file_has_its_receipt() -> None:
    world = World()
    tally = await world.drop("inbox/any.json", file("1"))
    assert tally == ManifestResult(Counter(stored=1))
    assert world.receipts() == {"receipts/lot-1.json"}


async def test_a_manifest_of_lines_has_a_receipt_for_each() -> None:
    world = World()
    tally = await world.drop("inbox/lots.jsonl", file("1"), file("2"), b"", file("3"))
    assert tally == ManifestResult(Counter(stored=3))
    assert world.receipts() == {f"receipts/lot-{number}.json" for number in (1, 2, 3)}


async def test_a_document_over_several_lines_is_one_file() -> None:
    world = World()
    assert await world.drop("inbox/a.json", json.dumps(file("1"), indent=2).encode()) == ManifestResult(
        Counter(stored=1)
    )


async def test_lines_that_are_no_files_are_named_and_the_others_taken_in() -> None:
    world = World()
    tally = await world.drop("inbox/lots.jsonl", file("1"), b'{"fileUrl": 7, "baseUrls": [[3]]}', b"{", file("2"))
    assert tally == ManifestResult(Counter(stored=2), refused=2)
    problem = world.document("lots")
    paths = [error["path"] for error in problem["errors"]]
    assert (problem["status"], paths) == (422, ["line 2: fileUrl", "line 2: baseUrls[0][0]", "line 3"])


async def test_a_document_that_is_no_file_is_a_problem_and_nothing_is_left_to_try() -> None:
    world = World()
    assert await world.drop("inbox/lots/7.json", b"not JSON") == ManifestResult(refused=1)
    assert world.document("lots/7")["errors"][0]["message"].startswith("is not JSON")


async def test_an_empty_manifest_is_a_problem() -> None:
    world = World()
    assert await world.drop("inbox/a.jsonl", b"\n") == ManifestResult()
    assert world.document("a")["detail"] == "The manifest is empty."


async def test_a_manifest_that_is_gone_is_nothing() -> None:
    world = World()
    assert await world.take("inbox/gone.json") == ManifestResult()
    assert not world.store.objects


async def test_too_many_files_are_pointed_to_the_bulk_door_and_none_is_begun() -> None:
    world = World()
    world.inbox.chunk_size = 1 << 20
    await world.drop("inbox/a.jsonl", *[file("1")] * (MAX_FILES + 1))
    assert (world.document("a")["status"], world.fetch.requests.total()) == (413, 0)
    assert "bulk/" in world.document("a")["detail"]


async def test_what_may_succeed_later_is_left_and_a_second_time_does_only_that() -> None:
    world = World(dict(GOOD) | {"2": ConnectFailed(), "4": NotFound()})
    documents = [file("1"), file("2"), file("4")]
    assert await world.drop("inbox/a.jsonl", *documents) == ManifestResult(Counter(stored=1, failed=2), pending=1)
    world.fetch.results = {AT + name: body for name, body in GOOD.items()}
    world.fetch.requests.clear()
    assert await world.take("inbox/a.jsonl") == ManifestResult(Counter(stored=2, failed=1))
    assert world.fetch.requests == {AT + "2": 1}


async def test_a_duplicate_event_changes_nothing() -> None:
    world = World()
    await world.drop("inbox/a.jsonl", file("1"), file("2"))
    before = dict(world.store.objects), world.store.writes.copy(), world.fetch.requests.copy()
    assert await world.take("inbox/a.jsonl") == ManifestResult(Counter(stored=2))
    assert before == (world.store.objects, world.store.writes, world.fetch.requests)


async def test_a_receipt_that_was_not_stored_is_left_to_try_again() -> None:
    world = World()
    world.store.failures["receipts/lot-1"] = StoreFailed()
    assert (await world.drop("inbox/a.jsonl", file("1"), file("2"))).pending == 1


async def test_what_there_is_no_time_for_is_left_to_try_again_without_a_receipt() -> None:
    slow: dict[str, FakeResult] = {str(number): Delayed(NEVER) for number in range(6)}
    world = World(slow, Limits(max_in_flight=2, deadline_margin=0.1))
    tally = await world.drop("inbox/a.jsonl", *[file(str(number)) for number in range(6)], seconds=0.5)
    assert (tally.pending, tally.files) == (6, Counter(failed=2))
    assert len(world.receipts()) == 2
    begun = [receipt.id for receipt, _ in world.report.receipts]
    assert [f"lot-{number}" for number in range(6)] == sorted(begun + [left.id for left in world.report.skipped])
    assert len(world.report.skipped) == 4


async def test_no_more_files_are_at_work_at_once_than_images() -> None:
    answers: dict[str, FakeResult] = {str(number): Delayed(0.002, GOOD["1"]) for number in range(20)}
    world = World(answers, Limits(max_in_flight=3))
    tally = await world.drop("inbox/a.jsonl", *[file(str(number)) for number in range(20)])
    assert (world.fetch.peak_active, tally.files) == (3, Counter(stored=20))


async def test_a_manifest_that_is_replaced_between_its_two_readings_is_given_up_for_the_event_that_follows() -> None:
    world = World()
    world.inbox.replacements = {"inbox/a.jsonl": json.dumps(file("2")).encode()}
    with pytest.raises(StoreFailed, match="did not take") as failed:
        await world.drop("inbox/a.jsonl", file("1"))
    assert failed.value.reason == "inbox/a.jsonl was replaced while it was read"
    assert not world.receipts()
    assert ManifestResult(Counter(stored=1)) == await world.take("inbox/a.jsonl")
    assert {"receipts/lot-2.json"} == world.receipts()


@pytest.mark.parametrize(("readings", "documents"), [(1, [b"{", b"[]"]), (1, [b""]), (2, [b"{", file("1")])])
async def test_a_manifest_is_read_again_only_where_a_file_is_in_it(readings: int, documents: list[object]) -> None:
    world = World()
    await world.drop("inbox/a.jsonl", *documents)
    assert readings == world.inbox.read_count


@pytest.mark.parametrize("document", [b"not JSON", b""])
async def test_a_problem_says_which_manifest_it_is_about(document: bytes) -> None:
    world = World()
    await world.drop("inbox/a.json", document)
    version = await world.inbox.version("inbox/a.json")
    assert {"key": "inbox/a.json", "etag": version} == world.document("a")["manifest"]


async def test_the_same_manifest_again_writes_the_same_problem() -> None:
    world = World()
    await world.drop("inbox/a.json", b"not JSON")
    before = dict(world.store.objects)
    await world.take("inbox/a.json")
    assert before == world.store.objects


async def test_an_inbox_that_does_not_answer_raises() -> None:
    world = World()
    world.inbox.failure = StoreFailed()
    with pytest.raises(StoreFailed):
        await world.drop("inbox/a.json", file("1"))


async def test_a_problem_that_cannot_be_stored_raises() -> None:
    world = World()
    world.store.failures["receipts/a"] = StoreFailed()
    with pytest.raises(StoreFailed):
        await world.drop("inbox/a.json", b"no JSON")
