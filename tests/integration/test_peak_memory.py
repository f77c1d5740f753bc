"""Memory stays within the budget when all origins send large bodies that never end."""

import asyncio
import multiprocessing
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection

from intake.ingest.deadline import Deadline
from intake.ingest.file_service import IngestService
from intake.model.file import File
from intake.model.receipt import FailedEntry
from support.fake_ports import FakeStore, RecordingObserver
from support.origin import IMAGE, origin_in_thread
from support.origin.behaviour import Reader, Request, Responder, Writer, chunks, head, send, send_forever, wait_forever
from support.origin.client import Client, limits_for
from support.origin.fake_dns import FakeDns
from support.origin.server import Origin
from support.process_memory import peak_mib

MIB = 2**20
BODY_MIB, BUDGET_MIB, IMAGES = 4, 48, 64
"""64 bodies of 4 MiB are five times the budget."""

OVERHEAD_MIB = IMAGES * 0.375 + 16
"""The buffers of the connections (128 KiB, and the last 256 KiB received), and what the allocator keeps."""

_ALL_BUT_ONE_BYTE = IMAGE + bytes(BODY_MIB * MIB - len(IMAGE) - 1)


def _send_and_wait(first: bytes) -> Responder:
    async def respond(_: Reader, writer: Writer, __: Request) -> None:
        await send(writer, first)
        await wait_forever()

    return respond


async def _endless_body(_: Reader, writer: Writer, __: Request) -> None:
    await send(writer, head() + IMAGE)
    await send_forever(writer, bytes(MIB))


async def _endless_head(_: Reader, writer: Writer, __: Request) -> None:
    await send_forever(writer, b"HTTP/1.1 103 Early Hints\r\n\r\n" * 1000)


RESPONDERS: dict[str, Responder] = {
    "length": _send_and_wait(head(f"Content-Length: {BODY_MIB * MIB}") + _ALL_BUT_ONE_BYTE),
    "chunked": _send_and_wait(head("Transfer-Encoding: chunked") + chunks([_ALL_BUT_ONE_BYTE])),
    "endless_body": _endless_body,
    "endless_head": _endless_head,
}


async def _ingest(origin: Origin) -> tuple[set[str], float]:
    """Ingest a File of such images; return its error codes, and the growth of resident memory at the peak, in MiB."""
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
        read_timeout=1.0,
    )
    async with Client(limits) as client:
        service = IngestService(client.downloader, FakeStore(), RecordingObserver(), limits, "bucket")
        await service.ingest(File.parse({"urls": [origin.url("whole_png")]}), Deadline.after(30.0, 1.0))
        before = peak_mib()
        paths = list(RESPONDERS)
        urls = [f"http://{host}:{origin.port}/{paths[n % len(paths)]}" for n, host in enumerate(hosts)]
        receipt = await service.ingest(File.parse({"urls": urls}), Deadline.after(30.0, 1.0))
    codes = {entry.error.code for entry in receipt.images if isinstance(entry, FailedEntry)}
    return codes, peak_mib() - before


def _run(port: int, result: Connection) -> None:
    origin = Origin()
    origin.port = port
    result.send(asyncio.run(_ingest(origin)))


def _serve(test: Connection) -> None:
    with origin_in_thread() as origin:
        origin.responders |= RESPONDERS
        test.send(origin.port)
        test.recv()  # until the test is done


@contextmanager
def _process(target: Callable[..., None], *arguments: object) -> Iterator[Connection]:
    """Run a function in a new process, which gets a connection as its last argument; yields the other end of it."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=target, args=(*arguments, theirs))
    process.start()
    theirs.close()
    with ours:
        yield ours
    process.join()


def test_memory_stays_within_the_budget_when_all_bodies_are_large() -> None:
    """The File is ingested in a new process, whose peak no other test has raised.

    The origin has one of its own too: threads that other tests keep in this process would make it silent for too long.
    """
    with _process(_serve) as origin:
        with _process(_run, origin.recv()) as client:
            codes, grown_mib = client.recv()
        origin.send("done")

    assert {"timeout", "too_large", "bad_response"} == codes
    assert BUDGET_MIB / 2 < grown_mib < BUDGET_MIB + OVERHEAD_MIB
