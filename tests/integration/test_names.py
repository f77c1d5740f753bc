"""FakeDns that never answer: they end in time, starve nobody, and hold nothing up."""

import asyncio
import subprocess
import sys
import threading
import time
from collections.abc import Generator

import pytest

from intake.http_client.resolver_threads import ResolverThreads
from intake.ingest.deadline import Deadline
from intake.ingest.service import IngestService
from intake.model.file import File
from support.fakes import FakeStore, RecordingObserver
from support.origin import IMAGE, Origin
from support.origin.client import Client, MakeClient
from support.origin.fake_dns import FakeDns

_SOON = 2.0
"""Seconds: far less than a stalled name takes, far more than a machine that is busy does."""

LEAVES_A_NAME_BEHIND = """
import asyncio, socket, time
socket.getaddrinfo = lambda *_: time.sleep(600)
from support.origin.client import Client, limits_for
async def main():
    async with Client(limits_for(allowed_ports=(80,), connect_timeout=0.1, max_attempts=1)) as client:
        print((await client.get("http://stalled.example/")).code)
asyncio.run(main())
"""


class Stall:
    """A name that answers when it is told to."""

    def __init__(self) -> None:
        self.over = threading.Event()

    def __call__(self) -> list[str]:
        self.over.wait(30)
        return ["127.0.0.1"]


@pytest.fixture
def stall() -> Generator[Stall]:
    """A name that does not answer before the test is over."""
    made = Stall()
    yield made
    made.over.set()


async def test_a_stalled_name_ends_within_the_time_to_connect(
    make_client: MakeClient, dns: FakeDns, stall: Stall, connected_addresses: list[str]
) -> None:
    dns["stalled.example"] = stall
    begin = time.monotonic()

    result = await make_client(allowed_ports=(80,), connect_timeout=0.1, max_attempts=1).get("http://stalled.example/")

    assert result.code == "timeout"
    assert time.monotonic() - begin < _SOON
    assert connected_addresses == []


async def test_stalled_names_starve_no_other(
    origin: Origin, make_client: MakeClient, dns: FakeDns, stall: Stall
) -> None:
    """As many as are in flight at once; a thread pool of asyncio's own has fewer threads than that."""
    client = make_client(origin, max_in_flight=40, max_attempts=1)
    for number in range(40):
        dns[f"stalled-{number}.example"] = stall
    dns["well.example"] = ["127.0.0.1"]
    stalled = [asyncio.create_task(client.get(f"http://stalled-{n}.example:{origin.port}/")) for n in range(40)]

    async with asyncio.timeout(_SOON):
        while len(dns.lookups) < 40:  # noqa: ASYNC110 - threads ask
            await asyncio.sleep(0.005)
        assert (await client.get(f"http://well.example:{origin.port}/length")).body == IMAGE

    assert not any(task.done() for task in stalled)
    for task in stalled:
        task.cancel()
    await asyncio.wait(stalled)


async def test_names_that_stalled_for_earlier_files_starve_none_of_the_next(
    origin: Origin, make_client: MakeClient, dns: FakeDns, stall: Stall
) -> None:
    """Files in a row: who asked has given up long ago, and the system is still looking for two hundred names."""
    client = make_client(origin, connect_timeout=0.05, max_attempts=1, allowed_ports=(80, origin.port))
    for number in range(200):
        dns[f"stalled-{number}.example"] = stall
    dns["well.example"] = ["127.0.0.1"]
    for file in range(5):
        stalled = (f"http://stalled-{40 * file + number}.example/" for number in range(40))
        results = await asyncio.gather(*(client.get(url) for url in stalled))
        assert {"timeout"} == {result.code for result in results}

    client.transport.pool._connect_timeout = _SOON
    result = await client.get(f"http://well.example:{origin.port}/length")

    assert result.body == IMAGE


async def test_two_hundred_names_that_stall_do_not_hold_the_answer_nor_the_images_beside_them(
    origin: Origin, make_client: MakeClient, dns: FakeDns, stall: Stall
) -> None:
    client = make_client(origin, max_base_images=500, connect_timeout=0.3, max_in_flight=64, deadline_margin=0.5)
    for number in range(200):
        dns[f"stalled-{number}.example"] = stall
    dns["well.example"] = ["127.0.0.1"]
    urls = [f"http://stalled-{number}.example:{origin.port}/" for number in range(200)]
    well = [f"http://well.example:{origin.port}/length?{number}" for number in range(20)]
    intake = IngestService(client.downloader, FakeStore(), RecordingObserver(), client.limits, "bucket")
    begin = time.monotonic()

    receipt = await intake.ingest(
        File.parse({"urls": urls[:180] + well + urls[180:]}, max_base_images=500), Deadline.after(8.0, 1.0)
    )

    assert time.monotonic() - begin < 8.0
    assert [entry.status for entry in receipt.images[180:200]] == ["stored"] * 20
    assert receipt.counts.failed == 200


@pytest.mark.usefixtures("no_backoff")
async def test_a_stalled_name_takes_one_thread_for_all_attempts(
    make_client: MakeClient, dns: FakeDns, stall: Stall
) -> None:
    dns["stalled.example"] = stall

    result = await make_client(allowed_ports=(80,), connect_timeout=0.05).get("http://stalled.example/")

    assert (result.code, result.stats.attempts) == ("timeout", 3)
    assert dns.lookups == ["stalled.example"]


async def test_a_name_that_answers_late_is_found_by_the_next_attempt(
    origin: Origin, make_client: MakeClient, dns: FakeDns
) -> None:
    dns["late.example"] = lambda: time.sleep(0.3) or ["127.0.0.1"]  # type: ignore[func-returns-value]
    client = make_client(origin, connect_timeout=0.2)

    result = await client.get(f"http://late.example:{origin.port}/length")

    assert result.body == IMAGE
    assert result.stats.attempts in range(2, 4)


async def test_a_timeout_is_no_fault_of_the_names_that_follow(
    origin: Origin, client: Client, dns: FakeDns, stall: Stall
) -> None:
    """Cancelling one who waits for a name leaves the others waiting for it."""
    dns["late.example"] = stall
    first = asyncio.create_task(client.get(f"http://late.example:{origin.port}/length"))
    second = asyncio.create_task(client.get(f"http://late.example:{origin.port}/length"))
    await asyncio.sleep(0.05)
    first.cancel()
    stall.over.set()

    assert (await second).body == IMAGE
    assert dns.lookups == ["late.example"]


def test_a_stalled_name_does_not_hold_the_process() -> None:
    begin = time.monotonic()

    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", LEAVES_A_NAME_BEHIND],
        env={"PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        check=True,
        timeout=60,
    )

    assert (done.stdout, done.stderr) == (b"timeout\n", b"")
    assert time.monotonic() - begin < 20


def test_a_thread_that_answers_after_its_loop_is_not_heard() -> None:
    """Between the lookup and its end, the loop may have been closed."""
    threads, over, left = ResolverThreads(1), threading.Event(), threading.Event()

    async def give_up() -> None:
        async with asyncio.timeout(0.01):
            await threads.start(lambda: over.wait(30))

    with pytest.raises(TimeoutError):
        asyncio.run(give_up())
    over.set()

    async def next_one() -> None:
        await threads.start(left.set)

    asyncio.run(next_one())
    assert left.is_set()


async def test_a_lookup_that_no_thread_began_in_time_is_given_up_and_never_begun() -> None:
    """What a burst of stalled names has left behind does not keep the names after it waiting."""
    threads, over, begun = ResolverThreads(1, patience=0.05), threading.Event(), threading.Event()
    stalled = threads.start(lambda: over.wait(30))
    await asyncio.sleep(0)

    with pytest.raises(TimeoutError, match="No thread"):
        async with asyncio.timeout(_SOON):
            await threads.start(begun.set)
    assert not stalled.done()
    over.set()

    assert await stalled
    assert await threads.start(lambda: "next") == "next"
    assert not begun.is_set()


async def test_a_lookup_that_was_begun_is_waited_for_however_long() -> None:
    """Giving it up would only ask the same once more: all who want a name share one lookup."""
    threads = ResolverThreads(1, patience=0.01)

    assert await threads.start(lambda: time.sleep(0.1) or "late") == "late"  # type: ignore[func-returns-value]


async def test_where_the_system_has_no_more_threads_those_that_there_are_do(monkeypatch: pytest.MonkeyPatch) -> None:
    threads, over = ResolverThreads(), threading.Event()
    first = threads.start(lambda: over.wait(30))
    await asyncio.sleep(0)

    def refuse(_: threading.Thread) -> None:
        message = "can't start new thread"
        raise RuntimeError(message)

    monkeypatch.setattr(threading.Thread, "start", refuse)
    second = threads.start(lambda: "second")
    await asyncio.sleep(0)
    over.set()

    assert (await first, await second) == (True, "second")


async def test_no_more_threads_than_names_at_once() -> None:
    threads = ResolverThreads(64)

    for _ in range(10):
        await threads.start(threading.get_ident)

    assert threads._threads == 1
