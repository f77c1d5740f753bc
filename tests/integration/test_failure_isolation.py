"""No origin takes another's images down: the use case over real sockets, with only the bucket in memory."""

import asyncio

import pytest

from intake.ingest.deadline import Deadline
from intake.ingest.service import IngestService
from intake.model.file import File
from intake.model.receipt import FailedEntry, Receipt
from support.fakes import FakeStore, RecordingObserver
from support.origin import BEHAVIOURS, MAX_BYTES, STORED, Origin
from support.origin.client import Client, limits_for

QUICK = 4
MARGIN = 0.2


def codes(receipt: Receipt) -> list[str]:
    return [entry.error.code if isinstance(entry, FailedEntry) else STORED for entry in receipt.images]


def intake_of(client: Client) -> IngestService:
    return IngestService(client.downloader, FakeStore(), RecordingObserver(), client.limits, "bucket")


@pytest.mark.usefixtures("connected_addresses", "no_leaks")
async def test_images_that_wait_for_a_slow_origin_do_not_hold_up_another() -> None:
    """More of them than may be at work at once, and the slow origin gets one at a time."""
    async with Origin() as slow, Origin() as quick:
        limits = limits_for(slow, quick, max_in_flight=2, max_per_origin=1, deadline_margin=MARGIN, read_timeout=5.0)
        async with Client(limits) as client:
            urls = [slow.url(f"silent?{n}") for n in range(10)] + [quick.url(f"length?{n}") for n in range(QUICK)]
            receipt = await intake_of(client).ingest(File.parse({"urls": urls}), Deadline.after(4.0, 1.0))
    assert codes(receipt)[-QUICK:] == [STORED] * QUICK
    assert {"deadline_exceeded"} == set(codes(receipt)[:-QUICK])


@pytest.mark.usefixtures("connected_addresses", "no_leaks", "no_backoff")
async def test_every_behaviour_there_is_in_one_file_has_its_own_code_and_the_answer_comes_in_time() -> None:
    """All of the table at once; what would take long by its nature ends by a small limit."""
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
            # What an origin sends unasked while the next request is on its way to it cannot be told from its answer
            # (RFC 9112, 9.3.2): those that do so would answer for their neighbours on the same origin.
            names = sorted(name for name in BEHAVIOURS if not name.endswith("_later"))
            file = File.parse({"urls": [origin.url(name) for name in names]}, max_base_images=500)
            begin = asyncio.get_running_loop().time()
            intake = intake_of(client)
            receipt = await intake.ingest(file, Deadline.after(40.0, 1.0))
            assert asyncio.get_running_loop().time() - begin < 40.0
    wrong = {
        name: (BEHAVIOURS[name].code, code)
        for name, code in zip(names, codes(receipt), strict=True)
        if BEHAVIOURS[name].code != code
    }
    assert wrong == {}
    assert client.budget.free == client.budget.size
