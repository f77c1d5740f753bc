"""Downloads that end early: which of them, and how."""

import asyncio
from typing import cast

import pytest
from infra.run.interruptible_downloader import InterruptibleDownloader

from intake.ingest.deadline import Deadline
from intake.ingest.download_port import Condition, Download
from intake.model.error_codes import DeadlineExceeded
from intake.model.outcome import FetchStats
from intake.model.url import Url
from support.fake_ports import FakeDownloader

URL = Url.parse("https://a.example/x.jpg")
NO_DEADLINE = Deadline(float("inf"))


class Slow(FakeDownloader):
    """Images that are requested end when `is_done` is set; the others wait for ever."""

    def __init__(self) -> None:
        super().__init__({})
        self.is_done = asyncio.Event()

    async def download(
        self,
        url: Url,
        stats: FetchStats,
        deadline: Deadline,
        condition: Condition | None = None,
        *,
        share: str = "",
    ) -> Download:
        del url, deadline, condition, share
        await (self.is_done if stats.attempts else asyncio.Event()).wait()
        return cast("Download", "downloaded")


@pytest.fixture
async def slow() -> Slow:
    return Slow()


async def start(downloader: InterruptibleDownloader, attempts: int) -> "asyncio.Task[object]":
    task: asyncio.Task[object] = asyncio.create_task(
        downloader.download(URL, FetchStats(attempts=attempts), NO_DEADLINE)
    )
    await asyncio.sleep(0)
    return task


async def test_stop_ends_images_that_wait_and_lets_requested_ones_end(slow: Slow) -> None:
    downloader = InterruptibleDownloader(slow)
    waiting, requested = await start(downloader, 0), await start(downloader, 1)

    downloader.stop(requested_too=False)

    with pytest.raises(DeadlineExceeded):
        await waiting
    assert not requested.done()
    slow.is_done.set()
    assert await requested == "downloaded"


async def test_stop_can_end_requested_images_too(slow: Slow) -> None:
    downloader = InterruptibleDownloader(slow)
    requested = await start(downloader, 1)
    downloader.stop(requested_too=False)
    downloader.stop(requested_too=True)
    with pytest.raises(DeadlineExceeded):
        await requested


async def test_image_that_comes_after_stop_is_not_requested(slow: Slow) -> None:
    downloader = InterruptibleDownloader(slow)
    downloader.stop(requested_too=False)
    with pytest.raises(DeadlineExceeded):
        await (await start(downloader, 1))


async def test_cancellation_by_others_stays_a_cancellation(slow: Slow) -> None:
    task = await start(InterruptibleDownloader(slow), 1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
