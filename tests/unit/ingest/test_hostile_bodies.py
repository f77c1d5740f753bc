"""What a hostile body may cost the others: no memory once it has failed, and no more than one turn of the loop."""

import asyncio
import gc
import time
import weakref

import pytest

from intake.download.memory_budget import Reservation
from intake.ingest.ports import Download
from intake.ingest.service import IngestService
from intake.model.errors import InvalidImage
from intake.model.file import File
from intake.model.limits import Limits
from intake.model.outcome import FetchStats
from intake.model.receipt import FailedEntry
from intake.model.url import Url
from support.fakes import FakeDownloader, FakeStore, RecordingObserver
from support.sample_images import picture

AT = "https://a.example/"


class Bytes(bytearray):
    """A body that can be watched."""


class WatchedFetch(FakeDownloader):
    """Remembers every body without holding it."""

    def __init__(self, body: bytes) -> None:
        super().__init__()
        self._body = body
        self.bodies: list[weakref.ref[Bytes]] = []

    async def fetch(self, url: Url, reservation: Reservation, effort: FetchStats, end: float = 0.0) -> Download:
        del end
        effort.attempts += 1
        await reservation.acquire_slot()
        body = Bytes(self._body)
        self.bodies.append(weakref.ref(body))
        await reservation.reserve(len(body), url.host)
        return Download(memoryview(body), "0" * 64, url)


async def test_a_body_that_failed_is_let_go_while_its_neighbours_go_on() -> None:
    fetch, report = WatchedFetch(picture(8, 8, 1)[:-2]), RecordingObserver()
    intake = IngestService(fetch, FakeStore(), report, Limits(), "bucket")
    urls = [f"{AT}{number}" for number in range(20)]
    receipt = await intake.ingest(File.parse({"urls": urls}), 60.0)
    gc.collect()
    assert all(isinstance(entry, FailedEntry) and entry.error.code == "invalid_image" for entry in receipt.images)
    assert len(report.outcomes) == 20  # the errors are still held
    assert [body() for body in fetch.bodies] == [None] * 20


async def test_the_loop_comes_round_between_two_bodies_however_long_they_take(monkeypatch: pytest.MonkeyPatch) -> None:
    """All bodies are there at the same time; the turns of another task are counted against theirs."""
    turns = 0
    seen: list[int] = []

    def walk(*_: object) -> None:
        seen.append(turns)
        time.sleep(0.011)  # more than may be walked in one turn
        raise InvalidImage

    async def tick() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    monkeypatch.setattr("intake.ingest.service.verify", walk)
    intake = IngestService(WatchedFetch(b"x"), FakeStore(), RecordingObserver(), Limits(), "bucket")
    ticking = asyncio.create_task(tick())
    await intake.ingest(File.parse({"urls": [f"{AT}{number}" for number in range(20)]}), 60.0)
    ticking.cancel()
    assert len(set(seen)) == 20
