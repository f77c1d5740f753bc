"""The service connects to the address that it checked, and to no forbidden one, whatever URL and DNS say.

The tests observe the addresses that sockets are told to connect to.
"""

import socket
from ipaddress import ip_network
from itertools import chain, repeat

import pytest

from intake.http_client.resolver import AddressInfo
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
    "168.63.129.16",
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
    "2606:4700::5efe:a00:1",
    "2606:4700::200:5efe:a9fe:a9fe",
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
def public_client(make_client: MakeClient) -> Client:
    """A client without allowed networks: it may connect to public addresses only."""
    return make_client(allowed_networks=(), allowed_ports=(80,), max_attempts=1)


@pytest.mark.parametrize("address", FORBIDDEN)
async def test_client_does_not_connect_to_a_forbidden_address(
    address: str, public_client: Client, connected_addresses: list[str]
) -> None:
    result = await public_client.get(f"http://{_in_url(address)}/")

    assert result.code == "blocked"
    assert address.rsplit(":", maxsplit=1)[-1] in result.reason
    assert connected_addresses == []


@pytest.mark.parametrize("address", [*FORBIDDEN, "fe80::1%eth0", "fe80::1%2"])
async def test_client_does_not_connect_when_a_name_has_a_forbidden_address(
    address: str, public_client: Client, dns: FakeDns, connected_addresses: list[str]
) -> None:
    dns["a.example"] = [address]

    assert (await public_client.get("http://a.example/")).code == "blocked"
    assert connected_addresses == []


@pytest.mark.parametrize("address", PUBLIC)
async def test_client_connects_to_a_public_address(
    address: str, public_client: Client, dns: FakeDns, connected_addresses: list[str]
) -> None:
    """The address is in the URL, or in the DNS answer. The fixture refuses the connection."""
    dns["a.example"] = [address]

    for host in (_in_url(address), "a.example"):
        assert (await public_client.get(f"http://{host}/")).code == "connect_failed"

    assert [address, address] == connected_addresses


@pytest.mark.parametrize("position", [0, 1, 14, 29])
async def test_client_does_not_connect_when_one_of_thirty_addresses_is_forbidden(
    position: int, public_client: Client, dns: FakeDns, connected_addresses: list[str]
) -> None:
    addresses = [f"1.1.1.{number}" for number in range(30)]
    addresses[position] = "10.0.0.1"
    dns["a.example"] = addresses

    assert (await public_client.get("http://a.example/")).code == "blocked"
    assert connected_addresses == []


async def test_name_is_looked_up_once_for_check_and_connection(origin: Origin, client: Client, dns: FakeDns) -> None:
    """A second lookup would return another address, which was not checked."""
    answers = chain([["127.0.0.1"]], repeat(["10.0.0.1"]))
    dns["a.example"] = lambda: next(answers)

    assert (await client.get(f"http://a.example:{origin.port}/length")).body == IMAGE
    assert dns.lookups == ["a.example"]


async def test_new_address_of_a_name_is_checked(
    origin: Origin, client: Client, dns: FakeDns, connected_addresses: list[str]
) -> None:
    answers = chain([["127.0.0.1"]], repeat(["10.0.0.1"]))
    dns["a.example"] = lambda: next(answers)
    url = f"http://a.example:{origin.port}/length_then_close"
    await client.get(url)
    client.resolver._resolver._cache.clear()

    assert (await client.get(url)).code == "blocked"
    assert connected_addresses == ["127.0.0.1"]


async def test_new_address_of_a_name_is_checked_between_attempts(
    origin: Origin,
    make_client: MakeClient,
    dns: FakeDns,
    connected_addresses: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The second attempt finds another address, so it sends no request and does not count as an attempt."""
    monkeypatch.setattr("intake.http_client.resolver._CACHE_SECONDS", -1)
    answers = chain([["127.0.0.1"]], repeat(["10.0.0.1"]))
    dns["a.example"] = lambda: next(answers)

    result = await make_client(origin).get(f"http://a.example:{origin.port}/close_before_response")

    assert (result.code, result.stats.attempts) == ("blocked", 1)
    assert connected_addresses == ["127.0.0.1"]


class _UncheckedResolver:
    async def resolve(self, host: str, port: int) -> list[AddressInfo]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 0, host, ("10.0.0.1", port))]


async def test_socket_is_refused_when_the_resolver_did_not_check_the_address(
    make_client: MakeClient, connected_addresses: list[str]
) -> None:
    """The check at the socket does not rely on the one in the resolver."""
    client = make_client(allowed_ports=(80,), max_attempts=1)
    client.resolver.resolve = _UncheckedResolver().resolve  # type: ignore[method-assign]

    assert (await client.get("http://a.example/")).code == "blocked"
    assert connected_addresses == []


async def test_client_tries_the_second_address_when_the_first_refuses(
    origin: Origin, client: Client, dns: FakeDns, connected_addresses: list[str]
) -> None:
    dns["a.example"] = ["127.0.0.2", "127.0.0.1"]

    assert (await client.get(f"http://a.example:{origin.port}/length")).body == IMAGE
    assert connected_addresses == ["127.0.0.2", "127.0.0.1"]


async def test_mapped_address_is_classified_as_its_ipv4_address(
    make_client: MakeClient, connected_addresses: list[str]
) -> None:
    """An allowed IPv4 network includes the IPv4-mapped forms of its addresses."""
    client = make_client(allowed_networks=(ip_network("10.0.0.0/8"),), allowed_ports=(80,), max_attempts=1)

    assert (await client.get("http://[::ffff:10.0.0.1]/")).code == "connect_failed"
    assert (await client.get("http://[::ffff:11.0.0.1]:81/")).code == "blocked"
    assert connected_addresses == ["::ffff:10.0.0.1"]


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "ftp://127.0.0.1/", "http://10.0.0.1/", "http://in.example/"])
async def test_every_blocked_url_has_the_same_message(url: str, public_client: Client, dns: FakeDns) -> None:
    """Callers must not learn about the internal network; only the log has the reason."""
    dns["in.example"] = ["10.0.0.1"]

    result = await public_client.get(url)

    assert result.error is not None
    assert (result.code, result.error.message) == ("blocked", "The service does not fetch this URL.")
    assert result.reason


async def test_unknown_name_fails_with_dns_failure(public_client: Client, connected_addresses: list[str]) -> None:
    assert (await public_client.get("http://nowhere.example/")).code == "dns_failure"
    assert connected_addresses == []
