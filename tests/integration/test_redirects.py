"""The service checks every hop of a redirect like the first URL, and all hops share one timeout."""

import asyncio

import pytest

from support.origin import IMAGE, Origin
from support.origin.behaviour import Reader, Request, Responder, Writer, reply, send
from support.origin.client import AGENT, Client, MakeClient
from support.origin.fake_dns import FakeDns
from support.origin.redirects import redirect


def _redirect_to(location: str) -> Responder:
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
        ("redirect_in_latin_1", "/%E9"),
        ("redirect_in_cp1251", "/%EA?%E8"),
        ("redirect_in_shift_jis", "/%95%5C%89%E6.png"),
        ("redirect_relative_in_latin_1", "/%E8.png"),
        ("redirect_with_a_c1_control", "/length%85"),
        ("redirect_with_a_location_twice", "/%E9"),
        ("redirect_beside_other_charsets", "/%C3%A9"),
        ("redirect_with_brackets", "/length?q=[1]%7B2%7D%7C%5E"),
    ],
)
async def test_location_is_resolved_as_in_a_browser(name: str, target: str, origin: Origin, client: Client) -> None:
    result = await client.get(origin.url(name))

    assert result.body == IMAGE
    assert target == origin.requests[-1].target
    assert result.download is not None
    assert origin.base + target == str(result.download.final_url)


@pytest.fixture
def inside(dns: FakeDns) -> None:
    dns["inside.example"] = ["10.0.0.1"]


async def test_percent_encoding_of_a_location_is_not_changed(origin: Origin, client: Client) -> None:
    """The location may be a signed URL."""
    origin.responders["signed"] = _redirect_to("/a%2Fb%7e?X-Signature=a%2Fb%3D&c=%7E+")

    await client.get(origin.url("signed"))

    assert origin.requests[-1].target == "/a%2Fb%7e?X-Signature=a%2Fb%3D&c=%7E+"


async def test_next_hop_receives_no_data_of_the_previous_one(
    origin: Origin, other_origin: Origin, make_client: MakeClient
) -> None:
    """It receives no cookie and no referrer, and its own Host."""
    with_cookie = redirect(other_origin.url("length"))[:-2] + b"Set-Cookie: a=b; Domain=127.0.0.1; Path=/\r\n\r\n"
    origin.responders["away"] = reply(with_cookie, close=False)

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
async def test_client_does_not_connect_to_a_forbidden_address_of_a_hop(
    location: str, origin: Origin, make_client: MakeClient, connected_addresses: list[str]
) -> None:
    origin.responders["inside"] = _redirect_to(location)

    result = await make_client(origin, allowed_ports=(80, origin.port)).get(origin.url("inside"))

    assert result.code == "blocked"
    assert connected_addresses == ["127.0.0.1"]


async def test_every_hop_is_checked_against_the_allowed_hosts(
    origin: Origin, make_client: MakeClient, dns: FakeDns
) -> None:
    dns["a.cdn.example"] = dns["b.example"] = ["127.0.0.1"]
    origin.responders["away"] = _redirect_to(f"http://b.example:{origin.port}/length")
    client = make_client(origin, allowed_hosts=("*.cdn.example",))
    base = f"http://a.cdn.example:{origin.port}"

    assert (await client.get(f"{base}/length")).body == IMAGE
    assert (await client.get(f"{base}/away")).code == "blocked"
    assert dns.lookups == ["a.cdn.example"]


async def test_chain_within_one_origin_needs_one_slot(origin: Origin, make_client: MakeClient) -> None:
    """The client releases the origin's slot before the next hop acquires one."""
    assert (await make_client(origin, max_per_origin=1).get(origin.url("chain_at_limit"))).body == IMAGE


async def test_client_follows_no_redirect_when_none_is_allowed(origin: Origin, make_client: MakeClient) -> None:
    client = make_client(origin, max_redirects=0)

    assert (await client.get(origin.url("redirect_302"))).code == "too_many_redirects"
    assert len(origin.requests) == 1


async def test_all_hops_share_one_image_timeout(origin: Origin, make_client: MakeClient) -> None:
    """Each hop responds in time; all hops together take too long."""

    async def slow_hop(_: Reader, writer: Writer, request: Request) -> None:
        await asyncio.sleep(0.1)
        await send(writer, redirect(f"/slow_hop/{request.target.count('/')}{request.target}"))

    origin.responders["slow_hop"] = slow_hop

    result = await make_client(origin, max_redirects=1000, image_timeout=0.35).get(origin.url("slow_hop"))

    assert (result.code, result.stats.attempts) == ("timeout", 1)
    assert len(origin.requests) in range(2, 5)


async def test_body_of_a_redirect_is_not_read(origin: Origin, make_client: MakeClient) -> None:
    """The body of the redirect never ends, and the memory budget is one byte."""
    client = make_client(origin, memory_budget_bytes=1)

    assert (await client.get(origin.url("redirect_with_endless_body"))).body == IMAGE
    assert origin.connections == 2
