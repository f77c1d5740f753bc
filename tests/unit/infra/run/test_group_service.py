"""Groups of rows on fakes: what is joined, and that each row has the report that a bulk run would write of it."""

import asyncio
import gzip
import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from infra.run.failure_reasons import FailureReasons
from infra.run.group_pauses import GroupPauses, longest
from infra.run.group_service import GroupService
from infra.run.origin_waits import OriginWait

from intake.handlers.bulk import handler
from intake.ingest.file_service import IngestService
from intake.model.bulk_item import BulkItem, to_json_line
from intake.model.bulk_report import BatchReport
from intake.model.error_codes import ConnectFailed, NotFound, StoreFailed, Throttled
from intake.model.limits import Limits
from intake.model.manifest import read_document
from support.fake_ports import FakeDownloader, FakeStore
from support.handler_fakes import install_fakes
from support.lambda_context import Context
from support.sample_images import picture

AT = "https://a.example/"
RESULTS: dict[str, Any] = {AT + str(number): picture(4 + number, 3, number) for number in range(9)} | {
    AT + "gone": NotFound(),
    AT + "down": ConnectFailed(),
}
STARTED_AT = datetime.now(UTC) - timedelta(seconds=60)


@dataclass
class FolderOfFakes(FakeStore):
    """A store with the attribute of `FileStore` that says whether the folder can store anything more."""

    fault: OSError | None = None


class Pauses(GroupPauses):
    """Pauses that take no time.

    Attributes:
        seconds: how long each was to take.
        after: called at the end of each.
    """

    def __init__(self) -> None:
        super().__init__(asyncio.Semaphore())
        self.seconds: list[float] = []
        self.after: Callable[[], object] = lambda: None

    async def wait(self, waits: Collection[OriginWait]) -> bool:
        self.seconds.append(longest(waits))
        self.after()
        return True


@dataclass
class Group:
    """A group of rows, and the fakes that it is ingested with."""

    downloader: FakeDownloader = field(default_factory=lambda: FakeDownloader(RESULTS))
    store: FolderOfFakes = field(default_factory=FolderOfFakes)
    pauses: Pauses = field(default_factory=Pauses)

    async def ingest(self, *documents: object, first_row: int = 1, max_base_images: int = 100) -> BatchReport:
        reasons, store = FailureReasons(self.pauses), cast("Any", self.store)
        service = IngestService(self.downloader, self.store, reasons, Limits(), "folder")
        groups = GroupService(service, store, "run-1", STARTED_AT, max_base_images, self.pauses)
        return await groups.ingest("0", first_row, [json.dumps(document).encode() for document in documents])

    @property
    def report(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.store.objects["runs/run-1/batches/0.json"])
        return found

    @property
    def table(self) -> list[dict[str, Any]]:
        return read_table(self.store.objects["runs/run-1/images/0.jsonl.gz"])

    @property
    def receipts(self) -> list[dict[str, Any]]:
        return [json.loads(body) for key, body in self.store.objects.items() if key.startswith("receipts/")]


def read_table(part: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in gzip.decompress(part).splitlines()]


def urls(*names: object) -> list[dict[str, Any]]:
    return [{"urls": [f"{AT}{name}"]} for name in names]


async def test_rows_of_one_image_are_joined_into_one_url_list() -> None:
    group = Group()
    counts = (await group.ingest(*urls(0, 1, 2, "gone"), first_row=41)).counts

    [receipt] = group.receipts
    assert [image["url"] for image in receipt["images"]] == [f"{AT}{name}" for name in (0, 1, 2, "gone")]
    assert counts.images == {"stored": 3, "failed": 1}
    assert counts.bytes == sum(len(RESULTS[AT + str(n)]) for n in range(3))
    assert [(row["row"], row["id"], row["index"]) for row in group.table] == [
        (41 + number, receipt["id"], number) for number in range(4)
    ]


@pytest.mark.parametrize(
    "alone",
    [
        {"id": "lot-7", "urls": [AT + "3"]},
        {"urls": [AT + "3", AT + "4"]},
        {"fileUrl": AT + "3", "baseUrls": [[AT + "4"], {"url": AT + "5"}]},
        {"urls": [AT + "3"], "refresh": True},
    ],
    ids=["id", "two images", "File", "refresh"],
)
@pytest.mark.parametrize("place", [0, 1, 2])
async def test_row_stays_alone(alone: dict[str, Any], place: int) -> None:
    group, documents = Group(), urls(0, 1)
    documents.insert(place, alone)
    await group.ingest(*documents)

    images = len(alone.get("urls", ["file", "base", "base"]))
    assert sorted(len(receipt["images"]) for receipt in group.receipts) == sorted([2, images])
    assert [row["row"] for row in group.table] == sorted([1, 2, 3, *[place + 1] * (images - 1)])


ROWS: list[object] = [
    *urls(0, "gone", 1),
    {"urls": [{"url": AT + "2", "sha256": "0" * 64}]},
    {"urls": [AT + "3"], "note": {"board": 7}},
    {"urls": [{"url": AT + "4", "note": {"side": "b"}}], "note": {"board": 8, "side": "a"}},
    {"id": "lot-7", "urls": [AT + "5"]},
    {"id": "lot-8", "fileUrl": AT + "6", "baseUrls": [[AT + "down"], [AT + "gone"]], "note": {"n": None}},
    {"url": AT + "7"},
    {"urls": []},
    {"fileUrl": 7},
    "text",
    7,
    {"urls": ["javascript:alert(1)"]},
    {"urls": [AT + "8?X-Amz-Signature=secret"]},
    {"urls": [AT + "down"], "intakeFailure": {"row": 9, "errors": []}},
    {"urls": [{"url": "http://[::1"}], "note": {"\\ud800": "\\ud800"}},
    {"index": 0, "item": {"urls": [AT + "1"]}},
]


def test_rows_have_the_report_and_the_table_of_a_bulk_run(monkeypatch: pytest.MonkeyPatch) -> None:
    group, run = Group(), {"run": "run-1", "startedAt": STARTED_AT.isoformat()}
    items = [{"index": number, "item": row} for number, row in enumerate(ROWS)]
    with install_fakes(monkeypatch) as fakes:
        fakes.downloader.results = RESULTS
        handler({"Items": items, "BatchInput": run, "batch": "b"}, Context(60.0))
        bulk = {key.split("/")[2]: body for key, body in fakes.store.objects.items() if key.startswith("runs/")}
    asyncio.run(group.ingest(*ROWS))

    expected = json.loads(bulk["batches"])
    expected["failed"].sort(key=lambda line: line["intakeFailure"]["row"])
    assert expected == group.report
    pairs = list(zip(read_table(bulk["images"]), group.table, strict=True))
    differing = {"id", "index", "elapsedMs"}  # a joined row has the receipt of its group, and its place there
    assert [drop(row, differing) for row, _ in pairs] == [drop(row, differing) for _, row in pairs]
    assert [row["row"] for row in group.table] == sorted([*range(1, len(ROWS) + 1), 8, 8])


def drop(row: dict[str, Any], names: set[str]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in names}


async def test_failures_have_the_order_of_the_list() -> None:
    group = Group()
    await group.ingest("text", *urls("gone", 0), {"id": "a", "urls": [AT + "gone"]}, {"urls": []}, *urls("down"))
    assert [line["intakeFailure"]["row"] for line in group.report["failed"]] == [1, 2, 4, 5, 6]


async def test_receipt_has_the_notes_of_joined_rows() -> None:
    group = Group()
    await group.ingest(*ROWS[4:6])
    [receipt] = group.receipts
    assert [image["note"] for image in receipt["images"]] == [{"board": 7}, {"board": 8, "side": "b"}]


@pytest.mark.parametrize("names", [(0, 0, 0), ("gone", "gone")])
async def test_url_of_several_rows_is_requested_once_and_reported_for_each(names: Sequence[object]) -> None:
    group = Group()
    await group.ingest(*urls(*names))
    assert dict(group.downloader.requests) == {f"{AT}{names[0]}": 1}
    assert len(group.table) == group.report["counts"]["files"] == len(names)


@pytest.mark.parametrize("prefix", ["receipts/", "runs/run-1/images/", "runs/run-1/batches/"])
async def test_group_has_no_report_when_a_document_cannot_be_stored(prefix: str) -> None:
    group = Group()
    group.store.failures[prefix] = StoreFailed()
    with pytest.raises(StoreFailed):
        await group.ingest(*urls(0, 1), {"id": "a", "urls": [AT + "2"]})
    assert "runs/run-1/batches/0.json" not in group.store.objects


@pytest.mark.parametrize("prefix", ["images/", "receipts/"])
async def test_group_has_no_report_when_the_folder_is_full(prefix: str) -> None:
    group = Group()
    group.store.fault = OSError(28, "No space left on device", "images/00/0.jpg")
    group.store.failures[prefix] = StoreFailed()
    with pytest.raises(StoreFailed) as raised:
        await group.ingest(*urls(0, 1))
    assert raised.value.reason == "images/00/0.jpg: No space left on device"
    assert not [key for key in group.store.objects if key.startswith("runs/")]


async def test_group_requests_only_what_is_not_final_when_it_is_ingested_again() -> None:
    group, documents = Group(), [*urls(0, 1, "gone", "down"), {"id": "a", "urls": [AT + "2", AT + "down"]}]
    await group.ingest(*documents)
    report, table = group.report, group.table
    group.downloader.requests.clear()
    await group.ingest(*documents)

    assert dict(group.downloader.requests) == {AT + "down": 2}
    assert report == group.report
    before, after = ([drop(row, {"attempts", "elapsedMs"}) for row in rows] for rows in (table, group.table))
    assert before == after


async def test_group_refuses_more_images_than_the_setting_allows() -> None:
    group = Group()
    await group.ingest({"urls": [AT + str(number) for number in range(4)]}, *urls(5, 6), max_base_images=2)
    assert group.report["counts"]["status"] == {"refused": 1, "stored": 2}
    assert [row["status"] for row in group.table] == ["refused", "stored", "stored"]


@pytest.mark.parametrize(
    ("path", "members"),
    [
        ("note", '"urls": ["https://a.example/0"], "note": {"x": [1e400]}'),
        ("urls[0].note", '"urls": [{"url": "https://a.example/0", "note": {"x": -1e999}}]'),
        ("id", '"urls": ["https://a.example/0"], "id": 1e309'),
        ("refresh", '"urls": ["https://a.example/0"], "refresh": -2E+400'),
    ],
)
async def test_row_that_is_refused_for_a_number_is_refused_when_it_is_sent_again(path: str, members: str) -> None:
    group, text = Group(), f"{{{members}}}"
    for _ in range(2):
        report = await group.ingest(json.loads(text))
        [line] = map(to_json_line, report.lines())
        text = json.dumps(BulkItem.read(read_document(line)).document)
        [table_row] = group.table
        read_document(group.store.objects["runs/run-1/batches/0.json"])

        assert (table_row["status"], table_row["message"].partition(":")[0]) == ("refused", path)
    assert group.downloader.requests == {}


async def test_group_waits_and_requests_again_what_an_origin_asked_to_wait_for() -> None:
    group = Group(FakeDownloader(RESULTS | {AT + "busy": Throttled(retry_after=7.0)}))
    group.pauses.after = lambda: group.downloader.results.update({AT + "busy": picture(9, 9, 9)})  # type: ignore[attr-defined]
    await group.ingest(*urls(0, "busy", "down"), {"id": "a", "urls": [AT + "1"]})

    assert group.pauses.seconds == [7.0]
    assert dict(group.downloader.requests) == {AT + "0": 1, AT + "busy": 2, AT + "down": 2, AT + "1": 1}
    assert [row["status"] for row in group.table] == ["stored", "stored", "failed", "stored"]
    assert group.report["counts"]["files"] == 4


@pytest.mark.parametrize(("seconds", "pauses"), [(7.0, 8), (50.0, 1), (60.0, 1), (61.0, 0), (900.0, 0)])
async def test_group_gives_up_when_waiting_brings_no_image(seconds: float, pauses: int) -> None:
    group = Group(FakeDownloader(RESULTS | {AT + "busy": Throttled(retry_after=seconds)}))
    await group.ingest(*urls(0, "busy"))

    assert len(group.pauses.seconds) == pauses
    assert [row["code"] for row in group.table] == [None, "throttled"]
    assert [line["intakeFailure"]["retryable"] for line in group.report["failed"]] == [True]


@pytest.mark.parametrize("is_lost", [False, True], ids=["image is there", "image is lost"])
async def test_stored_image_of_a_receipt_is_taken_over_only_when_it_is_there(*, is_lost: bool) -> None:
    group = Group()
    await group.ingest(*urls(0, 1))
    key = group.table[0]["key"]
    if is_lost:
        del group.store.objects[key]
    requested = group.downloader.requests.total()

    await group.ingest(*urls(0, 1))

    assert (group.downloader.requests.total() > requested) is is_lost
    assert key in group.store.objects
    assert [row["status"] for row in group.table] == ["stored", "stored"]
