"""Runs of one File, one after the other or at the same time: what one has stored, no other loses or repeats.

Which entries are reused and how receipts are merged: tests/unit/model/test_receipt_merge.py.
"""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from intake.ingest.deadline import Deadline
from intake.ingest.file_service import IngestService
from intake.model.error_codes import ConnectFailed, NotFound, StoreDenied, Timeout
from intake.model.file import File
from intake.model.limits import Limits
from intake.model.receipt import FailedEntry, Receipt
from support.fake_ports import Delayed, FakeDownloader, FakeResult, RecordingObserver
from support.racing_store import RacingStore
from support.sample_images import picture

ONE, TWO = picture(4, 3, 1), picture(5, 4, 2)
AT = "https://a.example/"
KEY = "receipts/lot-7.json"
FILE = File.parse({"id": "lot-7", "urls": [AT + "one", AT + "two"]})
ONE_URL = File.parse({"id": "lot-7", "urls": [AT + "one"]})
SUBMITTED_AT = datetime.now(UTC) - timedelta(seconds=5)
DOWN = ConnectFailed()


class Runs:
    """Runs of one File, each with its own downloads, on one store."""

    def __init__(self) -> None:
        self.store = RacingStore()
        self.observer = RecordingObserver()
        self.asked: Counter[str] = Counter()

    async def run(
        self,
        one: FakeResult = ONE,
        two: FakeResult = TWO,
        *,
        submitted_at: datetime | None = SUBMITTED_AT,
        file: File = FILE,
        seconds: float = 60.0,
    ) -> Receipt:
        downloader = FakeDownloader({AT + "one": one, AT + "two": two})
        service = IngestService(downloader, self.store, self.observer, Limits(), "bucket")
        receipt = await service.ingest(file, Deadline.after(seconds, 0.5), submitted_at=submitted_at)
        self.asked = downloader.requests
        return receipt

    def stored(self) -> Receipt:
        return Receipt.model_validate_json(self.store.objects[KEY])


async def receipt_of_another_run(one: FakeResult, two: FakeResult, *, file: File = FILE) -> bytes:
    """Return the receipt that a run with a store of its own writes."""
    other = Runs()
    await other.run(one, two, file=file)
    return other.store.objects[KEY]


def codes(receipt: Receipt) -> list[str]:
    return [entry.error.code if isinstance(entry, FailedEntry) else "stored" for entry in receipt.images]


async def test_undisturbed_run_reads_the_receipt_once_and_writes_it_once() -> None:
    runs = Runs()
    await runs.run(ONE, DOWN)
    assert runs.store.calls == {"get": 1, "replace": 1}


async def test_later_run_requests_only_what_may_succeed_now() -> None:
    runs = Runs()
    assert codes(await runs.run(ONE, DOWN)) == ["stored", "connect_failed"]
    receipt = await runs.run()
    assert codes(receipt) == ["stored", "stored"]
    assert runs.asked == {AT + "two": 1}
    assert receipt.counts.bytes == len(ONE) + len(TWO)


async def test_later_run_of_a_final_receipt_requests_and_writes_nothing() -> None:
    runs = Runs()
    first = await runs.run(ONE, NotFound())
    writes = runs.store.writes.copy()
    assert await runs.run() == first
    assert (runs.asked, runs.store.writes) == ({}, writes)


def noted(name: str) -> File:
    """The File, with notes that name it."""
    urls = [AT + "one", {"url": AT + "two", "note": {"image": name}}]
    return File.parse({"id": "lot-7", "urls": urls, "note": {"file": name}})


def notes_of(receipt: Receipt) -> list[object]:
    return [receipt.note, *(image.note for image in receipt.images)]


@pytest.mark.parametrize("two", [TWO, DOWN, NotFound()])
async def test_later_run_with_other_notes_writes_them_and_requests_nothing_final(two: FakeResult) -> None:
    """Rows of a list may have the same URLs and differ in their notes. The later receipt stands."""
    runs = Runs()
    await runs.run(ONE, two, file=noted("first"))
    receipt = await runs.run(ONE, two, file=noted("second"))
    assert notes_of(receipt) == notes_of(runs.stored()) == [{"file": "second"}, None, {"image": "second"}]
    assert runs.asked == ({AT + "two": 1} if two is DOWN else {})
    assert notes_of(await runs.run(ONE, two)) == notes_of(runs.stored()) == [None, None, None]


async def test_later_run_with_the_same_notes_writes_nothing() -> None:
    runs = Runs()
    first = await runs.run(file=noted("first"))
    writes = runs.store.writes.copy()
    assert (await runs.run(file=noted("first")), runs.store.writes) == (first, writes)


@pytest.mark.parametrize("theirs", [(ONE, TWO), (DOWN, TWO)])
async def test_run_that_writes_last_keeps_its_notes(theirs: tuple[FakeResult, FakeResult]) -> None:
    runs = Runs()
    runs.store.written_by_others = [await receipt_of_another_run(*theirs, file=noted("theirs"))]
    receipt = await runs.run(file=noted("ours"))
    assert notes_of(receipt) == notes_of(runs.stored()) == [{"file": "ours"}, None, {"image": "ours"}]


async def test_run_returns_its_notes_when_the_receipt_of_a_later_run_stands() -> None:
    runs = Runs()
    runs.store.written_by_others = [
        await receipt_of_another_run(ONE, DOWN, file=noted("earlier")),
        await receipt_of_another_run(ONE, TWO, file=noted("later")),
    ]
    receipt = await runs.run(file=noted("ours"))
    assert notes_of(receipt) == [{"file": "ours"}, None, {"image": "ours"}]
    assert notes_of(runs.stored()) == [{"file": "later"}, None, {"image": "later"}]


@pytest.mark.parametrize("submitted_at", [None, datetime.now(UTC) + timedelta(days=1)])
async def test_run_reuses_nothing_from_before_its_submission(submitted_at: datetime | None) -> None:
    runs = Runs()
    await runs.run()
    await runs.run(submitted_at=submitted_at)
    assert runs.asked.total() == 2


async def test_run_reuses_nothing_from_a_receipt_of_other_urls() -> None:
    runs = Runs()
    await runs.run()
    await runs.run(file=ONE_URL)
    assert runs.asked == {AT + "one": 1}


async def test_run_downloads_again_what_is_expected_to_have_other_bytes() -> None:
    runs = Runs()
    await runs.run()
    urls = [{"url": AT + "one", "sha256": "0" * 64}, AT + "two"]
    receipt = await runs.run(file=File.parse({"id": "lot-7", "urls": urls}))
    assert codes(receipt) == ["checksum_mismatch", "stored"]
    assert runs.asked == {AT + "one": 1}


async def test_run_tries_again_what_the_store_denied() -> None:
    runs = Runs()
    runs.store.failures["images/"] = StoreDenied()
    assert codes(await runs.run()) == ["store_denied", "store_denied"]
    runs.store.failures.clear()
    assert codes(await runs.run()) == ["stored", "stored"]


@pytest.mark.parametrize("document", [b'{"title": "no receipt"}', b""])
async def test_run_ingests_everything_where_no_receipt_is_stored(document: bytes) -> None:
    runs = Runs()
    runs.store.objects[KEY] = document
    await runs.run()
    assert runs.asked.total() == 2


async def test_run_ingests_everything_where_reading_the_receipt_raises() -> None:
    runs = Runs()
    await runs.run()
    runs.store.failures["receipts/"] = ZeroDivisionError("oops")
    await runs.run()
    assert runs.asked.total() == 2


async def test_store_that_does_not_answer_costs_no_more_than_the_deadline() -> None:
    runs = Runs()
    runs.store.delay = 60.0
    started_at = asyncio.get_running_loop().time()
    await runs.run(seconds=0.3)
    assert asyncio.get_running_loop().time() - started_at < 10.0


@pytest.mark.parametrize(("ours", "theirs"), [((ONE, DOWN), (DOWN, TWO)), ((DOWN, DOWN), (ONE, TWO))])
async def test_run_that_writes_last_merges_what_another_has_stored(
    ours: tuple[FakeResult, FakeResult], theirs: tuple[FakeResult, FakeResult]
) -> None:
    runs = Runs()
    runs.store.written_by_others = [await receipt_of_another_run(*theirs)]
    receipt = await runs.run(*ours)
    assert codes(runs.stored()) == codes(receipt) == ["stored", "stored"]
    assert runs.observer.receipts == [(receipt, None)]


@pytest.mark.parametrize("failing_first", [True, False])
async def test_failing_run_never_replaces_what_a_concurrent_one_stores(*, failing_first: bool) -> None:
    runs = Runs()
    quick, slow = (DOWN, ONE) if failing_first else (ONE, DOWN)
    later, earlier = await asyncio.gather(runs.run(Delayed(0.05, slow), TWO), runs.run(Delayed(0.01, quick), TWO))
    assert codes(runs.stored()) == codes(later) == ["stored", "stored"]
    assert codes(earlier) == ["connect_failed" if failing_first else "stored", "stored"]


async def test_run_writes_nothing_where_the_other_receipt_has_everything() -> None:
    runs = Runs()
    theirs = await receipt_of_another_run(ONE, DOWN)
    runs.store.written_by_others = [theirs]
    await runs.run(ONE, DOWN)
    assert runs.store.objects[KEY] == theirs
    assert runs.store.writes[KEY] == 0


async def test_run_merges_every_receipt_that_is_written_meanwhile() -> None:
    runs = Runs()
    runs.store.written_by_others = [await receipt_of_another_run(DOWN, DOWN), await receipt_of_another_run(DOWN, TWO)]
    await runs.run(ONE, Timeout())
    assert codes(runs.stored()) == ["stored", "stored"]


async def test_run_recognizes_its_own_receipt_when_the_response_to_its_write_was_lost() -> None:
    runs = Runs()
    runs.store.loses_responses = True
    receipt = await runs.run()
    assert (receipt.receipt_key, runs.store.writes[KEY]) == (KEY, 1)


@pytest.mark.parametrize("other", [b'{"title": "no receipt"}', b"", None])
async def test_run_replaces_a_document_that_is_no_receipt_of_its_file(other: bytes | None) -> None:
    runs = Runs()
    of_other_urls = await receipt_of_another_run(ONE, TWO, file=ONE_URL)
    runs.store.written_by_others = [of_other_urls if other is None else other]
    await runs.run(DOWN, TWO)
    assert codes(runs.stored()) == ["connect_failed", "stored"]


async def test_run_does_not_overwrite_a_receipt_that_it_could_not_read() -> None:
    runs = Runs()
    await runs.run()
    runs.store.failing_reads = 1
    assert codes(await runs.run(DOWN, DOWN)) == ["stored", "stored"]
    assert runs.store.writes[KEY] == 1


@pytest.mark.parametrize("ours", [(ONE, TWO), (DOWN, NotFound()), (DOWN, DOWN)])
async def test_run_lets_the_later_receipt_of_another_file_stand(ours: tuple[FakeResult, FakeResult]) -> None:
    """Files may share an id. What was written while our run went on is earlier than our receipt."""
    runs = Runs()
    other = await receipt_of_another_run(ONE, TWO, file=ONE_URL)
    runs.store.written_by_others = [other + b" " * number for number in range(100)]
    receipt = await runs.run(*ours)
    assert runs.observer.receipts == [(receipt, None)]
    assert codes(receipt) == codes(await Runs().run(*ours))
    assert runs.store.calls["replace"] == 2


async def test_run_gives_up_a_receipt_that_can_never_be_written() -> None:
    runs = Runs()
    runs.store.refuses_writes = True
    receipt = await runs.run()
    [(_, error)] = runs.observer.receipts
    assert (receipt.receipt_key, error and error.code) == (None, "store_failed")
    assert runs.store.calls["replace"] <= 12


async def test_merging_ends_at_the_deadline() -> None:
    runs = Runs()
    runs.store.written_by_others = [await receipt_of_another_run(ONE, DOWN)]
    runs.store.delay = 0.4
    receipt = await runs.run(DOWN, TWO, seconds=1.0)
    assert receipt.receipt_key is None


async def test_last_receipt_stays_where_no_submission_time_is_given() -> None:
    runs = Runs()
    await runs.run(submitted_at=None)
    await runs.run(DOWN, DOWN, submitted_at=None)
    assert codes(runs.stored()) == ["connect_failed", "connect_failed"]
    assert runs.store.calls == {"put": 2, "get": 2}  # gets: of the known document
