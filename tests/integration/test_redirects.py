"""Redirects are followed by hand: each hop is judged, asked and timed like the first."""

import asyncio

import pytest

from support.origin import IMAGE, Origin
from support.origin.behaviour import Reader, Request, Responder, Writer, reply, send
from support.origin.client import AGENT, Client, MakeClient
from support.origin.fake_dns import FakeDns
from support.origin.redirects import redirect


def _leads(location: str) -> Responder:
    return reply(redirect(location), close=False)


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("redirect_absolute", "/length"),
        ("redirect_protocol_relative", "/length"),
        ("redirect_relative", "/length"),
        ("redirect_relative_with_dots", "/length"),
        ("redirect_with_fragment", "/length"),
        ("redirect_with_spaces", "/a%20b/c%20d"),
        ("redirect_in_utf_8", "/%C3%A9"),
        ("redirect_in_latin_1", "/%C3%A9"),
        ("redirect_with_brackets", "/length?q=[1]{2}|^"),
    ],
)
async def test_a_location_leads_where_a_browser_would_go(
    name: str, target: str, origin: Origin, client: Client
) -> None:
    result = await client.get(origin.url(name))

    assert result.body == IMAGE
    assert target == origin.requests[-1].target
    assert result.download is not None
    assert origin.base + target == str(result.download.final_url)


@pytest.fixture
def inside(dns: FakeDns) -> None:
    dns["inside.example"] = ["10.0.0.1"]


async def test_percent_encodings_of_a_location_stay(origin: Origin, client: Client) -> None:
    """What a redirect leads to is as often signed as not."""
    origin.responders["signed"] = _leads("/a%2Fb%7e?X-Signature=a%2Fb%3D&c=%7E+")

    await client.get(origin.url("signed"))

    assert origin.requests[-1].target == "/a%2Fb%7e?X-Signature=a%2Fb%3D&c=%7E+"


async def test_the_next_hop_learns_nothing_of_the_one_before(
    origin: Origin, other_origin: Origin, make_client: MakeClient
) -> None:
    """No cookie, no referrer, and the host of its own."""
    answer = redirect(other_origin.url("length"))[:-2] + b"Set-Cookie: a=b; Domain=127.0.0.1; Path=/\r\n\r\n"
    origin.responders["away"] = reply(answer, close=False)

    result = await make_client(origin, other_origin).get(origin.url("away?secret=1"))

    assert result.body == IMAGE
    assert [
        ("Host", f"127.0.0.1:{other_origin.port}"),
        ("User-Agent", AGENT),
        ("Accept", "image/*,*/*;q=0.1"),
        ("Accept-Encoding", "identity"),
    ] == other_origin.requests[0].headers


@pytest.mark.usefixtures("inside")
@pytest.mark.parametrize("location", ["http://inside.example/", "//inside.example/", "http://10.0.0.1/"])
async def test_a_hop_to_a_forbidden_address_is_not_dialled(
    location: str, origin: Origin, make_client: MakeClient, connected_addresses: list[str]
) -> None:
    origin.responders["inside"] = _leads(location)

    result = await make_client(origin, allowed_ports=(80, origin.port)).get(origin.url("inside"))

    assert result.code == "blocked"
    assert connected_addresses == ["127.0.0.1"]


async def test_every_hop_is_held_against_the_allowed_hosts(
    origin: Origin, make_client: MakeClient, dns: FakeDns
) -> None:
    dns["a.cdn.example"] = dns["b.example"] = ["127.0.0.1"]
    origin.responders["away"] = _leads(f"http://b.example:{origin.port}/length")
    client = make_client(origin, allowed_hosts=("*.cdn.example",))
    base = f"http://a.cdn.example:{origin.port}"

    assert (await client.get(f"{base}/length")).body == IMAGE
    assert (await client.get(f"{base}/away")).code == "blocked"
    assert dns.lookups == ["a.cdn.example"]


async def test_a_chain_within_one_origin_needs_one_place(origin: Origin, make_client: MakeClient) -> None:
    """The place at the origin is given back before the next hop asks for one."""
    assert (await make_client(origin, max_per_origin=1).get(origin.url("chain_at_limit"))).body == IMAGE


async def test_no_redirects_at_all_when_none_are_allowed(origin: Origin, make_client: MakeClient) -> None:
    client = make_client(origin, max_redirects=0)

    assert (await client.get(origin.url("redirect_302"))).code == "too_many_redirects"
    assert len(origin.requests) == 1


async def test_all_hops_share_one_time(origin: Origin, make_client: MakeClient) -> None:
    """Each hop answers in good time, and all of them together do not."""

    async def slow_hop(_: Reader, writer: Writer, request: Request) -> None:
        await asyncio.sleep(0.1)
        await send(writer, redirect(f"/slow_hop/{request.target.count('/')}{request.target}"))

    origin.responders["slow_hop"] = slow_hop

    result = await make_client(origin, max_redirects=1000, image_timeout=0.35).get(origin.url("slow_hop"))

    assert (result.code, result.stats.attempts) == ("timeout", 1)
    assert len(origin.requests) in range(2, 5)


async def test_a_body_of_a_redirect_is_not_read(origin: Origin, make_client: MakeClient) -> None:
    """Room for one byte is enough, where the body of the redirect never ends."""
    client = make_client(origin, memory_budget_bytes=1)

    assert (await client.get(origin.url("redirect_with_endless_body"))).body == IMAGE
    assert origin.connections == 2
