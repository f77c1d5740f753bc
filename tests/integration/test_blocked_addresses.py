"""What is dialled is what was judged: seen at the socket, whatever the URL says and the names answer."""

import socket
from ipaddress import ip_network
from itertools import chain, repeat

import pytest
from aiohappyeyeballs import AddrInfoType

from support.origin import IMAGE, Origin
from support.origin.client import Client, MakeClient
from support.origin.fake_dns import FakeDns

FORBIDDEN = [
    "0.0.0.0",  # noqa: S104 - to be refused
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.8",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.19.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fec0::1",
    "ff02::1",
]
PUBLIC = [
    "1.1.1.1",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.0",
    "169.253.255.255",
    "169.255.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "192.167.255.255",
    "192.169.0.0",
    "223.255.255.255",
    "2606:4700::1111",
    "2a00::1",
]


def _in_url(address: str) -> str:
    return f"[{address}]" if ":" in address else address


@pytest.fixture
def stranger(make_client: MakeClient) -> Client:
    """A client with no network of its own: everything that is not public is forbidden."""
    return make_client(allowed_networks=(), allowed_ports=(80,), max_attempts=1)


@pytest.mark.parametrize("address", FORBIDDEN)
async def test_a_forbidden_address_is_not_dialled(
    address: str, stranger: Client, connected_addresses: list[str]
) -> None:
    result = await stranger.get(f"http://{_in_url(address)}/")

    assert result.code == "blocked"
    assert address.rsplit(":", maxsplit=1)[-1] in result.reason
    assert connected_addresses == []


@pytest.mark.parametrize("address", [*FORBIDDEN, "fe80::1%eth0", "fe80::1%2"])
async def test_a_name_of_a_forbidden_address_is_not_dialled(
    address: str, stranger: Client, dns: FakeDns, connected_addresses: list[str]
) -> None:
    dns["a.example"] = [address]

    assert (await stranger.get("http://a.example/")).code == "blocked"
    assert connected_addresses == []


@pytest.mark.parametrize("address", PUBLIC)
async def test_a_public_address_is_dialled(
    address: str, stranger: Client, dns: FakeDns, connected_addresses: list[str]
) -> None:
    """By itself and by name; the world of the tests lets nothing out."""
    dns["a.example"] = [address]

    for host in (_in_url(address), "a.example"):
        assert (await stranger.get(f"http://{host}/")).code == "connect_failed"

    assert [address, address] == connected_addresses


@pytest.mark.parametrize("place", [0, 1, 14, 29])
async def test_one_forbidden_answer_of_thirty_is_enough(
    place: int, stranger: Client, dns: FakeDns, connected_addresses: list[str]
) -> None:
    answers = [f"1.1.1.{number}" for number in range(30)]
    answers[place] = "10.0.0.1"
    dns["a.example"] = answers

    assert (await stranger.get("http://a.example/")).code == "blocked"
    assert connected_addresses == []


async def test_a_name_is_looked_up_once_for_what_is_dialled(origin: Origin, client: Client, dns: FakeDns) -> None:
    """A name that answers well when it is judged, and otherwise when it is dialled, is asked but once."""
    answers = chain([["127.0.0.1"]], repeat(["10.0.0.1"]))
    dns["a.example"] = lambda: next(answers)

    assert (await client.get(f"http://a.example:{origin.port}/length")).body == IMAGE
    assert dns.lookups == ["a.example"]


async def test_a_name_that_changes_is_judged_anew(
    origin: Origin, client: Client, dns: FakeDns, connected_addresses: list[str]
) -> None:
    answers = chain([["127.0.0.1"]], repeat(["10.0.0.1"]))
    dns["a.example"] = lambda: next(answers)
    url = f"http://a.example:{origin.port}/length_then_close"
    await client.get(url)
    client.resolver._resolver._names.clear()

    assert (await client.get(url)).code == "blocked"
    assert connected_addresses == ["127.0.0.1"]


async def test_a_change_within_the_attempts_is_noticed_too(
    origin: Origin,
    make_client: MakeClient,
    dns: FakeDns,
    connected_addresses: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The first attempt fails, and the name leads elsewhere by the second, which asks nobody and counts for none."""
    monkeypatch.setattr("intake.http_client.resolver._REMEMBERED_SECONDS", -1)
    answers = chain([["127.0.0.1"]], repeat(["10.0.0.1"]))
    dns["a.example"] = lambda: next(answers)

    result = await make_client(origin).get(f"http://a.example:{origin.port}/close_before_response")

    assert (result.code, result.stats.attempts) == ("blocked", 1)
    assert connected_addresses == ["127.0.0.1"]


class _Liar:
    async def resolve(self, host: str, port: int) -> list[AddrInfoType]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 0, host, ("10.0.0.1", port))]


async def test_the_socket_is_refused_whoever_resolved(make_client: MakeClient, connected_addresses: list[str]) -> None:
    """Should a name ever pass by the resolver of the guard, its address does not pass by the socket."""
    client = make_client(allowed_ports=(80,), max_attempts=1)
    client.resolver.resolve = _Liar().resolve  # type: ignore[method-assign]

    assert (await client.get("http://a.example/")).code == "blocked"
    assert connected_addresses == []


async def test_the_second_address_is_tried_where_the_first_refuses(
    origin: Origin, client: Client, dns: FakeDns, connected_addresses: list[str]
) -> None:
    dns["a.example"] = ["127.0.0.2", "127.0.0.1"]

    assert (await client.get(f"http://a.example:{origin.port}/length")).body == IMAGE
    assert connected_addresses == ["127.0.0.2", "127.0.0.1"]


async def test_a_wrapped_address_is_judged_as_what_it_reaches(
    make_client: MakeClient, connected_addresses: list[str]
) -> None:
    """Allowed is the network of the IPv4 address, however it is written."""
    client = make_client(allowed_networks=(ip_network("10.0.0.0/8"),), allowed_ports=(80,), max_attempts=1)

    assert (await client.get("http://[::ffff:10.0.0.1]/")).code == "connect_failed"
    assert (await client.get("http://[::ffff:11.0.0.1]:81/")).code == "blocked"
    assert connected_addresses == ["::ffff:10.0.0.1"]


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "ftp://127.0.0.1/", "http://10.0.0.1/", "http://in.example/"])
async def test_every_refusal_looks_the_same(url: str, stranger: Client, dns: FakeDns) -> None:
    """A caller does not learn what stands inside; the log does."""
    dns["in.example"] = ["10.0.0.1"]

    result = await stranger.get(url)

    assert result.error is not None
    assert (result.code, result.error.message) == ("blocked", "The service does not fetch this URL.")
    assert result.reason


async def test_a_name_that_is_not_there_is_a_failure_of_dns(stranger: Client, connected_addresses: list[str]) -> None:
    assert (await stranger.get("http://nowhere.example/")).code == "dns_failure"
    assert connected_addresses == []
