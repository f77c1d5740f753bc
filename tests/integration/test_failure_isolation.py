"""One origin's failures do not affect the images of another: the ingest service over real sockets."""

import asyncio

import pytest

from intake.ingest.deadline import Deadline
from intake.ingest.service import IngestService
from intake.model.file import File
from intake.model.receipt import FailedEntry, Receipt
from support.fakes import FakeStore, RecordingObserver
from support.origin import BEHAVIOURS, MAX_BYTES, STORED, Origin
from support.origin.client import Client, limits_for

FAST_IMAGES = 4
MARGIN = 0.2


def codes(receipt: Receipt) -> list[str]:
    return [entry.error.code if isinstance(entry, FailedEntry) else STORED for entry in receipt.images]


def service_for(client: Client) -> IngestService:
    return IngestService(client.downloader, FakeStore(), RecordingObserver(), client.limits, "bucket")


@pytest.mark.usefixtures("connected_addresses", "no_leaks")
async def test_images_of_a_silent_origin_do_not_delay_those_of_another() -> None:
    """Ten images wait for the silent origin's only slot, while two may be in flight."""
    async with Origin() as silent, Origin() as fast:
        limits = limits_for(silent, fast, max_in_flight=2, max_per_origin=1, deadline_margin=MARGIN, read_timeout=5.0)
        async with Client(limits) as client:
            urls = [silent.url(f"silent?{n}") for n in range(10)]
            urls += [fast.url(f"length?{n}") for n in range(FAST_IMAGES)]
            receipt = await service_for(client).ingest(File.parse({"urls": urls}), Deadline.after(4.0, 1.0))
    assert codes(receipt)[-FAST_IMAGES:] == [STORED] * FAST_IMAGES
    assert {"deadline_exceeded"} == set(codes(receipt)[:-FAST_IMAGES])


@pytest.mark.usefixtures("connected_addresses", "no_leaks", "no_backoff")
async def test_each_image_gets_its_own_code_when_one_file_has_every_behaviour() -> None:
    async with Origin() as origin:
        limits = limits_for(
            origin,
            read_timeout=2.0,
            image_timeout=8.0,
            deadline_margin=MARGIN,
            max_in_flight=256,
            max_base_images=500,
            memory_budget_bytes=20 * MAX_BYTES,  # one host gets half of it
        )
        async with Client(limits) as client:
            # A client cannot tell unsolicited bytes that arrive after the next request from the response to that
            # request (RFC 9112, 9.3.2), so the origins that send them would falsify other results.
            names = sorted(name for name in BEHAVIOURS if not name.endswith("_later"))
            file = File.parse({"urls": [origin.url(name) for name in names]}, max_base_images=500)
            begin = asyncio.get_running_loop().time()
            receipt = await service_for(client).ingest(file, Deadline.after(40.0, 1.0))
            assert asyncio.get_running_loop().time() - begin < 40.0
    wrong = {
        name: (BEHAVIOURS[name].code, code)
        for name, code in zip(names, codes(receipt), strict=True)
        if BEHAVIOURS[name].code != code
    }
    assert wrong == {}
    assert client.budget.free == client.budget.size
