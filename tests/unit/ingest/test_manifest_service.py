"""ManifestService over fakes: receipts, problem documents, and Files that stay pending."""

import json
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from intake.ingest.deadline import Deadline
from intake.ingest.file_service import IngestService
from intake.ingest.manifest_service import ManifestResult, ManifestService
from intake.model.error_codes import ConnectFailed, NotFound, StoreFailed
from intake.model.limits import Limits
from intake.model.manifest import MAX_FILES
from support.fake_inbox import FakeInbox
from support.fake_ports import Delayed, FakeDownloader, FakeResult, FakeStore, RecordingObserver
from support.sample_images import picture

AT = "https://a.example/"
SUBMITTED_AT = datetime.now(UTC) - timedelta(seconds=5)
GOOD = {"1": picture(4, 3, 1), "2": picture(5, 4, 2), "3": picture(6, 5, 3)}
NEVER = float("inf")


class Setup:
    def __init__(self, answers: Mapping[str, FakeResult] | None = None, limits: Limits | None = None) -> None:
        self.downloader = FakeDownloader({AT + name: answer for name, answer in (answers or dict(GOOD)).items()})
        self.store = FakeStore()
        self.inbox = FakeInbox()
        limits = limits or Limits()
        self.margin = limits.deadline_margin
        self.observer = RecordingObserver()
        self.service = IngestService(self.downloader, self.store, self.observer, limits, "bucket")
        self.manifests = ManifestService(self.inbox, self.store, self.service, limits)

    async def drop(self, key: str, *documents: object, seconds: float = 60.0) -> ManifestResult:
        texts = [item if isinstance(item, bytes) else json.dumps(item).encode() for item in documents]
        self.inbox.objects[key] = b"\n".join(texts)
        return await self.ingest(key, seconds)

    async def ingest(self, key: str, seconds: float = 60.0) -> ManifestResult:
        return await self.manifests.ingest(
            key, submitted_at=SUBMITTED_AT, deadline=Deadline.after(seconds, self.margin)
        )

    def problem(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.store.objects[f"problems/{name}.json"])
        return found

    def receipts(self) -> set[str]:
        return {key for key in self.store.objects if key.startswith("receipts/")}


def file(name: str, file_id: str | None = None) -> dict[str, Any]:
    return {"id": file_id or f"lot-{name}", "urls": [AT + name]}


async def test_manifest_of_one_file_gets_its_receipt() -> None:
    setup = Setup()
    result = await setup.drop("inbox/any.json", file("1"))
    assert result == ManifestResult(Counter(stored=1))
    assert setup.receipts() == {"receipts/lot-1.json"}


async def test_every_line_of_a_manifest_gets_a_receipt() -> None:
    setup = Setup()
    result = await setup.drop("inbox/lots.jsonl", file("1"), file("2"), b"", file("3"))
    assert result == ManifestResult(Counter(stored=3))
    assert setup.receipts() == {f"receipts/lot-{number}.json" for number in (1, 2, 3)}


async def test_json_manifest_over_several_lines_is_one_file() -> None:
    setup = Setup()
    assert await setup.drop("inbox/a.json", json.dumps(file("1"), indent=2).encode()) == ManifestResult(
        Counter(stored=1)
    )


async def test_invalid_lines_are_named_and_the_others_ingested() -> None:
    setup = Setup()
    result = await setup.drop("inbox/lots.jsonl", file("1"), b'{"fileUrl": 7, "baseUrls": [[3]]}', b"{", file("2"))
    assert result == ManifestResult(Counter(stored=2), refused=2)
    problem = setup.problem("lots")
    paths = [error["path"] for error in problem["errors"]]
    assert (problem["status"], paths) == (422, ["line 2: fileUrl", "line 2: baseUrls[0][0]", "line 3"])


async def test_plain_list_of_urls_gets_a_receipt_for_each_url() -> None:
    setup = Setup()
    text = b"\xef\xbb\xbf# boards\r\n" + f"{AT}1\r\n\r\n {AT}2\r\n".encode() + b"\xef\xbb\xbf{}"
    assert await setup.drop("inbox/urls.txt", text) == ManifestResult(Counter(stored=2), refused=1)
    assert setup.downloader.requests == {AT + "1": 1, AT + "2": 1}
    assert [error["path"] for error in setup.problem("urls")["errors"]] == ["line 5"]


async def test_files_with_byte_order_marks_may_be_joined() -> None:
    setup = Setup()
    lines = [b"\xef\xbb\xbf" + json.dumps(file(name)).encode() for name in "12"]
    assert await setup.drop("inbox/a.jsonl", *lines, b"\xef\xbb\xbf") == ManifestResult(Counter(stored=2))
    assert await setup.drop("inbox/a.json", lines[0]) == ManifestResult(Counter(stored=1))


@pytest.mark.parametrize(
    ("key", "text", "path", "expected"),
    [
        (
            "inbox/a.jsonl",
            json.dumps(file("1"), indent=2),
            "line 1",
            "A File that takes several lines belongs in a .json",
        ),
        ("inbox/a.jsonl", json.dumps([file("1")], indent=1), "line 1", "in a .jsonl object each line has a whole File"),
        ("inbox/a.jsonl", json.dumps([file("1")]), "line 1", "many as lines of a .jsonl object"),
        (
            "inbox/a.json",
            json.dumps([file("1"), file("2")]),
            "",
            "got a list. Send each File by itself, or many as lines",
        ),
        (
            "inbox/a.json",
            f"{json.dumps(file('1'))}\n{json.dumps(file('2'))}",
            "",
            "a second document at line 2 column 1",
        ),
        ("inbox/a.json", f"{json.dumps(file('1'))}{json.dumps(file('2'))}", "", "or many in a .jsonl object"),
        ("inbox/a.txt", '{"urls": ["https://a.example/"]}', "line 1", "name a list of JSON lines .jsonl"),
        ("inbox/a.jsonl", "url\nhttps://a.example/", "line 1", "is not JSON: expected value at line 1 column 1"),
    ],
)
async def test_problem_says_what_to_do_when_a_manifest_has_another_form(
    key: str, text: str, path: str, expected: str
) -> None:
    setup = Setup()
    assert (await setup.drop(key, text.encode())).files == Counter()
    first, *_ = setup.problem("a")["errors"]
    assert (first["path"], expected in first["message"]) == (path, True), first["message"]


@pytest.mark.parametrize(
    ("lines", "faults", "shown"),
    [
        ([{"urls": [7]}] * 100, 100, 100),
        ([{"urls": [7]}] * 101, 101, 100),
        ([{"fileUrl": 7}] * 300, 600, 100),
        ([{"urls": [7] * 101}] * 3, 303, 100),
        ([file("1"), b"{", {"urls": [7] * 500}], 103, 100),
    ],
)
async def test_problem_lists_the_first_faults_and_says_how_many_more_there_are(
    lines: list[object], faults: int, shown: int
) -> None:
    setup = Setup()
    await setup.drop("inbox/a.jsonl", *lines)
    problem = setup.problem("a")
    more = faults - shown
    assert len(problem["errors"]) == shown
    assert problem["detail"].endswith(f" {more} more faults are not listed." if more else "valid Files.")


async def test_invalid_document_is_a_problem_and_not_pending() -> None:
    setup = Setup()
    assert await setup.drop("inbox/lots/7.json", b"not JSON") == ManifestResult(refused=1)
    assert setup.problem("lots/7")["errors"][0]["message"].startswith("is not JSON")


async def test_empty_manifest_is_a_problem() -> None:
    setup = Setup()
    assert await setup.drop("inbox/a.jsonl", b"\n") == ManifestResult()
    assert setup.problem("a")["detail"] == "The manifest is empty."


async def test_missing_manifest_is_ignored() -> None:
    setup = Setup()
    assert await setup.ingest("inbox/gone.json") == ManifestResult()
    assert not setup.store.objects


async def test_manifest_with_too_many_files_is_refused_with_a_hint_at_bulk() -> None:
    setup = Setup()
    setup.inbox.chunk_size = 1 << 20
    await setup.drop("inbox/a.jsonl", *[file("1")] * (MAX_FILES + 1))
    assert (setup.problem("a")["status"], setup.downloader.requests.total()) == (413, 0)
    assert "bulk/" in setup.problem("a")["detail"]


async def test_second_ingest_retries_only_what_is_pending() -> None:
    setup = Setup(dict(GOOD) | {"2": ConnectFailed(), "4": NotFound()})
    documents = [file("1"), file("2"), file("4")]
    assert await setup.drop("inbox/a.jsonl", *documents) == ManifestResult(Counter(stored=1, failed=2), pending=1)
    setup.downloader.results = {AT + name: body for name, body in GOOD.items()}
    setup.downloader.requests.clear()
    assert await setup.ingest("inbox/a.jsonl") == ManifestResult(Counter(stored=2, failed=1))
    assert setup.downloader.requests == {AT + "2": 1}


async def test_duplicate_event_changes_nothing() -> None:
    setup = Setup()
    await setup.drop("inbox/a.jsonl", file("1"), file("2"))
    before = dict(setup.store.objects), setup.store.writes.copy(), setup.downloader.requests.copy()
    assert await setup.ingest("inbox/a.jsonl") == ManifestResult(Counter(stored=2))
    assert before == (setup.store.objects, setup.store.writes, setup.downloader.requests)


async def test_file_is_pending_when_its_receipt_is_not_stored() -> None:
    setup = Setup()
    setup.store.failures["receipts/lot-1"] = StoreFailed()
    assert (await setup.drop("inbox/a.jsonl", file("1"), file("2"))).pending == 1


async def test_file_without_time_to_start_is_pending_and_has_no_receipt() -> None:
    slow: dict[str, FakeResult] = {str(number): Delayed(NEVER) for number in range(6)}
    setup = Setup(slow, Limits(max_in_flight=2, deadline_margin=0.1))
    result = await setup.drop("inbox/a.jsonl", *[file(str(number)) for number in range(6)], seconds=0.5)
    assert (result.pending, result.files) == (6, Counter(failed=2))
    assert len(setup.receipts()) == 2
    started = [receipt.id for receipt, _ in setup.observer.receipts]
    assert [f"lot-{number}" for number in range(6)] == sorted(
        started + [skipped.id for skipped in setup.observer.skipped]
    )
    assert len(setup.observer.skipped) == 4


async def test_concurrent_files_are_limited_by_the_images_in_flight() -> None:
    answers: dict[str, FakeResult] = {str(number): Delayed(0.002, GOOD["1"]) for number in range(20)}
    setup = Setup(answers, Limits(max_in_flight=3))
    result = await setup.drop("inbox/a.jsonl", *[file(str(number)) for number in range(20)])
    assert (setup.downloader.max_concurrent, result.files) == (3, Counter(stored=20))


async def test_manifest_that_is_replaced_between_two_reads_raises() -> None:
    setup = Setup()
    setup.inbox.replacements = {"inbox/a.jsonl": json.dumps(file("2")).encode()}
    with pytest.raises(StoreFailed) as failed:
        await setup.drop("inbox/a.jsonl", file("1"))
    assert failed.value.reason == "inbox/a.jsonl was replaced while it was read"
    assert not setup.receipts()
    assert ManifestResult(Counter(stored=1)) == await setup.ingest("inbox/a.jsonl")
    assert {"receipts/lot-2.json"} == setup.receipts()


@pytest.mark.parametrize(("readings", "documents"), [(1, [b"{", b"[]"]), (1, [b""]), (2, [b"{", file("1")])])
async def test_manifest_is_read_twice_only_when_it_contains_a_file(readings: int, documents: list[object]) -> None:
    setup = Setup()
    await setup.drop("inbox/a.jsonl", *documents)
    assert readings == setup.inbox.read_count


@pytest.mark.parametrize("document", [b"not JSON", b""])
async def test_problem_names_its_manifest_and_etag(document: bytes) -> None:
    setup = Setup()
    await setup.drop("inbox/a.json", document)
    version = await setup.inbox.version("inbox/a.json")
    assert {"key": "inbox/a.json", "etag": version} == setup.problem("a")["manifest"]


async def test_same_manifest_writes_the_same_problem() -> None:
    setup = Setup()
    await setup.drop("inbox/a.json", b"not JSON")
    before = dict(setup.store.objects)
    await setup.ingest("inbox/a.json")
    assert before == setup.store.objects


async def test_unavailable_inbox_raises() -> None:
    setup = Setup()
    setup.inbox.failure = StoreFailed()
    with pytest.raises(StoreFailed):
        await setup.drop("inbox/a.json", file("1"))


async def test_problem_that_cannot_be_stored_raises() -> None:
    setup = Setup()
    setup.store.failures["problems/"] = StoreFailed()
    with pytest.raises(StoreFailed):
        await setup.drop("inbox/a.json", b"no JSON")
