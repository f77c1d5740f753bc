"""`MAX_PER_ORIGIN` over real sockets: each origin has its own limit, which overload halves and success restores."""

import asyncio

import pytest

from support.origin import IMAGE, Origin
from support.origin.behaviour import Reader, Request, Writer, response_with, send
from support.origin.client import MakeClient


async def test_origin_receives_no_more_concurrent_requests_than_its_limit(
    origin: Origin, other_origin: Origin, make_client: MakeClient
) -> None:
    async def slow(_: Reader, writer: Writer, __: Request) -> None:
        await asyncio.sleep(0.05)
        await send(writer, response_with(IMAGE))

    origin.responders["slow"] = other_origin.responders["slow"] = slow
    client = make_client(origin, other_origin, max_per_origin=3)

    await asyncio.gather(*(client.get(server.url("slow")) for server in (origin, other_origin) for _ in range(9)))

    assert (origin.peak_concurrency, other_origin.peak_concurrency) == (3, 3)


@pytest.mark.parametrize("name", ["status_429", "status_503", "refused"])
async def test_limit_is_halved_once_when_a_burst_overloads_the_origin(
    name: str, origin: Origin, make_client: MakeClient
) -> None:
    """Eight requests fail together; the limit becomes four, not zero."""
    client = make_client(origin, max_per_origin=8, max_attempts=1, allowed_ports=(1, origin.port))
    base = "http://127.0.0.1:1" if name == "refused" else origin.base

    await asyncio.gather(*(client.get(f"{base}/{name}") for _ in range(8)))

    assert client.downloader.origins.limit(base) == 4


@pytest.mark.parametrize(
    "name", ["status_404", "status_500", "close_before_response", "soft_404", "redirect_to_nothing"]
)
async def test_limit_does_not_change_when_requests_fail_otherwise(
    name: str, origin: Origin, make_client: MakeClient
) -> None:
    client = make_client(origin, max_per_origin=8, max_attempts=1)

    await asyncio.gather(*(client.get(origin.url(name)) for _ in range(8)))

    assert client.downloader.origins.limit(origin.base) == 8


async def test_limit_grows_back_when_requests_succeed(origin: Origin, make_client: MakeClient) -> None:
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
