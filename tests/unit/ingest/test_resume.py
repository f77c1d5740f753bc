"""A later run of the same File takes over what an earlier one has settled, and only that."""

import asyncio
from datetime import UTC, datetime, timedelta

from intake.ingest.service import IngestService
from intake.model.errors import ConnectFailed, NotFound, StoreDenied
from intake.model.file import File
from intake.model.limits import Limits
from intake.model.receipt import FailedEntry, Receipt
from support.fakes import FakeDownloader, FakeStore, RecordingObserver
from support.sample_images import picture

ONE, TWO = picture(4, 3, 1), picture(5, 4, 2)
AT = "https://a.example/"
FILE = File.parse({"id": "lot-7", "urls": [AT + "one", AT + "two", AT + "gone"]})
BEFORE = datetime.now(UTC) - timedelta(seconds=5)


class World:
    def __init__(self) -> None:
        self.fetch = FakeDownloader({AT + "one": ONE, AT + "two": ConnectFailed(), AT + "gone": NotFound()})
        self.store = FakeStore()
        self.intake = IngestService(self.fetch, self.store, RecordingObserver(), Limits(deadline_margin=0.1), "bucket")

    async def run(self, submitted_at: datetime | None = BEFORE, wanted: File = FILE) -> Receipt:
        self.fetch.requests.clear()
        return await self.intake.ingest(wanted, 60.0, submitted_at=submitted_at)

    def mend(self) -> None:
        self.fetch.results = dict(self.fetch.results) | {AT + "two": TWO}


def codes(receipt: Receipt) -> list[str]:
    return [entry.error.code if isinstance(entry, FailedEntry) else "stored" for entry in receipt.images]


async def test_only_what_may_succeed_later_is_asked_for_again() -> None:
    world = World()
    assert codes(await world.run()) == ["stored", "connect_failed", "not_found"]
    world.mend()
    receipt = await world.run()
    assert codes(receipt) == ["stored", "stored", "not_found"]
    assert world.fetch.requests == {AT + "two": 1}
    assert receipt.counts.bytes == len(ONE) + len(TWO)


async def test_a_settled_file_is_left_as_it_is_however_often_it_comes() -> None:
    world = World()
    world.mend()
    first = await world.run()
    writes = world.store.writes.copy()
    assert await world.run() == first
    assert not world.fetch.requests
    assert world.store.writes == writes


async def test_a_receipt_from_before_the_file_was_handed_over_settles_nothing() -> None:
    world = World()
    await world.run()
    await world.run(submitted_at=datetime.now(UTC) + timedelta(seconds=5))
    assert world.fetch.requests.total() == 3


async def test_without_a_time_nothing_is_taken_over() -> None:
    world = World()
    await world.run()
    await world.run(submitted_at=None)
    assert world.fetch.requests.total() == 3


async def test_a_receipt_of_other_urls_with_the_same_id_settles_nothing() -> None:
    world = World()
    await world.run()
    await world.run(wanted=File.parse({"id": "lot-7", "urls": [AT + "one"]}))
    assert world.fetch.requests == {AT + "one": 1}


async def test_what_cannot_be_read_as_a_receipt_settles_nothing() -> None:
    world = World()
    world.store.objects["receipts/lot-7.json"] = b'{"title": "no receipt"}'
    await world.run()
    assert world.fetch.requests.total() == 3


async def test_an_image_is_fetched_again_when_other_bytes_are_expected_now() -> None:
    world = World()
    world.mend()
    await world.run()
    urls = [{"url": AT + "one", "sha256": "0" * 64}, AT + "two", AT + "gone"]
    receipt = await world.run(wanted=File.parse({"id": "lot-7", "urls": urls}))
    assert codes(receipt) == ["checksum_mismatch", "stored", "not_found"]
    assert world.fetch.requests == {AT + "one": 1}


async def test_what_was_expected_wrongly_is_fetched_again_when_it_is_expected_rightly() -> None:
    world = World()
    await world.run(wanted=File.parse({"id": "lot-7", "urls": [{"url": AT + "one", "sha256": "0" * 64}]}))
    receipt = await world.run(wanted=File.parse({"id": "lot-7", "urls": [AT + "one"]}))
    assert codes(receipt) == ["stored"]


async def test_what_the_store_refused_is_tried_again() -> None:
    world = World()
    world.store.failures["images/"] = StoreDenied()
    assert codes(await world.run())[0] == "store_denied"
    world.store.failures.clear()
    assert codes(await world.run())[0] == "stored"


async def test_a_store_that_does_not_say_what_was_done_costs_no_more_than_the_time_that_there_is() -> None:
    world = World()
    world.store.delay = 60.0
    begin = asyncio.get_running_loop().time()
    await world.intake.ingest(FILE, 0.3, submitted_at=BEFORE)
    assert asyncio.get_running_loop().time() - begin < 10.0


async def test_a_bug_while_the_earlier_receipt_is_read_settles_nothing() -> None:
    world = World()
    await world.run()
    world.store.failures["receipts/"] = ZeroDivisionError("oops")
    await world.run()
    assert world.fetch.requests.total() == 3
