"""Known documents over fakes: what an environment learns from others, and what goes wrong with documents."""

import asyncio
from datetime import UTC, datetime
from time import time
from typing import Any

import pytest

from intake.ingest.ports import DocumentFault, DocumentTooLarge, StoredDocument
from intake.model.error_codes import StoreDenied, StoreFailed
from intake.model.refresh import Refresh
from support.fake_environment import AT, KNOWN, ONE, THREE, TWO, Environment, make_origin, requests_of, sources
from support.fake_ports import FakeStore
from support.racing_store import RacingStore
from support.sample_images import picture

LONG_AGO = datetime(2026, 11, 1, tzinfo=UTC)


async def test_another_environment_learns_from_the_known_document() -> None:
    first = Environment(make_origin(one=ONE, two=TWO, three=THREE))
    await first.run("three", "one", "two")
    first.store.requests.clear()
    receipt = await first.another().run("three", "one", "two")
    assert sources(receipt) == ["unchanged reused"] * 3
    assert first.origin.plain_requests() == 3
    assert requests_of(first.store, "PUT") == 1
    assert requests_of(first.store, f"GET {KNOWN}") == 1
    assert requests_of(first.store, "HEAD images/") == 3


async def test_base_images_are_known_of_another_file_with_the_same_ones() -> None:
    first = Environment(make_origin(one=ONE, two=TWO, three=THREE, new=picture(7, 7, 7)))
    await first.run("three", "one", "two")
    other = first.another()
    assert sources(await other.run("new", "two", "one")) == ["fetched", "unchanged reused", "unchanged reused"]
    assert first.store.writes[KNOWN] == 1


async def test_document_has_no_url_as_text() -> None:
    environment = Environment(make_origin(one=ONE, two=TWO, three=THREE))
    await environment.run("three", "one", "two")
    assert b"example" not in environment.store.objects[KNOWN]


async def test_url_list_has_a_document_over_http_and_its_receipt_elsewhere() -> None:
    environment = Environment(make_origin(one=ONE))
    await environment.run("one", submitted_at=LONG_AGO)
    assert requests_of(environment.store, "GET known/") == requests_of(environment.store, "PUT known/") == 0
    receipt = await environment.another().run("one", submitted_at=datetime(2100, 1, 1, tzinfo=UTC))
    assert sources(receipt) == ["unchanged reused"]
    await environment.another().run("one")
    assert requests_of(environment.store, "PUT known/") == 1


@pytest.mark.parametrize("changes", [{"uses_known_documents": False}, {"refresh": Refresh.ALWAYS}])
async def test_receipt_serves_no_other_environment_when_nothing_is_shared(changes: dict[str, Any]) -> None:
    sharing = Environment(make_origin(one=ONE))
    await sharing.run("one", submitted_at=LONG_AGO)
    for environment in (sharing.another(**changes), sharing.another(**changes)):
        receipt = await environment.run("one", submitted_at=datetime(2100, 1, 1, tzinfo=UTC))
        assert sources(receipt) == ["fetched reused"]
        assert receipt.known is None
        assert b"known" not in environment.store.objects["receipts/lot-7.json"]


async def test_merged_receipt_serves_the_next_run_with_what_both_runs_know() -> None:
    other = Environment(make_origin(one=ONE))
    await other.run("three", "one", "two", submitted_at=LONG_AGO)
    store = RacingStore(objects=other.store.objects)
    store.written_by_others = [store.objects.pop("receipts/lot-7.json")]
    ours = Environment(make_origin(three=THREE, two=TWO), store)
    await ours.run("three", "one", "two", submitted_at=LONG_AGO)
    store.objects.pop(KNOWN)
    later = Environment(make_origin(one=ONE, two=TWO, three=THREE), store)
    receipt = await later.run("three", "one", "two", submitted_at=datetime(2100, 1, 1, tzinfo=UTC))
    assert sources(receipt) == ["unchanged reused"] * 3


class BrokenStore(FakeStore):
    """A bucket whose known documents are slow, denied or rubbish."""

    kind = "slow"

    async def get_document(self, key: str, *, retry: bool = True) -> StoredDocument | None:
        if not key.startswith("known/"):
            return await super().get_document(key, retry=retry)
        self.requests[f"GET {key}"] += 1
        match self.kind:
            case "slow":
                await asyncio.sleep(30)
            case "denied":
                raise StoreDenied(reason="S3 answered 403 AccessDenied")
            case "too large":
                raise DocumentTooLarge(reason="S3 answered 200 with more than 1048576 bytes")
            case "failed":
                raise StoreFailed(reason="S3 answered 503 SlowDown")
            case "rubbish":
                return StoredDocument(b'{"version": 1, "images": {"x": []}}', "1")
        return None


@pytest.mark.parametrize(
    ("kind", "reported", "writes"),
    [
        ("slow", (DocumentFault.SLOW, ""), 0),
        ("failed", (DocumentFault.FAILED, "S3 answered 503 SlowDown"), 0),
        ("too large", (DocumentFault.INVALID, "S3 answered 200 with more than 1048576 bytes"), 1),
        ("denied", (DocumentFault.DENIED, "S3 answered 403 AccessDenied"), 1),
        ("missing", (DocumentFault.MISSING, ""), 1),
        ("rubbish", (DocumentFault.INVALID, "expected a digest of 64 hex digits"), 1),
    ],
)
async def test_images_are_fetched_when_the_document_cannot_be_used(
    kind: str, reported: tuple[DocumentFault, str], writes: int
) -> None:
    store = BrokenStore()
    store.kind = kind
    environment = Environment(make_origin(one=ONE, two=TWO, three=THREE), store)
    assert sources(await environment.run("three", "one", "two")) == ["fetched"] * 3
    assert environment.observer.unread == [reported]
    assert store.writes[KNOWN] == writes


async def test_documents_are_left_alone_for_a_while_when_a_write_is_denied(monkeypatch: pytest.MonkeyPatch) -> None:
    environment = Environment(make_origin(one=ONE, two=TWO, three=THREE))
    environment.store.failures["known/"] = StoreDenied(reason="S3 answered 403 AccessDenied")
    await environment.run("three", "one", "two")
    calls = requests_of(environment.store, "GET known/") + requests_of(environment.store, "PUT known/")
    await environment.run("one", "two", "three")
    assert calls == 2 == requests_of(environment.store, "GET known/") + requests_of(environment.store, "PUT known/")
    environment.store.failures.clear()
    monkeypatch.setattr("intake.ingest.known_document_store.time", lambda: time() + 301)
    await environment.run("two", "one", "three")
    assert requests_of(environment.store, "PUT known/") == 2


async def test_images_do_not_wait_for_documents_after_eight_that_were_missing() -> None:
    environment = Environment(make_origin(one=ONE))
    environment.origin.results = {f"{AT}{number}": ONE for number in range(20)}
    for number in range(8):
        await environment.run(str(number))
    store = environment.store
    store.delay = 0.02
    loop = asyncio.get_running_loop()
    asked: list[bool] = []
    get_document = store.get_document

    async def watched(key: str, *, retry: bool = True) -> StoredDocument | None:
        document = await get_document(key, retry=retry)
        asked.append(bool(environment.origin.requests[f"{AT}9"]))
        return document

    store.get_document = watched  # type: ignore[method-assign]
    await environment.run("9")
    assert loop.is_running()
    assert asked == [True]  # the origin was asked before the document was there


async def test_documents_are_left_alone_when_they_are_off() -> None:
    environment = Environment(make_origin(one=ONE, two=TWO, three=THREE), uses_known_documents=False)
    await environment.run("three", "one", "two")
    assert requests_of(environment.store, "GET known/") == requests_of(environment.store, "PUT known/") == 0
    assert sources(await environment.run("three", "one", "two")) == ["unchanged reused"] * 3


async def test_cold_start_waits_for_no_document_and_writes_none_that_is_right() -> None:
    first = Environment(make_origin(one=ONE, two=TWO, three=THREE))
    await first.run("three", "one", "two")
    first.store.is_ready = False
    cold = first.another()
    assert sources(await cold.run("three", "one", "two")) == ["fetched reused"] * 3
    assert requests_of(first.store, f"GET {KNOWN}") == 2
    assert first.store.writes[KNOWN] == 1
    assert sources(await cold.run("three", "one", "two")) == ["unchanged reused"] * 3


async def test_two_environments_at_once_end_with_one_document() -> None:
    first = Environment(make_origin(one=ONE, two=TWO, three=THREE))
    second = first.another()
    await asyncio.gather(first.run("three", "one", "two"), second.run("three", "one", "two", id="lot-8"))
    assert sources(await first.another().run("three", "one", "two")) == ["unchanged reused"] * 3


async def test_nothing_is_lost_when_a_run_is_killed_between_store_and_memory() -> None:
    environment = Environment(make_origin(one=ONE, two=TWO, three=THREE))
    environment.store.failures["receipts/"] = asyncio.CancelledError()  # as if the function ended there
    environment.store.failures["known/"] = asyncio.CancelledError()
    with pytest.raises(asyncio.CancelledError):
        await environment.run("three", "one", "two")
    environment.store.failures.clear()
    assert len(environment.store.images) == 3
    assert sources(await environment.another().run("three", "one", "two")) == ["fetched reused"] * 3
    assert sources(await environment.another().run("three", "one", "two")) == ["unchanged reused"] * 3
