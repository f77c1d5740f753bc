"""Two runs of one File at the same moment: whichever ends last, what either has stored is in the receipt."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from intake.ingest.ports import StoredDocument
from intake.ingest.service import IngestService
from intake.model.errors import ConnectFailed, NotFound, StoreFailed, Timeout
from intake.model.file import File
from intake.model.limits import Limits
from intake.model.receipt import FailedEntry, Receipt
from support.fakes import Delayed, FakeDownloader, FakeResult, FakeStore, RecordingObserver
from support.sample_images import picture

ONE, TWO = picture(4, 3, 1), picture(5, 4, 2)
AT = "https://a.example/"
KEY = "receipts/lot-7.json"
FILE = File.parse({"id": "lot-7", "urls": [AT + "one", AT + "two"]})
SINCE = datetime.now(UTC) - timedelta(seconds=5)
TROUBLE = ConnectFailed()


@dataclass
class CountingStore(FakeStore):
    """Counts what is asked of the place of the receipt, and lets another run come in before a write.

    Attributes:
        calls: how often each method was called for a document.
        between: what is put there by others before our writes, one for each.
        loses_answers: whether a write that was done is told as one that was not.
        silent: how many of the next reads fail.
    """

    calls: Counter[str] = field(default_factory=Counter)
    between: list[bytes] = field(default_factory=list)
    loses_answers: bool = False
    silent: int = 0

    async def get_document(self, key: str) -> StoredDocument | None:
        self.calls["get"] += 1
        if self.silent:
            self.silent -= 1
            raise StoreFailed
        return await super().get_document(key)

    async def put_document(self, key: str, document: bytes) -> None:
        self.calls["put"] += 1
        await super().put_document(key, document)

    async def replace_document(self, key: str, document: bytes, version: str | None) -> bool:
        self.calls["replace"] += 1
        if self.between:
            self.objects[key] = self.between.pop(0)
        done = await super().replace_document(key, document, version)
        return done and not self.loses_answers


class World:
    def __init__(self) -> None:
        self.store = CountingStore()
        self.report = RecordingObserver()

    async def run(
        self,
        one: FakeResult,
        two: FakeResult,
        *,
        submitted_at: datetime | None = SINCE,
        wanted: File = FILE,
        seconds: float = 60.0,
    ) -> Receipt:
        fetch = FakeDownloader({AT + "one": one, AT + "two": two})
        intake = IngestService(fetch, self.store, self.report, Limits(deadline_margin=0.5), "bucket")
        return await intake.ingest(wanted, seconds, submitted_at=submitted_at)

    async def left_by(self, one: FakeResult, two: FakeResult, *, wanted: File = FILE) -> bytes:
        """What a run leaves that has the bucket to itself."""
        other = World()
        await other.run(one, two, wanted=wanted)
        return other.store.objects[KEY]

    def kept(self) -> Receipt:
        return Receipt.model_validate_json(self.store.objects[KEY])


def codes(receipt: Receipt) -> list[str]:
    return [entry.error.code if isinstance(entry, FailedEntry) else "stored" for entry in receipt.images]


async def test_a_run_that_nobody_disturbs_asks_for_the_receipt_once_and_writes_it_once() -> None:
    world = World()
    await world.run(ONE, TROUBLE)
    assert world.store.calls == {"get": 1, "replace": 1}
    await world.run(ONE, TWO)
    assert world.store.calls == {"get": 2, "replace": 2}
    assert codes(world.kept()) == ["stored", "stored"]


@pytest.mark.parametrize(
    ("expected", "ours", "theirs"),
    [
        (["stored", "stored"], (TROUBLE, TROUBLE), (ONE, TWO)),
        (["stored", "stored"], (ONE, TWO), (TROUBLE, TROUBLE)),
        (["stored", "stored"], (ONE, TROUBLE), (TROUBLE, TWO)),
        (["stored", "not_found"], (ONE, TROUBLE), (TROUBLE, NotFound("The origin answered 404."))),
        (["stored", "not_found"], (TROUBLE, NotFound("The origin answered 404.")), (ONE, TROUBLE)),
        (["connect_failed", "stored"], (TROUBLE, TROUBLE), (Timeout(), TWO)),
    ],
)
async def test_whoever_writes_last_takes_over_what_the_other_has_kept_meanwhile(
    expected: list[str], ours: tuple[FakeResult, FakeResult], theirs: tuple[FakeResult, FakeResult]
) -> None:
    world = World()
    world.store.between = [await world.left_by(*theirs)]
    answer = await world.run(*ours)
    assert expected == codes(world.kept())
    assert expected == codes(answer)
    assert [(answer, None)] == world.report.receipts


@pytest.mark.parametrize("failing_first", [True, False])
async def test_a_run_that_fails_never_replaces_what_another_has_stored(*, failing_first: bool) -> None:
    """Both begin before either has written."""
    world = World()
    quick, slow = (TROUBLE, ONE) if failing_first else (ONE, TROUBLE)
    later, earlier = await asyncio.gather(world.run(Delayed(0.05, slow), TWO), world.run(Delayed(0.01, quick), TWO))
    assert codes(world.kept()) == ["stored", "stored"]
    assert codes(later) == ["stored", "stored"]
    assert ["connect_failed" if failing_first else "stored", "stored"] == codes(earlier)


async def test_nothing_is_written_where_the_other_run_has_said_it_all() -> None:
    world = World()
    theirs = await world.left_by(ONE, TROUBLE)
    world.store.between = [theirs]
    await world.run(ONE, TROUBLE)
    assert theirs == world.store.objects[KEY]
    assert world.store.writes[KEY] == 0


async def test_a_third_run_between_the_two_is_joined_as_well() -> None:
    world = World()
    world.store.between = [await world.left_by(TROUBLE, TROUBLE), await world.left_by(TROUBLE, TWO)]
    await world.run(ONE, Timeout())
    assert codes(world.kept()) == ["stored", "stored"]


async def test_a_write_whose_answer_was_lost_is_known_for_our_own() -> None:
    world = World()
    world.store.loses_answers = True
    receipt = await world.run(ONE, TWO)
    assert (receipt.receipt_key, world.store.writes[KEY]) == (KEY, 1)


@pytest.mark.parametrize("other", [b'{"title": "no receipt"}', b"", None])
async def test_what_is_no_receipt_of_this_file_gives_way_to_ours(other: bytes | None) -> None:
    world = World()
    one = File.parse({"id": "lot-7", "urls": [AT + "one"]})
    world.store.between = [await world.left_by(ONE, TWO, wanted=one) if other is None else other]
    await world.run(TROUBLE, TWO)
    assert codes(world.kept()) == ["connect_failed", "stored"]


async def test_a_receipt_that_could_not_be_read_before_is_not_written_over_unread() -> None:
    world = World()
    await world.run(ONE, TWO)
    world.store.silent = 1
    receipt = await world.run(TROUBLE, TROUBLE)
    assert codes(receipt) == ["stored", "stored"]
    assert world.store.writes[KEY] == 1


async def test_a_receipt_that_others_never_stop_writing_is_not_stored_and_its_file_not_settled() -> None:
    world = World()
    other = File.parse({"id": "lot-7", "urls": [AT + "one"]})
    left = await world.left_by(ONE, TWO, wanted=other)
    world.store.between = [left + b" " * number for number in range(100)]
    receipt = await world.run(ONE, TWO)
    [(_, error)] = world.report.receipts
    assert (receipt.receipt_key, error and error.code) == (None, "store_failed")
    assert world.store.calls["replace"] < 10


async def test_joining_ends_with_the_time() -> None:
    world = World()
    world.store.between = [await world.left_by(ONE, TROUBLE)]
    world.store.delay = 0.4
    receipt = await world.run(TROUBLE, TWO, seconds=1.0)
    assert receipt.receipt_key is None


async def test_without_a_time_the_later_receipt_stands_whatever_it_says() -> None:
    world = World()
    await world.run(ONE, TWO, submitted_at=None)
    await world.run(TROUBLE, TROUBLE, submitted_at=None)
    assert codes(world.kept()) == ["connect_failed", "connect_failed"]
    assert world.store.calls == {"put": 2}
