"""FakeDns whose lookup stalls: they fail in time, and delay no other name, no response and no exit."""

import asyncio
import subprocess
import sys
import threading
import time
from collections.abc import Generator

import pytest

from intake.ingest.deadline import Deadline
from intake.ingest.service import IngestService
from intake.model.file import File
from support.fakes import FakeStore, RecordingObserver
from support.origin import IMAGE, Origin
from support.origin.client import Client, MakeClient
from support.origin.fake_dns import FakeDns

_SHORT = 2.0
"""Seconds: far less than a stalled lookup, far more than a busy machine needs."""

EXIT_DURING_LOOKUP = """
import asyncio, socket, time
socket.getaddrinfo = lambda *_: time.sleep(600)
from support.origin.client import Client, limits_for
async def main():
    async with Client(limits_for(allowed_ports=(80,), connect_timeout=0.1, max_attempts=1)) as client:
        print((await client.get("http://stalled.example/")).code)
asyncio.run(main())
"""


class Stall:
    """Addresses of a name that come when the test sets `over`."""

    def __init__(self) -> None:
        self.over = threading.Event()

    def __call__(self) -> list[str]:
        self.over.wait(30)
        return ["127.0.0.1"]


@pytest.fixture
def stall() -> Generator[Stall]:
    """A name whose lookup stalls until the test is over."""
    created = Stall()
    yield created
    created.over.set()


async def test_stalled_name_fails_within_the_connect_timeout(
    make_client: MakeClient, dns: FakeDns, stall: Stall, connected_addresses: list[str]
) -> None:
    dns["stalled.example"] = stall
    begin = time.monotonic()

    result = await make_client(allowed_ports=(80,), connect_timeout=0.1, max_attempts=1).get("http://stalled.example/")

    assert result.code == "timeout"
    assert time.monotonic() - begin < _SHORT
    assert connected_addresses == []


async def test_stalled_names_do_not_delay_another_name(
    origin: Origin, make_client: MakeClient, dns: FakeDns, stall: Stall
) -> None:
    """All that may be in flight but one. asyncio's default executor has fewer threads."""
    client = make_client(origin, max_in_flight=41, max_attempts=1)
    for number in range(40):
        dns[f"stalled-{number}.example"] = stall
    dns["healthy.example"] = ["127.0.0.1"]
    stalled = [asyncio.create_task(client.get(f"http://stalled-{n}.example:{origin.port}/")) for n in range(40)]

    async with asyncio.timeout(_SHORT):
        while len(dns.lookups) < 40:  # noqa: ASYNC110 - threads ask
            await asyncio.sleep(0.005)
        assert (await client.get(f"http://healthy.example:{origin.port}/length")).body == IMAGE

    assert not any(task.done() for task in stalled)
    for task in stalled:
        task.cancel()
    await asyncio.wait(stalled)


async def test_stalled_names_of_earlier_files_do_not_delay_the_names_of_the_next(
    origin: Origin, make_client: MakeClient, dns: FakeDns, stall: Stall
) -> None:
    """Their callers have timed out, and the system still looks up two hundred names."""
    client = make_client(origin, connect_timeout=0.05, max_attempts=1, allowed_ports=(80, origin.port))
    for number in range(200):
        dns[f"stalled-{number}.example"] = stall
    dns["healthy.example"] = ["127.0.0.1"]
    for file in range(5):
        stalled = (f"http://stalled-{40 * file + number}.example/" for number in range(40))
        results = await asyncio.gather(*(client.get(url) for url in stalled))
        assert {"timeout"} == {result.code for result in results}

    client.transport.pool._connect_timeout = _SHORT
    result = await client.get(f"http://healthy.example:{origin.port}/length")

    assert result.body == IMAGE


async def test_two_hundred_stalled_names_delay_neither_the_receipt_nor_the_other_images(
    origin: Origin, make_client: MakeClient, dns: FakeDns, stall: Stall
) -> None:
    client = make_client(origin, max_base_images=500, connect_timeout=0.3, max_in_flight=64, deadline_margin=0.5)
    for number in range(200):
        dns[f"stalled-{number}.example"] = stall
    dns["healthy.example"] = ["127.0.0.1"]
    urls = [f"http://stalled-{number}.example:{origin.port}/" for number in range(200)]
    healthy = [f"http://healthy.example:{origin.port}/length?{number}" for number in range(20)]
    intake = IngestService(client.downloader, FakeStore(), RecordingObserver(), client.limits, "bucket")
    begin = time.monotonic()

    receipt = await intake.ingest(
        File.parse({"urls": urls[:180] + healthy + urls[180:]}, max_base_images=500), Deadline.after(8.0, 1.0)
    )

    assert time.monotonic() - begin < 8.0
    assert [entry.status for entry in receipt.images[180:200]] == ["stored"] * 20
    assert receipt.counts.failed == 200


@pytest.mark.usefixtures("no_backoff")
async def test_stalled_name_takes_one_thread_for_all_attempts(
    make_client: MakeClient, dns: FakeDns, stall: Stall
) -> None:
    dns["stalled.example"] = stall

    result = await make_client(allowed_ports=(80,), connect_timeout=0.05).get("http://stalled.example/")

    assert (result.code, result.stats.attempts) == ("timeout", 3)
    assert dns.lookups == ["stalled.example"]


async def test_next_attempt_uses_a_lookup_that_ended_late(
    origin: Origin, make_client: MakeClient, dns: FakeDns
) -> None:
    dns["late.example"] = lambda: time.sleep(0.3) or ["127.0.0.1"]  # type: ignore[func-returns-value]
    client = make_client(origin, connect_timeout=0.2)

    result = await client.get(f"http://late.example:{origin.port}/length")

    assert result.body == IMAGE
    assert result.stats.attempts in range(2, 4)


async def test_cancelled_request_does_not_end_the_lookup_that_others_wait_for(
    origin: Origin, client: Client, dns: FakeDns, stall: Stall
) -> None:
    dns["late.example"] = stall
    first = asyncio.create_task(client.get(f"http://late.example:{origin.port}/length"))
    second = asyncio.create_task(client.get(f"http://late.example:{origin.port}/length"))
    await asyncio.sleep(0.05)
    first.cancel()
    stall.over.set()

    assert (await second).body == IMAGE
    assert dns.lookups == ["late.example"]


def test_stalled_name_does_not_delay_the_exit_of_the_process() -> None:
    begin = time.monotonic()

    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", EXIT_DURING_LOOKUP],
        env={"PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        check=True,
        timeout=60,
    )

    assert (done.stdout, done.stderr) == (b"timeout\n", b"")
    assert time.monotonic() - begin < 20
