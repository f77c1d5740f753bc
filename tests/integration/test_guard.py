"""What is dialled is what was judged: seen at the socket, whatever the URL says and the names answer."""

import socket
from ipaddress import ip_network
from itertools import chain, repeat

import pytest
from aiohappyeyeballs import AddrInfoType

from support.origin import IMAGE, Origin
from support.origin.client import Client, Connect
from support.origin.names import Names

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
def stranger(connect: Connect) -> Client:
    """A client with no network of its own: everything that is not public is forbidden."""
    return connect(allowed_networks=(), allowed_ports=(80,), max_attempts=1)


@pytest.mark.parametrize("address", FORBIDDEN)
async def test_a_forbidden_address_is_not_dialled(address: str, stranger: Client, dialled: list[str]) -> None:
    result = await stranger.get(f"http://{_in_url(address)}/")

    assert result.code == "blocked"
    assert address.rsplit(":", maxsplit=1)[-1] in result.reason
    assert dialled == []


@pytest.mark.parametrize("address", [*FORBIDDEN, "fe80::1%eth0", "fe80::1%2"])
async def test_a_name_of_a_forbidden_address_is_not_dialled(
    address: str, stranger: Client, names: Names, dialled: list[str]
) -> None:
    names["a.example"] = [address]

    assert (await stranger.get("http://a.example/")).code == "blocked"
    assert dialled == []


@pytest.mark.parametrize("address", PUBLIC)
async def test_a_public_address_is_dialled(address: str, stranger: Client, names: Names, dialled: list[str]) -> None:
    """By itself and by name; the world of the tests lets nothing out."""
    names["a.example"] = [address]

    for host in (_in_url(address), "a.example"):
        assert (await stranger.get(f"http://{host}/")).code == "connect_failed"

    assert [address, address] == dialled


@pytest.mark.parametrize("place", [0, 1, 14, 29])
async def test_one_forbidden_answer_of_thirty_is_enough(
    place: int, stranger: Client, names: Names, dialled: list[str]
) -> None:
    answers = [f"1.1.1.{number}" for number in range(30)]
    answers[place] = "10.0.0.1"
    names["a.example"] = answers

    assert (await stranger.get("http://a.example/")).code == "blocked"
    assert dialled == []


async def test_a_name_is_looked_up_once_for_what_is_dialled(origin: Origin, client: Client, names: Names) -> None:
    """A name that answers well when it is judged, and otherwise when it is dialled, is asked but once."""
    answers = chain([["127.0.0.1"]], repeat(["10.0.0.1"]))
    names["a.example"] = lambda: next(answers)

    assert (await client.get(f"http://a.example:{origin.port}/length")).body == IMAGE
    assert names.asked == ["a.example"]


async def test_a_name_that_changes_is_judged_anew(
    origin: Origin, client: Client, names: Names, dialled: list[str]
) -> None:
    answers = chain([["127.0.0.1"]], repeat(["10.0.0.1"]))
    names["a.example"] = lambda: next(answers)
    url = f"http://a.example:{origin.port}/length_then_close"
    await client.get(url)
    client.guard._resolver._cache.clear()

    assert (await client.get(url)).code == "blocked"
    assert dialled == ["127.0.0.1"]


async def test_a_change_within_the_attempts_is_noticed_too(
    origin: Origin, connect: Connect, names: Names, dialled: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first attempt fails, and the name leads elsewhere by the second, which asks nobody and counts for none."""
    monkeypatch.setattr("intake.http_client.resolver._CACHE_SECONDS", -1)
    answers = chain([["127.0.0.1"]], repeat(["10.0.0.1"]))
    names["a.example"] = lambda: next(answers)

    result = await connect(origin).get(f"http://a.example:{origin.port}/close_before_answer")

    assert (result.code, result.stats.attempts) == ("blocked", 1)
    assert dialled == ["127.0.0.1"]


class _Liar:
    async def resolve(self, host: str, port: int) -> list[AddrInfoType]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 0, host, ("10.0.0.1", port))]


async def test_the_socket_is_refused_whoever_resolved(connect: Connect, dialled: list[str]) -> None:
    """Should a name ever pass by the resolver of the guard, its address does not pass by the socket."""
    client = connect(allowed_ports=(80,), max_attempts=1)
    client.guard.resolve = _Liar().resolve  # type: ignore[method-assign]

    assert (await client.get("http://a.example/")).code == "blocked"
    assert dialled == []


async def test_the_second_address_is_tried_where_the_first_refuses(
    origin: Origin, client: Client, names: Names, dialled: list[str]
) -> None:
    names["a.example"] = ["127.0.0.2", "127.0.0.1"]

    assert (await client.get(f"http://a.example:{origin.port}/length")).body == IMAGE
    assert dialled == ["127.0.0.2", "127.0.0.1"]


async def test_a_wrapped_address_is_judged_as_what_it_reaches(connect: Connect, dialled: list[str]) -> None:
    """Allowed is the network of the IPv4 address, however it is written."""
    client = connect(allowed_networks=(ip_network("10.0.0.0/8"),), allowed_ports=(80,), max_attempts=1)

    assert (await client.get("http://[::ffff:10.0.0.1]/")).code == "connect_failed"
    assert (await client.get("http://[::ffff:11.0.0.1]:81/")).code == "blocked"
    assert dialled == ["::ffff:10.0.0.1"]


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "ftp://127.0.0.1/", "http://10.0.0.1/", "http://in.example/"])
async def test_every_refusal_looks_the_same(url: str, stranger: Client, names: Names) -> None:
    """A caller does not learn what stands inside; the log does."""
    names["in.example"] = ["10.0.0.1"]

    result = await stranger.get(url)

    assert result.error is not None
    assert (result.code, result.error.message) == ("blocked", "The service does not fetch this URL.")
    assert result.reason


async def test_a_name_that_is_not_there_is_a_failure_of_dns(stranger: Client, dialled: list[str]) -> None:
    assert (await stranger.get("http://nowhere.example/")).code == "dns_failure"
    assert dialled == []
