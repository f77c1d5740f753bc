"""Files of one batch, over the real limits of downloads, on a clock that jumps."""

import asyncio
from collections.abc import AsyncGenerator

import httpx
import pytest

from intake.download.downloader import HttpDownloader
from intake.ingest.concurrent_files import ingest_all
from intake.ingest.deadline import Deadline
from intake.ingest.file_service import IngestService
from intake.model.file import File
from intake.model.limits import Limits
from intake.model.receipt import Status
from support.fake_ports import FakeStore, RecordingObserver
from support.sample_images import picture

IMAGE = picture(8, 8, 1)
HANGING, IMAGES = 9, 101
"""A batch of the queue has 10 messages."""


class Body(httpx.AsyncByteStream):
    async def __aiter__(self) -> AsyncGenerator[bytes]:
        yield IMAGE


class Origins(httpx.AsyncBaseTransport):
    """Send images within a second; URLs with `hang` never get a response."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(3600.0 if b"hang" in request.extensions["target"] else 1.0)
        return httpx.Response(200, stream=Body(), request=request, extensions={"content_length": len(IMAGE)})


async def read_files(good: str, hanging: str) -> AsyncGenerator[tuple[str, File, None]]:
    for number in range(HANGING):
        urls = [f"{hanging}/hang/{number}/{image}".replace("*", f"{number}-{image}") for image in range(IMAGES)]
        yield "hanging", File.parse({"urls": urls}), None
    yield "good", File.parse({"urls": [f"{good}/{image}" for image in range(IMAGES)]}), None


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize(
    ("expected", "hanging", "is_fair"),
    [
        (Status.STORED, "https://a.example", True),
        (Status.STORED, "https://b.example", True),
        (Status.STORED, "https://*.example", True),
        (Status.FAILED, "https://a.example", False),
        (Status.FAILED, "https://*.example", False),
    ],
)
async def test_file_is_stored_behind_files_that_hang_when_the_limits_are_shared(
    expected: Status, hanging: str, *, is_fair: bool
) -> None:
    """At the same origin, at another one, or at an origin for each image."""
    limits = Limits()
    downloader = HttpDownloader(Origins(), limits, "test")
    service = IngestService(downloader, FakeStore(), RecordingObserver(), limits, "bucket")
    deadline, files = Deadline.after(60.0, 1.0), read_files("https://a.example", hanging)
    receipts = ingest_all(service, files, max_concurrent=64, deadline=deadline, is_fair=is_fair)
    found = [(tag, receipt.status) async for tag, receipt in receipts if receipt is not None]
    assert sorted(found) == [("good", expected)] + [("hanging", Status.FAILED)] * HANGING
    assert downloader.slots.active == 0
