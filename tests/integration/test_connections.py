"""A connection is used again if it is silent, and only then."""

import asyncio
import time
from collections.abc import Generator

import pytest

from intake.http_client.response_head import ResponseHead, parse_head
from support.origin import BEHAVIOURS, IMAGE, Origin, origin_in_thread
from support.origin.behaviour import head, reply
from support.origin.client import Client, MakeClient, limits_for
from support.origin.fake_dns import FakeDns

HEALTHY = ["length", "chunked", "trailers", "chunk_extensions", "continue_first", "length_with_spaces", "cookies"]
TALKATIVE = [
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


async def _until_quiet(origin: Origin) -> None:
    async with asyncio.timeout(5):
        while origin.is_answering:  # noqa: ASYNC110 - the server may run in another thread
            await asyncio.sleep(0.005)


@pytest.mark.parametrize("name", HEALTHY)
async def test_a_silent_connection_is_used_again(name: str, origin: Origin, client: Client) -> None:
    for _ in range(5):
        assert (await client.get(origin.url(name))).body == IMAGE

    assert origin.connections == 1
    assert len(origin.requests) == 5


@pytest.mark.parametrize("name", TALKATIVE)
async def test_a_connection_on_which_more_came_is_not_used_again(name: str, origin: Origin, client: Client) -> None:
    """What came unasked is never taken for the next answer, and costs no attempt."""
    assert (await client.get(origin.url(name))).body == IMAGE
    await _until_quiet(origin)

    result = await client.get(origin.url("length"))

    assert result.body == IMAGE
    assert result.stats.attempts == 1
    assert origin.connections == 2


async def test_a_blank_line_behind_an_answer_does_no_harm(origin: Origin, client: Client) -> None:
    """The parser drops it with the answer that it came with (RFC 9112, 2.2)."""
    for _ in range(3):
        assert (await client.get(origin.url("blank_line_at_once"))).body == IMAGE


@pytest.mark.parametrize(
    "name", ["status_101", "length_then_close", "until_close", "length_in_1_0", "length_too_short"]
)
async def test_a_connection_that_is_spent_is_not_used_again(name: str, origin: Origin, client: Client) -> None:
    await client.get(origin.url(name))

    assert (await client.get(origin.url("length"))).body == IMAGE
    assert origin.connections == 2


async def test_a_body_that_was_not_read_takes_its_connection_with_it(origin: Origin, client: Client) -> None:
    assert (await client.get(origin.url("not_found_that_stalls"))).code == "not_found"

    assert (await client.get(origin.url("length"))).body == IMAGE
    assert origin.connections == 2


async def test_a_closed_connection_costs_no_attempt(origin: Origin, client: Client) -> None:
    await client.get(origin.url("length"))
    await origin.close_connections()

    result = await client.get(origin.url("length"))

    assert result.stats.attempts == 1
    assert origin.request_count("length") == 2
    assert origin.connections == 2


@pytest.mark.parametrize("name", ["close_before_response", "reset_before_response"])
async def test_no_request_is_repeated_without_being_counted(name: str, origin: Origin, make_client: MakeClient) -> None:
    """On a connection that was used before, HTTP clients like to try once more on their own."""
    client = make_client(origin, max_attempts=1)
    await client.get(origin.url("length"))

    result = await client.get(origin.url(name))

    assert (result.code, result.stats.attempts, origin.request_count(name)) == ("connection_lost", 1, 1)
    assert origin.connections == 1


async def test_as_many_connections_as_requests_at_once(origin: Origin, client: Client) -> None:
    results = await asyncio.gather(*(client.get(origin.url("length")) for _ in range(8)))
    await asyncio.gather(*(client.get(origin.url("length")) for _ in range(8)))

    assert [result.body for result in results] == [IMAGE] * 8
    assert origin.connections == 8


async def test_a_flood_of_heads_is_not_read_to_its_end(
    origin: Origin, make_client: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Thousands come in one segment, and nothing else runs while they are read."""
    seen: list[ResponseHead] = []
    monkeypatch.setattr(
        "intake.http_client.response_parser.parse_head",
        lambda *given: seen.append(parse_head(*given)) or seen[-1],  # type: ignore[func-returns-value]
    )
    origin.responders["flood"] = reply(head(status="100 Continue") * 10_000, close=False)

    result = await make_client(origin, max_attempts=1).get(origin.url("flood"))

    assert result.code == "bad_response"
    assert len(seen) in range(100, 103)


async def test_no_more_connections_wait_than_there_are_descriptors_for(
    origin: Origin, client: Client, dns: FakeDns, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A list may name as many origins as it has images; those asked last are kept."""
    monkeypatch.setattr("intake.http_client.pool._KEEP", 4)
    made = client.record_sockets()
    urls = [f"http://{number}.a.example:{origin.port}/length" for number in range(12)]
    for number, url in enumerate(urls):
        dns[f"{number}.a.example"] = ["127.0.0.1"]
        assert (await client.get(url)).body == IMAGE

    assert len([sock for sock in made if sock.fileno() >= 0]) <= 5  # one is being closed
    for url in urls[-1:-5:-1]:
        assert (await client.get(url)).body == IMAGE
    assert len(made) == 12
    for url in urls[:8]:
        assert (await client.get(url)).body == IMAGE
    assert len(made) == 20
    await asyncio.sleep(0.01)
    assert len([sock for sock in made if sock.fileno() >= 0]) == 4


@pytest.fixture
def origin_of_its_own() -> Generator[Origin]:
    with origin_in_thread() as origin:
        yield origin


@pytest.mark.usefixtures("connected_addresses", "dns")
@pytest.mark.parametrize(("name", "connections"), [("length", 1), *((name, 2) for name in TALKATIVE)])
def test_what_came_while_no_loop_ran_is_noticed(name: str, connections: int, origin_of_its_own: Origin) -> None:
    """Between two invocations nothing reads: bytes and farewells wait in the kernel."""
    origin = origin_of_its_own
    client = Client(limits_for(origin))
    with asyncio.Runner() as runner:
        assert runner.run(client.get(origin.url(name))).body == IMAGE
        # A flood that nobody reads comes to no end: the rest is waited for, however slow the machine.
        end = time.monotonic() + (0.25 if name == "flood_later" else 5)
        while origin.is_answering and time.monotonic() < end:
            time.sleep(0.005)

        result = runner.run(client.get(origin.url("length")))
        runner.run(client.transport.aclose())

    assert result.body == IMAGE
    assert result.stats.attempts == 1
    assert connections == origin.connections
