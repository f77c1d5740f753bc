"""Bounds over real sockets: memory is given back whatever happens, and origins that are overrun get less."""

import asyncio
from types import SimpleNamespace

import pytest

from intake.model.errors import IntakeError
from support.origin import BEHAVIOURS, IMAGE, MAX_BYTES, Origin
from support.origin.behaviour import Reader, Request, Writer, head, response, send, wait_forever
from support.origin.client import Client, MakeClient
from support.origin.fake_dns import FakeDns

FAILING_IN_THE_BODY = [
    "close_in_body",
    "reset_in_body",
    "reset_in_body_until_close",
    "chunk_size_not_hex_later",
    "endless_chunks",
    "endless_body",
    "soft_404",
    "gzip_unlabelled",
    "length_zero",
]


@pytest.mark.usefixtures("no_backoff")
@pytest.mark.parametrize("name", FAILING_IN_THE_BODY)
async def test_an_attempt_that_failed_holds_no_memory(name: str, origin: Origin, client: Client) -> None:
    """The fetcher itself gives it back: nobody else does so before the next attempt."""
    with pytest.raises(IntakeError) as caught:
        await client.download(origin.url(name))

    assert BEHAVIOURS[name].code == caught.value.code
    assert client.budget.size == client.free_bytes


async def test_no_memory_is_held_while_waiting_for_the_next_attempt(
    origin: Origin, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    free: list[int] = []

    async def sleep(_: float) -> None:
        free.append(client.free_bytes)

    monkeypatch.setattr("intake.download.downloader.asyncio", SimpleNamespace(sleep=sleep))

    await client.get(origin.url("close_in_body"))

    assert [client.budget.size] * 2 == free


@pytest.mark.parametrize("name", ["length", "chunked", "until_close"])
async def test_a_body_holds_what_it_has(name: str, origin: Origin, client: Client) -> None:
    """Not what it might have had: the rest is free before the image is stored."""
    download = await client.download(origin.url(name))

    assert client.budget.size - len(IMAGE) == client.free_bytes
    download.lease.release()


async def test_an_announced_body_reserves_its_length(origin: Origin, make_client: MakeClient) -> None:
    """Many small bodies are read at once, where few large ones would be."""
    client = make_client(origin, memory_budget_bytes=16 * len(IMAGE))

    held = await asyncio.gather(*(client.download(origin.url("length")) for _ in range(8)))

    assert client.free_bytes == 8 * len(IMAGE)
    for download in held:
        download.lease.release()


async def test_a_body_larger_than_all_the_memory_waits_to_be_alone(origin: Origin, make_client: MakeClient) -> None:
    client = make_client(origin, memory_budget_bytes=10)

    results = await asyncio.gather(*(client.get(origin.url("length")) for _ in range(4)))

    assert [result.body for result in results] == [IMAGE] * 4


async def test_memory_is_given_back_when_the_work_is_cut_off(origin: Origin, client: Client) -> None:
    """Whether it held some or waited for some."""
    tasks = [asyncio.create_task(client.get(origin.url(f"silent_in_body/{n}"))) for n in range(4)]
    waiting = [asyncio.create_task(client.get(origin.url(f"slow_chunks/{n}"))) for n in range(15)]
    while client.free_bytes > client.budget.size // 2 + MAX_BYTES:  # noqa: ASYNC110 - no event tells of memory
        await asyncio.sleep(0.005)

    for task in (*tasks, *waiting):
        task.cancel()
    await asyncio.wait((*tasks, *waiting))

    assert client.budget.size == client.free_bytes


async def test_no_more_at_once_than_an_origin_is_to_get(
    origin: Origin, other_origin: Origin, make_client: MakeClient
) -> None:
    """Each origin by itself."""

    async def slow(_: Reader, writer: Writer, __: Request) -> None:
        await asyncio.sleep(0.05)
        await send(writer, response(IMAGE))

    origin.responders["slow"] = other_origin.responders["slow"] = slow
    client = make_client(origin, other_origin, max_per_origin=3)

    await asyncio.gather(*(client.get(place.url("slow")) for place in (origin, other_origin) for _ in range(9)))

    assert (origin.peak_concurrency, other_origin.peak_concurrency) == (3, 3)


@pytest.mark.parametrize("name", ["status_429", "status_503", "refused"])
async def test_a_burst_that_overruns_an_origin_halves_it_once(
    name: str, origin: Origin, make_client: MakeClient
) -> None:
    """Eight fail together; the origin gets four at once from then on, not none."""
    client = make_client(origin, max_per_origin=8, max_attempts=1, allowed_ports=(1, origin.port))
    base = "http://127.0.0.1:1" if name == "refused" else origin.base

    await asyncio.gather(*(client.get(f"{base}/{name}") for _ in range(8)))

    assert client.downloader.origins.limit(base) == 4


@pytest.mark.parametrize(
    "name", ["status_404", "status_500", "close_before_response", "soft_404", "redirect_to_nothing"]
)
async def test_other_failures_do_not_count_against_an_origin(
    name: str, origin: Origin, make_client: MakeClient
) -> None:
    client = make_client(origin, max_per_origin=8, max_attempts=1)

    await asyncio.gather(*(client.get(origin.url(name)) for _ in range(8)))

    assert client.downloader.origins.limit(origin.base) == 8


async def test_an_origin_that_recovers_grows_back(origin: Origin, make_client: MakeClient) -> None:
    client = make_client(origin, max_per_origin=4, max_attempts=1)
    for _ in range(5):
        await client.get(origin.url("status_429"))
    assert client.downloader.origins.limit(origin.base) == 1

    limits = []
    for _ in range(12):
        await client.get(origin.url("length"))
        limits.append(client.downloader.origins.limit(origin.base))

    assert sorted(limits) == limits
    assert (limits[0], limits[-1]) == (2, 4)


@pytest.mark.usefixtures("no_backoff")
async def test_one_slow_origin_does_not_hold_another(
    origin: Origin, other_origin: Origin, make_client: MakeClient
) -> None:
    """All places of one are taken by requests that never end."""
    client = make_client(origin, other_origin, max_per_origin=2)
    stuck = [asyncio.create_task(client.get(origin.url("silent"))) for _ in range(5)]

    async with asyncio.timeout(5):
        assert (await client.get(other_origin.url("length"))).body == IMAGE

    for task in stuck:
        task.cancel()
    await asyncio.wait(stuck)


async def test_bodies_that_never_end_leave_room_for_other_hosts(
    origin: Origin, make_client: MakeClient, dns: FakeDns
) -> None:
    """Each of unknown length reserves all that an image may have; there is room for ten, and twenty want it."""
    dns["hostile.example"], dns["healthy.example"] = ["127.0.0.1"], ["127.0.0.1"]
    client = make_client(origin)
    hostile = f"http://hostile.example:{origin.port}/slow_chunks"
    dripping = [asyncio.create_task(client.get(f"{hostile}/{number}")) for number in range(20)]
    while client.free_bytes > client.budget.size // 2:  # noqa: ASYNC110 - no event tells of memory
        await asyncio.sleep(0.005)

    async with asyncio.timeout(5):
        healthy = await asyncio.gather(
            *(
                client.get(f"http://healthy.example:{origin.port}/{name}")
                for name in ("length", "chunked", "until_close")
            )
        )

    assert [result.code for result in healthy] == ["stored"] * 3
    assert not any(task.done() for task in dripping)
    assert client.budget.size // 2 == client.free_bytes
    for task in dripping:
        task.cancel()
    await asyncio.wait(dripping)


async def test_a_body_that_never_comes_holds_memory_no_longer_than_its_time(
    origin: Origin, make_client: MakeClient
) -> None:
    """And the next one gets it."""

    async def announce(_: Reader, writer: Writer, __: Request) -> None:
        await send(writer, head(f"Content-Length: {MAX_BYTES}"))
        await wait_forever()

    origin.responders["announce"] = announce
    client = make_client(origin, memory_budget_bytes=MAX_BYTES, read_timeout=0.1, max_attempts=1)

    first, second = await asyncio.gather(client.get(origin.url("announce")), client.get(origin.url("chunked")))

    assert (first.code, second.code) == ("timeout", "stored")
