"""A later run of the same File takes over what an earlier one has settled, and only that."""

from datetime import UTC, datetime, timedelta

from fakes import FakeFetch, FakeStore, RecordingReport
from intake.domain.errors import ConnectFailed, NotFound
from intake.domain.file import File
from intake.domain.limits import Limits
from intake.domain.receipt import FailedEntry, Receipt
from intake.service import Intake
from samples import picture

ONE, TWO = picture(4, 3, 1), picture(5, 4, 2)
AT = "https://a.example/"
FILE = File.parse({"id": "lot-7", "urls": [AT + "one", AT + "two", AT + "gone"]})
BEFORE = datetime.now(UTC) - timedelta(seconds=5)


class World:
    def __init__(self) -> None:
        self.fetch = FakeFetch({AT + "one": ONE, AT + "two": ConnectFailed(), AT + "gone": NotFound()})
        self.store = FakeStore()
        self.intake = Intake(self.fetch, self.store, RecordingReport(), Limits(), "bucket")

    async def run(self, since: datetime | None = BEFORE, wanted: File = FILE) -> Receipt:
        self.fetch.asked.clear()
        return await self.intake.take_in(wanted, 60.0, since=since)

    def mend(self) -> None:
        self.fetch.answers = dict(self.fetch.answers) | {AT + "two": TWO}


def codes(receipt: Receipt) -> list[str]:
    return [entry.error.code if isinstance(entry, FailedEntry) else "stored" for entry in receipt.images]


async def test_only_what_may_succeed_later_is_asked_for_again() -> None:
    world = World()
    assert codes(await world.run()) == ["stored", "connect_failed", "not_found"]
    world.mend()
    receipt = await world.run()
    assert codes(receipt) == ["stored", "stored", "not_found"]
    assert world.fetch.asked == {AT + "two": 1}
    assert receipt.counts.bytes == len(ONE) + len(TWO)


async def test_a_settled_file_is_left_as_it_is_however_often_it_comes() -> None:
    world = World()
    world.mend()
    first = await world.run()
    writes = world.store.writes.copy()
    assert await world.run() == first
    assert not world.fetch.asked
    assert world.store.writes == writes


async def test_a_receipt_from_before_the_file_was_handed_over_settles_nothing() -> None:
    world = World()
    await world.run()
    await world.run(since=datetime.now(UTC) + timedelta(seconds=5))
    assert world.fetch.asked.total() == 3


async def test_without_a_time_nothing_is_taken_over() -> None:
    world = World()
    await world.run()
    await world.run(since=None)
    assert world.fetch.asked.total() == 3


async def test_a_receipt_of_other_urls_with_the_same_id_settles_nothing() -> None:
    world = World()
    await world.run()
    await world.run(wanted=File.parse({"id": "lot-7", "urls": [AT + "one"]}))
    assert world.fetch.asked == {AT + "one": 1}


async def test_what_cannot_be_read_as_a_receipt_settles_nothing() -> None:
    world = World()
    world.store.objects["receipts/lot-7.json"] = b'{"title": "no receipt"}'
    await world.run()
    assert world.fetch.asked.total() == 3


async def test_an_image_that_was_taken_over_is_judged_by_the_digest_that_is_expected_now() -> None:
    world = World()
    await world.run()
    urls = [{"url": AT + "one", "sha256": "0" * 64}, AT + "two", AT + "gone"]
    receipt = await world.run(wanted=File.parse({"id": "lot-7", "urls": urls}))
    assert codes(receipt) == ["checksum_mismatch", "connect_failed", "not_found"]
