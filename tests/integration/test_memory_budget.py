"""The memory budget over real sockets: a body reserves memory, and releases it however the download ends."""

import asyncio
from types import SimpleNamespace

import pytest

from intake.model.error_codes import IntakeError
from support.origin import BEHAVIOURS, IMAGE, MAX_BYTES, Origin
from support.origin.behaviour import Reader, Request, Writer, head, send, wait_forever
from support.origin.client import Client, MakeClient
from support.origin.fake_dns import FakeDns

FAILURES_IN_THE_BODY = [
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
@pytest.mark.parametrize("name", FAILURES_IN_THE_BODY)
async def test_downloader_releases_memory_when_a_download_fails(name: str, origin: Origin, client: Client) -> None:
    with pytest.raises(IntakeError) as caught:
        await client.download(origin.url(name))

    assert BEHAVIOURS[name].code == caught.value.code
    assert client.budget.size == client.free_bytes


async def test_downloader_holds_no_memory_between_attempts(
    origin: Origin, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    free: list[int] = []

    async def sleep(_: float) -> None:
        free.append(client.free_bytes)

    monkeypatch.setattr("intake.download.downloader.asyncio", SimpleNamespace(sleep=sleep))

    await client.get(origin.url("close_in_body"))

    assert [client.budget.size] * 2 == free


@pytest.mark.parametrize("name", ["length", "chunked", "until_close"])
async def test_complete_body_holds_no_more_memory_than_its_size(name: str, origin: Origin, client: Client) -> None:
    """The rest of the reservation is free before the image is stored."""
    download = await client.download(origin.url(name))

    assert client.budget.size - len(IMAGE) == client.free_bytes
    download.held.release()


async def test_body_with_content_length_reserves_its_length(origin: Origin, make_client: MakeClient) -> None:
    """Reserving the largest allowed size instead would permit fewer downloads at the same time."""
    client = make_client(origin, memory_budget_bytes=16 * len(IMAGE))

    held = await asyncio.gather(*(client.download(origin.url("length")) for _ in range(8)))

    assert client.free_bytes == 8 * len(IMAGE)
    for download in held:
        download.held.release()


async def test_body_larger_than_the_budget_is_downloaded_alone(origin: Origin, make_client: MakeClient) -> None:
    client = make_client(origin, memory_budget_bytes=10)

    results = await asyncio.gather(*(client.get(origin.url("length")) for _ in range(4)))

    assert [result.body for result in results] == [IMAGE] * 4


async def test_cancelled_downloads_release_memory_whether_they_hold_it_or_wait_for_it(
    origin: Origin, client: Client
) -> None:
    holding = [asyncio.create_task(client.get(origin.url(f"silent_in_body/{n}"))) for n in range(4)]
    waiting = [asyncio.create_task(client.get(origin.url(f"slow_chunks/{n}"))) for n in range(15)]
    while client.free_bytes > client.budget.size // 2 + MAX_BYTES:  # noqa: ASYNC110 - the budget sends no event
        await asyncio.sleep(0.005)

    for task in (*holding, *waiting):
        task.cancel()
    await asyncio.wait((*holding, *waiting))

    assert client.budget.size == client.free_bytes


async def test_endless_bodies_of_one_host_leave_memory_for_other_hosts(
    origin: Origin, make_client: MakeClient, dns: FakeDns
) -> None:
    """A body of unknown length reserves the largest allowed size. The budget has ten times that; twenty ask for it."""
    dns["hostile.example"], dns["healthy.example"] = ["127.0.0.1"], ["127.0.0.1"]
    client = make_client(origin)
    hostile = f"http://hostile.example:{origin.port}/slow_chunks"
    endless = [asyncio.create_task(client.get(f"{hostile}/{number}")) for number in range(20)]
    while client.free_bytes > client.budget.size // 2:  # noqa: ASYNC110 - the budget sends no event
        await asyncio.sleep(0.005)

    healthy = f"http://healthy.example:{origin.port}"
    async with asyncio.timeout(5):
        results = await asyncio.gather(*(client.get(f"{healthy}/{name}") for name in ("length", "chunked")))

    assert [result.code for result in results] == ["stored"] * 2
    assert not any(task.done() for task in endless)
    assert client.budget.size // 2 == client.free_bytes
    for task in endless:
        task.cancel()
    await asyncio.wait(endless)


async def test_memory_of_a_body_that_never_comes_is_free_after_the_read_timeout(
    origin: Origin, make_client: MakeClient
) -> None:
    async def announce(_: Reader, writer: Writer, __: Request) -> None:
        await send(writer, head(f"Content-Length: {MAX_BYTES}"))
        await wait_forever()

    origin.responders["announce"] = announce
    client = make_client(origin, memory_budget_bytes=MAX_BYTES, read_timeout=0.1, max_attempts=1)

    first, second = await asyncio.gather(client.get(origin.url("announce")), client.get(origin.url("chunked")))

    assert (first.code, second.code) == ("timeout", "stored")
