"""Origins that send as much as they may and never end: memory stays within what was there before and the budget."""

import asyncio
import multiprocessing
import socket
from multiprocessing.connection import Connection

from bench.competitor_runner import peak_mib
from intake.ingest.deadline import Deadline
from intake.ingest.service import IngestService
from intake.model.file import File
from intake.model.receipt import FailedEntry
from support.fakes import FakeStore, RecordingObserver
from support.origin import IMAGE, origin_in_thread
from support.origin.behaviour import Reader, Request, Responder, Writer, chunks, head, send, send_forever, wait_forever
from support.origin.client import Client, limits_for
from support.origin.fake_dns import FakeDns
from support.origin.server import Origin

MIB = 2**20
BODY_MIB, BUDGET_MIB, IMAGES = 4, 48, 64
"""Without a budget, most of 64 bodies of 4 MiB would be there at once."""

BESIDE_MIB = IMAGES * 0.375 + 16
"""For what a connection reads ahead (128 KiB, and the last 256 KiB that came), and what the allocator keeps."""

_NEARLY_ALL = IMAGE + bytes(BODY_MIB * MIB - len(IMAGE) - 1)


def _then_silence(first: bytes) -> Responder:
    async def respond(_: Reader, writer: Writer, __: Request) -> None:
        await send(writer, first)
        await wait_forever()

    return respond


async def _without_end(_: Reader, writer: Writer, __: Request) -> None:
    await send(writer, head() + IMAGE)
    await send_forever(writer, bytes(MIB))


async def _head_without_end(_: Reader, writer: Writer, __: Request) -> None:
    await send_forever(writer, b"HTTP/1.1 103 Early Hints\r\n\r\n" * 1000)


GREEDY: dict[str, Responder] = {
    "announced": _then_silence(head(f"Content-Length: {BODY_MIB * MIB}") + _NEARLY_ALL),
    "in_chunks": _then_silence(head("Transfer-Encoding: chunked") + chunks([_NEARLY_ALL])),
    "without_end": _without_end,
    "head_without_end": _head_without_end,
}


async def _ask(origin: Origin) -> tuple[set[str], float]:
    """How a File of greedy origins alone ends, and MiB of resident memory that it took at its peak."""
    dns, hosts = FakeDns(), [f"host-{number}.example" for number in range(IMAGES)]
    socket.getaddrinfo = dns.getaddrinfo  # type: ignore[assignment]
    dns.addresses |= {host: ["127.0.0.1"] for host in hosts}
    limits = limits_for(
        origin,
        max_image_bytes=BODY_MIB * MIB,
        memory_budget_bytes=BUDGET_MIB * MIB,
        max_in_flight=IMAGES,
        max_base_images=IMAGES,
        max_attempts=1,
        read_timeout=0.4,
    )
    async with Client(limits) as client:
        intake = IngestService(client.downloader, FakeStore(), RecordingObserver(), limits, "bucket")
        await intake.ingest(File.parse({"urls": [origin.url("length")]}), Deadline.after(30.0, 1.0))
        before = peak_mib()
        paths = [f"{host}:{origin.port}/{list(GREEDY)[n % len(GREEDY)]}" for n, host in enumerate(hosts)]
        receipt = await intake.ingest(
            File.parse({"urls": [f"http://{path}" for path in paths]}), Deadline.after(30.0, 1.0)
        )
    codes = {entry.error.code for entry in receipt.images if isinstance(entry, FailedEntry)}
    return codes, peak_mib() - before


def _live(origin: Origin, report: Connection) -> None:
    report.send(asyncio.run(_ask(origin)))


def test_a_file_of_greedy_origins_takes_no_more_memory_than_its_budget() -> None:
    """In a process of its own, whose memory nothing has stretched before."""
    with origin_in_thread() as serving:
        serving.responders |= GREEDY
        known = Origin()
        known.port = serving.port
        ours, theirs = multiprocessing.Pipe()
        process = multiprocessing.get_context("spawn").Process(target=_live, args=(known, theirs))
        process.start()
        theirs.close()
        codes, taken = ours.recv()
        process.join()
        ours.close()

    assert {"timeout", "too_large", "bad_response"} == codes
    assert BUDGET_MIB / 2 < taken < BUDGET_MIB + BESIDE_MIB
