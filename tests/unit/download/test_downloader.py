"""The limits that all downloads share, over a transport in memory."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import override

import httpx
import pytest

from intake.download.downloader import HttpDownloader
from intake.ingest.deadline import Deadline
from intake.ingest.download_port import Download
from intake.model.error_codes import Blocked, IntakeError, UnsupportedType
from intake.model.limits import Limits
from intake.model.outcome import FetchStats
from intake.model.url import Url
from support.sample_images import picture

IMAGE = picture(8, 8, 1)
AT = "https://a.example/"


class Body(httpx.AsyncByteStream):
    def __init__(self, body: bytes) -> None:
        self._body = body

    @override
    async def __aiter__(self) -> AsyncIterator[bytes]:
        await asyncio.sleep(0.001)
        yield self._body


class Transport(httpx.AsyncBaseTransport):
    """Answers every request with a body, and calls `observe` before it does."""

    def __init__(self, body: bytes = IMAGE, observe: Callable[[], None] = lambda: None) -> None:
        self._body = body
        self.observe = observe

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.observe()
        extensions = {"content_length": len(self._body)}
        return httpx.Response(200, stream=Body(self._body), request=request, extensions=extensions)


async def download(downloader: HttpDownloader, name: str) -> Download:
    result = await downloader.download(Url.parse(AT + name), FetchStats(), Deadline.after(60.0))
    assert isinstance(result, Download)
    return result


async def use(downloader: HttpDownloader, name: str) -> None:
    with await download(downloader, name):
        await asyncio.sleep(0.001)


async def test_downloader_has_at_most_the_allowed_images_in_flight_until_they_are_released() -> None:
    transport = Transport()
    downloader = HttpDownloader(transport, Limits(max_in_flight=3), "test")
    busy: list[int] = []
    transport.observe = lambda: busy.append(downloader.slots.active)

    await asyncio.gather(*(use(downloader, str(number)) for number in range(12)))

    assert (len(busy), max(busy)) == (12, 3)
    assert downloader.slots.active == 0


async def test_bodies_wait_for_memory_and_none_fails() -> None:
    downloader = HttpDownloader(Transport(), Limits(memory_budget_bytes=2 * len(IMAGE)), "test")

    await asyncio.gather(*(use(downloader, str(number)) for number in range(10)))

    assert downloader.budget.free == downloader.budget.size


@pytest.mark.parametrize("body", [b"<html>not an image</html>"])
async def test_failed_download_holds_nothing(body: bytes) -> None:
    downloader = HttpDownloader(Transport(body), Limits(max_in_flight=1), "test")

    with pytest.raises(UnsupportedType):
        await download(downloader, "page")

    assert downloader.budget.free == downloader.budget.size
    assert downloader.slots.active == 0


async def test_cancelled_download_holds_nothing() -> None:
    downloader = HttpDownloader(Transport(), Limits(max_in_flight=1), "test")
    running = asyncio.create_task(download(downloader, "one"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)

    running.cancel()
    await asyncio.wait([running])

    assert downloader.budget.free == downloader.budget.size
    assert downloader.slots.active == 0


async def test_blocked_url_counts_no_attempt() -> None:
    downloader = HttpDownloader(Transport(), Limits(allowed_ports=(80,)), "test")
    stats = FetchStats()

    with pytest.raises(IntakeError):
        await downloader.download(Url.parse(AT), stats, Deadline.after(60.0))

    assert stats.attempts == 0


@pytest.mark.parametrize("url", ["http://10.0.0.1/a", "https://a.example:22/a", "http://b.example/a", "http://[::1]/"])
async def test_downloader_refuses_a_url_without_a_request_when_it_is_not_allowed(url: str) -> None:
    downloader = HttpDownloader(Transport(), Limits(allowed_hosts=("a.example", "10.0.0.1", "::1")), "test")
    downloader.require_allowed(Url.parse(AT + "one"))
    with pytest.raises(Blocked):
        downloader.require_allowed(Url.parse(url))
