"""A hostile body holds no memory once it has failed, and blocks the event loop only briefly."""

import asyncio
import gc
import time
import weakref

import pytest

from intake.ingest.deadline import Deadline
from intake.ingest.download_port import Condition, Download
from intake.ingest.file_service import IngestService
from intake.model.error_codes import InvalidImage
from intake.model.file import File
from intake.model.limits import Limits
from intake.model.outcome import FetchStats
from intake.model.receipt import FailedEntry
from intake.model.url import Url
from support.fake_ports import FakeDownloader, FakeStore, RecordingObserver
from support.sample_images import picture

AT = "https://a.example/"


class WatchedBody(bytearray):
    """A body that a weak reference can watch."""


class WatchedDownloader(FakeDownloader):
    """Keeps a weak reference to every body."""

    def __init__(self, body: bytes) -> None:
        super().__init__()
        self._body = body
        self.bodies: list[weakref.ref[WatchedBody]] = []

    async def download(
        self, url: Url, stats: FetchStats, deadline: Deadline, condition: Condition | None = None, *, share: str = ""
    ) -> Download:
        del deadline, condition, share
        stats.attempts += 1
        body = WatchedBody(self._body)
        self.bodies.append(weakref.ref(body))
        return Download(memoryview(body), "0" * 64, url, held=self)


async def test_invalid_body_is_freed_while_other_images_continue() -> None:
    downloader, observer = WatchedDownloader(picture(8, 8, 1)[:-2]), RecordingObserver()
    service = IngestService(downloader, FakeStore(), observer, Limits(), "bucket")
    urls = [f"{AT}{number}" for number in range(20)]
    receipt = await service.ingest(File.parse({"urls": urls}), Deadline.after(60.0, 1.0))
    gc.collect()
    assert all(isinstance(entry, FailedEntry) and entry.error.code == "invalid_image" for entry in receipt.images)
    assert len(observer.outcomes) == 20  # the errors are still held
    assert [body() for body in downloader.bodies] == [None] * 20


async def ingest_bodies(monkeypatch: pytest.MonkeyPatch, slow: int) -> list[int]:
    """Ingest 20 bodies that arrive at the same time; return the turn of the event loop in which each is parsed.

    Args:
        monkeypatch: replaces the parser.
        slow: how many of them, from the first, take longer than parsing may without a pause.
    """
    turns = 0
    seen: list[int] = []

    def verify(*_: object) -> None:
        seen.append(turns)
        if len(seen) <= slow:
            time.sleep(0.011)
        raise InvalidImage

    async def tick() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    monkeypatch.setattr("intake.ingest.image_service.verify", verify)
    service = IngestService(WatchedDownloader(b"x"), FakeStore(), RecordingObserver(), Limits(), "bucket")
    ticking = asyncio.create_task(tick())
    await service.ingest(File.parse({"urls": [f"{AT}{number}" for number in range(20)]}), Deadline.after(60.0, 1.0))
    ticking.cancel()
    return seen


async def test_event_loop_runs_between_two_bodies_that_are_slow_to_parse(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(set(await ingest_bodies(monkeypatch, slow=20))) == 20


async def test_other_bodies_wait_only_once_when_one_was_slow_to_parse(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(set(await ingest_bodies(monkeypatch, slow=1))) < 10  # 2, unless the machine pauses this process
