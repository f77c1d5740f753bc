"""The use case over fakes: distinct URLs once, bounds, order, no failure another's, and always before the deadline."""

import asyncio
import hashlib
import json
from dataclasses import replace

import pytest

from intake.download.memory_budget import MemoryBudget
from intake.ingest.service import IngestService
from intake.model.errors import ConnectFailed, InternalError, StoreDenied, StoreFailed
from intake.model.file import File
from intake.model.limits import Limits
from intake.model.outcome import Failed
from intake.model.receipt import FailedEntry, Receipt, Status
from support.fakes import Delayed, FakeDownloader, FakeResult, FakeStore, RecordingObserver
from support.sample_images import picture

ONE, TWO = picture(4, 3, 1), picture(5, 4, 2)
AT = "https://a.example/"
PLENTY = 60.0
NEVER = float("inf")


def digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def key(body: bytes) -> str:
    return f"images/{digest(body)[:2]}/{digest(body)}.jpg"


def file(*names: str, **digests: str) -> File:
    """A File of `https://a.example/{name}`, each with the digest that is given for its name."""
    urls = [{"url": AT + name} | ({"sha256": digests[name]} if name in digests else {}) for name in names]
    return File.parse({"id": "lot-7", "urls": urls})


class World:
    """The service on fakes."""

    def __init__(self, answers: dict[str, FakeResult], limits: Limits | None = None) -> None:
        self.fetch = FakeDownloader({AT + name: answer for name, answer in answers.items()})
        self.store = FakeStore()
        self.report = RecordingObserver()
        self.intake = IngestService(self.fetch, self.store, self.report, limits or Limits(), "bucket")

    async def ingest(self, wanted: File, seconds: float = PLENTY) -> Receipt:
        return await self.intake.ingest(wanted, seconds)


def codes(receipt: Receipt) -> list[str]:
    return [entry.error.code if isinstance(entry, FailedEntry) else "stored" for entry in receipt.images]


async def test_every_image_is_stored_and_the_keys_come_in_the_order_of_the_request() -> None:
    world = World({"one": Delayed(0.02, ONE), "two": TWO})
    receipt = await world.ingest(file("one", "two"))
    assert [key(ONE), key(TWO)] == receipt.object_keys
    assert receipt.status is Status.STORED
    assert {key(ONE): ONE, key(TWO): TWO}.items() <= world.store.objects.items()


async def test_one_image_that_fails_is_null_and_the_others_are_stored() -> None:
    world = World({"one": ONE, "dead": ConnectFailed(), "two": TWO})
    receipt = await world.ingest(file("one", "dead", "gone", "two"))
    assert [key(ONE), None, None, key(TWO)] == receipt.object_keys
    assert codes(receipt) == ["stored", "connect_failed", "not_found", "stored"]
    assert receipt.status is Status.PARTIAL


async def test_a_file_without_a_single_image_is_failed() -> None:
    receipt = await World({}).ingest(file("gone"))
    assert receipt.status is Status.FAILED


async def test_the_same_url_is_fetched_once_and_counted_per_image() -> None:
    world = World({"one": ONE})
    receipt = await world.ingest(file("one", "one", "one#part"))
    assert world.fetch.requests[AT + "one"] == 1
    assert (receipt.counts.stored, receipt.counts.bytes) == (3, 3 * len(ONE))


async def test_bytes_that_are_in_the_bucket_are_reused() -> None:
    world = World({"one": ONE})
    await world.ingest(file("one"))
    receipt = await world.ingest(file("one"))
    assert (receipt.counts.stored, receipt.counts.reused) == (0, 1)
    assert world.store.writes[key(ONE)] == 1


async def test_each_expected_digest_of_one_url_is_judged_on_its_own() -> None:
    world = World({"one": ONE})
    urls = [
        {"url": AT + "one", "sha256": "0" * 64},
        {"url": AT + "one"},
        {"url": AT + "one", "sha256": digest(ONE).upper()},
    ]
    receipt = await world.ingest(File.parse({"urls": urls}))
    assert codes(receipt) == ["checksum_mismatch", "stored", "stored"]


async def test_bytes_that_nobody_expects_are_not_stored() -> None:
    world = World({"one": ONE})
    receipt = await world.ingest(file("one", one="0" * 64))
    assert codes(receipt) == ["checksum_mismatch"]
    assert [name for name in world.store.objects if name.startswith("images/")] == []


@pytest.mark.parametrize(
    ("body", "code"),
    [(ONE[:-2], "invalid_image"), (b"<html>this is not an image</html>", "unsupported_type")],
)
async def test_bytes_that_are_no_whole_image_are_not_stored(body: bytes, code: str) -> None:
    world = World({"bad": body})
    assert codes(await world.ingest(file("bad"))) == [code]
    assert [name for name in world.store.objects if name.startswith("images/")] == []


async def test_a_url_that_cannot_be_read_fails_alone_without_a_fetch() -> None:
    world = World({"one": ONE})
    receipt = await world.ingest(File.parse({"urls": ["not a url", "ftp://a.example/x", "", AT + "one"]}))
    assert codes(receipt) == ["invalid_url", "blocked", "invalid_url", "stored"]
    assert world.fetch.requests.total() == 1


async def test_a_bug_in_one_image_is_an_internal_error_with_its_traceback_and_no_one_elses() -> None:
    world = World({"one": ONE, "bug": ZeroDivisionError("oops")})
    assert codes(await world.ingest(file("bug", "one"))) == ["internal_error", "stored"]
    outcome = world.report.outcomes[0][2]
    assert isinstance(outcome, Failed)
    assert isinstance(outcome.error, InternalError)
    assert "ZeroDivisionError: oops" in outcome.error.trace


async def test_what_is_not_done_at_the_deadline_is_told_so_and_the_rest_is_stored() -> None:
    world = World({"one": ONE, "slow": Delayed(NEVER)}, Limits(deadline_margin=1.0))
    begin = asyncio.get_running_loop().time()
    receipt = await world.ingest(file("slow", "one"), seconds=1.3)
    assert codes(receipt) == ["deadline_exceeded", "stored"]
    assert asyncio.get_running_loop().time() - begin < 1.3
    assert receipt.images[0].attempts == 1


async def test_a_deadline_that_is_over_still_gets_an_answer() -> None:
    receipt = await World({"one": Delayed(0.01, ONE)}).ingest(file("one"), seconds=0.0)
    assert codes(receipt) == ["deadline_exceeded"]


async def test_no_task_is_left_after_the_deadline() -> None:
    before = asyncio.all_tasks()
    await World({"slow": Delayed(NEVER)}, Limits(deadline_margin=0.05)).ingest(file("slow"), seconds=0.1)
    assert asyncio.all_tasks() == before


async def test_no_more_images_are_at_work_at_once_than_allowed() -> None:
    names = [str(number) for number in range(12)]
    world = World({name: Delayed(0.005, ONE) for name in names}, Limits(max_in_flight=3))
    receipt = await world.ingest(file(*names))
    assert world.fetch.peak_active == 3
    assert receipt.status is Status.STORED


class Held:
    """Watches a budget: the most bytes that were given out at once."""

    def __init__(self, budget: MemoryBudget) -> None:
        self.now = self.most = 0
        self._take, self._give = budget.acquire, budget.release
        budget.acquire, budget.release = self.take, self.give  # type: ignore[method-assign]

    async def take(self, size: int, owner: str) -> None:
        await self._take(size, owner)
        self.now += size
        self.most = max(self.most, self.now)

    def give(self, size: int, owner: str) -> None:
        self.now -= size
        self._give(size, owner)


async def test_bodies_wait_for_room_in_the_memory_budget_and_none_fails() -> None:
    bodies = {str(seed): picture(8, 8, seed) for seed in range(10)}
    most = max(map(len, bodies.values()))
    world = World(dict(bodies), Limits(memory_budget_bytes=most))
    world.store.delay = 0.001
    held = Held(world.intake._budget)
    receipt = await world.ingest(file(*bodies))
    assert receipt.counts.stored == 10
    assert 0 < held.most <= most


async def test_an_image_that_ends_in_any_way_gives_its_room_and_its_turn_back() -> None:
    answers: dict[str, FakeResult] = {"one": ONE, "dead": ConnectFailed(), "cut": ONE[:-2], "slow": Delayed(NEVER)}
    world = World(answers | {"bug": ZeroDivisionError()}, Limits(max_in_flight=2, deadline_margin=0.1))
    await world.ingest(file(*answers, "bug"), seconds=0.3)
    assert world.intake._budget._free == world.intake._budget.size
    assert world.intake._turns._value == 2


async def test_the_receipt_is_stored_without_query_strings_and_answered_with_them() -> None:
    world = World({"one?X-Amz-Signature=secret": ONE})
    receipt = await world.ingest(file("one?X-Amz-Signature=secret"))
    stored = json.loads(world.store.objects["receipts/lot-7.json"])
    assert receipt.images[0].url == AT + "one?X-Amz-Signature=secret"
    assert stored["images"][0]["url"] == AT + "one"
    assert "secret" not in json.dumps(stored)


@pytest.mark.parametrize("error", [StoreFailed(), StoreDenied()])
async def test_a_receipt_that_cannot_be_stored_does_not_take_the_answer_away(error: Exception) -> None:
    world = World({"one": ONE})
    world.store.failures["receipts/"] = error
    receipt = await world.ingest(file("one"))
    assert receipt.receipt_key is None
    assert receipt.object_keys == [key(ONE)]
    assert world.report.receipts == [(replace_key(receipt), error)]


def replace_key(receipt: Receipt) -> Receipt:
    return receipt.model_copy(update={"receipt_key": "receipts/lot-7.json"})


async def test_a_receipt_that_takes_too_long_does_not_hold_the_answer() -> None:
    world = World({"one": ONE}, Limits(deadline_margin=1.0))
    world.store.delay = 60.0
    begin = asyncio.get_running_loop().time()
    receipt = await world.ingest(file("one"), seconds=1.1)
    assert receipt.receipt_key is None
    assert asyncio.get_running_loop().time() - begin < 1.1


@pytest.mark.parametrize(("error", "code"), [(StoreFailed(), "store_failed"), (StoreDenied(), "store_denied")])
async def test_a_store_that_refuses_an_image_is_its_reason(error: Exception, code: str) -> None:
    world = World({"one": ONE, "two": TWO})
    world.store.failures[key(ONE)] = error
    assert codes(await world.ingest(file("one", "two"))) == [code, "stored"]


async def test_every_image_and_the_file_are_reported_once_in_order() -> None:
    world = World({"one": ONE})
    wanted = file("one", "gone")
    receipt = await world.ingest(wanted)
    assert list(wanted.images) == [request for _, request, _ in world.report.outcomes]
    assert world.report.receipts == [(receipt, None)]


async def test_a_receipt_that_was_stored_can_be_read_and_one_that_was_not_is_none() -> None:
    world = World({"one": ONE})
    await world.ingest(replace(file("one"), id="lot-8"))
    assert await world.intake.read_receipt("lot-9") is None
    assert json.loads(await world.intake.read_receipt("lot-8") or b"")["id"] == "lot-8"


async def test_a_bug_while_the_receipt_is_stored_does_not_take_the_answer_away() -> None:
    world = World({"one": ONE})
    world.store.failures["receipts/"] = ZeroDivisionError("oops")
    receipt = await world.ingest(file("one"))
    assert (receipt.receipt_key, receipt.object_keys) == (None, [key(ONE)])
