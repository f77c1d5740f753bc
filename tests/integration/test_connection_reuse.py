"""A connection is reused if nothing but the response arrived on it, and only then."""

import asyncio
import time
from collections.abc import Generator

import pytest

from intake.http_client.response_head import ResponseHead, parse_head
from support.origin import BEHAVIOURS, IMAGE, Origin, origin_in_thread
from support.origin.behaviour import head, reply
from support.origin.client import Client, MakeClient, limits_for
from support.origin.fake_dns import FakeDns

REUSABLE = ["length", "chunked", "trailers", "chunk_extensions", "continue_first", "length_with_spaces", "cookies"]
UNSOLICITED = [
    "second_response_at_once",
    "second_response_after_chunks",
    "half_response_at_once",
    "bytes_after_the_length",
    *(name for name in BEHAVIOURS if "_after_cut_" in name),
    "second_response_later",
    "half_response_later",
    "byte_later",
    "blank_line_later",
    "request_timeout_later",
    "flood_later",
    "close_later",
]


async def _until_idle(origin: Origin) -> None:
    async with asyncio.timeout(5):
        while origin.is_answering:  # noqa: ASYNC110 - the server may run in another thread
            await asyncio.sleep(0.005)


@pytest.mark.parametrize("name", REUSABLE)
async def test_connection_is_reused_when_nothing_follows_the_response(
    name: str, origin: Origin, client: Client
) -> None:
    for _ in range(5):
        assert (await client.get(origin.url(name))).body == IMAGE

    assert origin.connections == 1
    assert len(origin.requests) == 5


@pytest.mark.parametrize("name", UNSOLICITED)
async def test_connection_is_not_reused_when_unsolicited_bytes_follow_the_response(
    name: str, origin: Origin, client: Client
) -> None:
    """Such bytes are never read as the next response, and cost no attempt."""
    assert (await client.get(origin.url(name))).body == IMAGE
    await _until_idle(origin)

    result = await client.get(origin.url("length"))

    assert result.body == IMAGE
    assert result.stats.attempts == 1
    assert origin.connections == 2


async def test_blank_line_behind_a_response_does_no_harm(origin: Origin, client: Client) -> None:
    """The parser drops it with the response before it (RFC 9112, 2.2)."""
    for _ in range(3):
        assert (await client.get(origin.url("blank_line_at_once"))).body == IMAGE


@pytest.mark.parametrize(
    "name", ["status_101", "length_then_close", "until_close", "length_in_1_0", "length_too_short"]
)
async def test_connection_is_not_reused_when_the_response_is_its_last(
    name: str, origin: Origin, client: Client
) -> None:
    await client.get(origin.url(name))

    assert (await client.get(origin.url("length"))).body == IMAGE
    assert origin.connections == 2


async def test_connection_is_not_reused_when_a_body_was_not_read(origin: Origin, client: Client) -> None:
    assert (await client.get(origin.url("not_found_that_stalls"))).code == "not_found"

    assert (await client.get(origin.url("length"))).body == IMAGE
    assert origin.connections == 2


async def test_connection_that_the_server_closed_costs_no_attempt(origin: Origin, client: Client) -> None:
    await client.get(origin.url("length"))
    await origin.close_connections()

    result = await client.get(origin.url("length"))

    assert result.stats.attempts == 1
    assert origin.request_count("length") == 2
    assert origin.connections == 2


async def test_pool_opens_one_connection_for_each_request_at_the_same_time(origin: Origin, client: Client) -> None:
    results = await asyncio.gather(*(client.get(origin.url("length")) for _ in range(8)))
    await asyncio.gather(*(client.get(origin.url("length")) for _ in range(8)))

    assert [result.body for result in results] == [IMAGE] * 8
    assert origin.connections == 8


async def test_parser_stops_when_interim_responses_flood_it(
    origin: Origin, make_client: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Thousands fit into one read, and nothing else runs while they are parsed."""
    parsed: list[ResponseHead] = []
    monkeypatch.setattr(
        "intake.http_client.response_parser.parse_head",
        lambda *args: parsed.append(parse_head(*args)) or parsed[-1],  # type: ignore[func-returns-value]
    )
    origin.responders["flood"] = reply(head(status="100 Continue") * 10_000, close=False)

    result = await make_client(origin, max_attempts=1).get(origin.url("flood"))

    assert result.code == "bad_response"
    assert len(parsed) in range(100, 103)


async def test_pool_closes_the_longest_idle_connections_when_they_are_too_many(
    origin: Origin, client: Client, dns: FakeDns, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A list may name as many origins as images, and descriptors are limited."""
    monkeypatch.setattr("intake.http_client.pool._MAX_IDLE", 4)
    sockets = client.record_sockets()
    urls = [f"http://{number}.a.example:{origin.port}/length" for number in range(12)]
    for number, url in enumerate(urls):
        dns[f"{number}.a.example"] = ["127.0.0.1"]
        assert (await client.get(url)).body == IMAGE

    assert len([sock for sock in sockets if sock.fileno() >= 0]) <= 5  # one is still closing
    for url in urls[-1:-5:-1]:
        assert (await client.get(url)).body == IMAGE
    assert len(sockets) == 12
    for url in urls[:8]:
        assert (await client.get(url)).body == IMAGE
    assert len(sockets) == 20
    await asyncio.sleep(0.01)
    assert len([sock for sock in sockets if sock.fileno() >= 0]) == 4


@pytest.fixture
def origin_in_a_thread() -> Generator[Origin]:
    with origin_in_thread() as origin:
        yield origin


@pytest.mark.usefixtures("connected_addresses", "dns")
@pytest.mark.parametrize(("name", "connections"), [("length", 1), *((name, 2) for name in UNSOLICITED)])
def test_connection_is_not_reused_when_bytes_arrived_while_no_loop_ran(
    name: str, connections: int, origin_in_a_thread: Origin
) -> None:
    """Between two invocations nothing reads: bytes, and the end of the connection, wait in the kernel."""
    origin = origin_in_a_thread
    client = Client(limits_for(origin))
    with asyncio.Runner() as runner:
        assert runner.run(client.get(origin.url(name))).body == IMAGE
        # A flood that nobody reads never ends. For the others, wait as long as a slow machine needs.
        end = time.monotonic() + (0.25 if name == "flood_later" else 5)
        while origin.is_answering and time.monotonic() < end:
            time.sleep(0.005)

        result = runner.run(client.get(origin.url("length")))
        runner.run(client.transport.aclose())

    assert result.body == IMAGE
    assert result.stats.attempts == 1
    assert connections == origin.connections
