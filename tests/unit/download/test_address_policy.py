"""Which addresses are allowed: the first and last address of every range, and those just outside of it."""

from ipaddress import IPv4Address, IPv6Address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.download.address_policy import Verdict, classify, classify_destination

OUTSIDE = Verdict.NOT_GLOBAL_UNICAST


@pytest.mark.parametrize(
    ("expected", "addresses"),
    [
        (Verdict.THIS_NETWORK, "0.0.0.0 0.0.0.1 0.255.255.255"),
        (Verdict.PUBLIC, "1.0.0.0 1.1.1.1 8.8.8.8 9.255.255.255"),
        (Verdict.PRIVATE, "10.0.0.0 10.255.255.255"),
        (Verdict.PUBLIC, "11.0.0.0 100.63.255.255"),
        (Verdict.SHARED, "100.64.0.0 100.100.100.200 100.127.255.255"),
        (Verdict.PUBLIC, "100.128.0.0 126.255.255.255"),
        (Verdict.LOOPBACK, "127.0.0.0 127.0.0.1 127.255.255.255"),
        (Verdict.PUBLIC, "128.0.0.0 168.63.129.15"),
        (Verdict.CLOUD, "168.63.129.16"),
        (Verdict.PUBLIC, "168.63.129.17 169.253.255.255"),
        (Verdict.LINK_LOCAL, "169.254.0.0 169.254.169.254 169.254.170.2 169.254.255.255"),
        (Verdict.PUBLIC, "169.255.0.0 172.15.255.255"),
        (Verdict.PRIVATE, "172.16.0.0 172.31.255.255"),
        (Verdict.PUBLIC, "172.32.0.0 191.255.255.255"),
        (Verdict.PROTOCOL, "192.0.0.0 192.0.0.9 192.0.0.10 192.0.0.192 192.0.0.255"),
        (Verdict.PUBLIC, "192.0.1.0 192.0.1.255"),
        (Verdict.DOCUMENTATION, "192.0.2.0 192.0.2.255"),
        (Verdict.PUBLIC, "192.0.3.0 192.31.196.1 192.52.193.1 192.88.98.255"),
        (Verdict.RELAY, "192.88.99.0 192.88.99.1 192.88.99.255"),
        (Verdict.PUBLIC, "192.88.100.0 192.167.255.255"),
        (Verdict.PRIVATE, "192.168.0.0 192.168.255.255"),
        (Verdict.PUBLIC, "192.169.0.0 192.175.48.1 198.17.255.255"),
        (Verdict.BENCHMARK, "198.18.0.0 198.19.255.255"),
        (Verdict.PUBLIC, "198.20.0.0 198.51.99.255"),
        (Verdict.DOCUMENTATION, "198.51.100.0 198.51.100.255"),
        (Verdict.PUBLIC, "198.51.101.0 203.0.112.255"),
        (Verdict.DOCUMENTATION, "203.0.113.0 203.0.113.255"),
        (Verdict.PUBLIC, "203.0.114.0 223.255.255.255"),
        (Verdict.MULTICAST, "224.0.0.0 239.255.255.255"),
        (Verdict.RESERVED, "240.0.0.0 255.255.255.254 255.255.255.255"),
    ],
)
def test_ipv4_address_is_allowed_outside_of_the_special_ranges(expected: Verdict, addresses: str) -> None:
    for address in addresses.split():
        assert (address, expected) == (address, classify(address))


@pytest.mark.parametrize(
    ("expected", "addresses"),
    [
        (Verdict.LOOPBACK, "::1 0:0:0:0:0:0:0:1"),
        (OUTSIDE, ":: ::2 ::127.0.0.1 ::8.8.8.8 ::fffe:ffff:ffff ::1:0:0:0"),
        (OUTSIDE, "64:ff9a:ffff:ffff:ffff:ffff:ffff:ffff 64:ff9b::1:0:0 64:ff9b:1:: 64:ff9b:1:ffff::a9fe:a9fe"),
        (OUTSIDE, "100:: 100::ffff 100:0:0:1:: 1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
        (Verdict.PUBLIC, "2000:: 2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
        (Verdict.PROTOCOL, "2001:: 2001:0:4136:e378:8000:63bf:3fff:fdd2 2001:1::1 2001:2:: 2001:3:: 2001:4:112::"),
        (Verdict.PROTOCOL, "2001:10:: 2001:20:: 2001:30:: 2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff"),
        (Verdict.PUBLIC, "2001:200:: 2001:4860:4860::8888 2001:db7:ffff:ffff:ffff:ffff:ffff:ffff"),
        (Verdict.DOCUMENTATION, "2001:db8:: 2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"),
        (Verdict.PUBLIC, "2001:db9:: 2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
        (Verdict.RELAY, "2002:: 2002:7f00:1:: 2002:808:808::1 2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
        (Verdict.PUBLIC, "2003:: 2606:4700:4700::1111 2620:4f:8000::1 2a00:: 3ffd:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
        (Verdict.RESERVED, "3ffe:: 3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
        (Verdict.DOCUMENTATION, "3fff:: 3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff"),
        (Verdict.PUBLIC, "3fff:1000:: 3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
        (OUTSIDE, "4000:: 5f00:: 5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff fbff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
        (OUTSIDE, "fc00:: fd00:ec2::254 fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff fe00:: fe7f:ffff::"),
        (Verdict.LINK_LOCAL, "fe80:: fe80::1 febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
        (OUTSIDE, "fec0:: feff:: ff00:: ff02::1 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ],
)
def test_ipv6_address_is_allowed_in_global_unicast_outside_of_the_reserved_blocks(
    expected: Verdict, addresses: str
) -> None:
    for address in addresses.split():
        assert (address, expected) == (address, classify(address))


WRAPPED = [
    (Verdict.LOOPBACK, "127.0.0.1"),
    (Verdict.LINK_LOCAL, "169.254.169.254"),
    (Verdict.PRIVATE, "10.0.0.1"),
    (Verdict.THIS_NETWORK, "0.0.0.1"),
    (Verdict.MULTICAST, "224.0.0.1"),
    (Verdict.RESERVED, "255.255.255.255"),
    (Verdict.CLOUD, "168.63.129.16"),
    (Verdict.SHARED, "100.100.100.200"),
    (Verdict.PROTOCOL, "192.0.0.192"),
    (Verdict.PUBLIC, "8.8.8.8"),
]


@pytest.mark.parametrize(("expected", "inner"), WRAPPED)
@pytest.mark.parametrize(
    "prefix",
    [
        *["::ffff:", "0:0:0:0:0:FFFF:", "64:ff9b::", "64:FF9B:0:0:0:0:"],
        *["2606:4700::5efe:", "2606:4700::200:5efe:", "2a00:1:2:3:0200:5EFE:", "2001:470:1f0b:1:0:5efe:"],
    ],
)
def test_address_that_embeds_an_ipv4_address_is_classified_as_that_address(
    expected: Verdict, inner: str, prefix: str
) -> None:
    assert expected == classify(prefix + inner)


@pytest.mark.parametrize(
    "text",
    [
        *["", "a.example", "127.1", "0177.0.0.1", "0x7f.0.0.1", "2130706433", "127.0.0.01", "1.2.3.4 ", "1.2.3.4/32"],
        *["fe80::1%eth0", "2600::1%0", "::1%", "8.8.8.8%lo", "[::1]", "2600::1/128", "::g", "1:2:3:4:5:6:7:8:9"],
    ],
)
def test_text_that_is_no_plain_address_is_refused(text: str) -> None:
    """A zone is refused: what it means depends on the machine."""
    assert classify(text) is Verdict.NOT_AN_ADDRESS


@pytest.mark.parametrize(
    ("expected", "address"),
    [
        (Verdict.ALLOWED, "10.1.0.0"),
        (Verdict.ALLOWED, "10.1.255.255"),
        (Verdict.PRIVATE, "10.0.255.255"),
        (Verdict.PRIVATE, "10.2.0.0"),
        (Verdict.ALLOWED, "::ffff:10.1.0.1"),
        (Verdict.ALLOWED, "64:ff9b::10.1.0.1"),
        (Verdict.ALLOWED, "fd00::1"),
        (OUTSIDE, "fd01::1"),
        (Verdict.NOT_AN_ADDRESS, "fd00::1%eth0"),
        (Verdict.PUBLIC, "8.8.8.8"),
        (Verdict.LOOPBACK, "127.0.0.1"),
    ],
)
def test_allowed_networks_add_exactly_their_addresses(expected: Verdict, address: str) -> None:
    assert expected == classify(address, [ip_network("10.1.0.0/16"), ip_network("fd00::/16")])


@pytest.mark.parametrize("prefix", ["", "::ffff:", "64:ff9b::"])
@pytest.mark.parametrize("address", ["169.254.169.254", "169.254.170.2", "169.254.170.23"])
def test_metadata_address_is_refused_whatever_networks_are_allowed(address: str, prefix: str) -> None:
    assert classify(prefix + address, [ip_network("169.254.0.0/16"), ip_network("0.0.0.0/0")]) == Verdict.LINK_LOCAL


@pytest.mark.parametrize(
    "address",
    [
        *["2002:a9fe:a9fe::1", "2001:0:4136:e378:8000:63bf:5601:5601", "2001:0:a9fe:a9fe:8000:63bf:f7f7:f7f7"],
        *["fd00::5efe:169.254.169.254", "fe80::200:5efe:169.254.170.2", "64:ff9b:1::169.254.169.254"],
        *["::169.254.169.254", "::ffff:0:169.254.170.2"],
    ],
)
def test_ipv6_address_with_a_metadata_address_inside_is_refused_whatever_networks_are_allowed(address: str) -> None:
    assert not classify(address, [ip_network("::/0")]).is_allowed


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("168.63.129.16", "168.63.129.16/32"),
        ("100.100.100.200", "100.64.0.0/10"),
        ("192.0.0.192", "192.0.0.0/24"),
        ("2606:4700::5efe:10.0.0.1", "2606:4700::/32"),
    ],
)
def test_internal_service_of_another_cloud_is_allowed_when_its_network_is(address: str, network: str) -> None:
    assert not classify(address).is_allowed
    assert classify(address, [ip_network(network)]) is Verdict.ALLOWED


@pytest.mark.parametrize(
    "address",
    ["2606:4700::5eff:10.0.0.1", "2606:4700::100:5efe:10.0.0.1", "2606:4700::1:5efe:a00:1", "2606:4700::a00:1"],
)
def test_address_is_public_when_its_interface_identifier_is_not_that_of_isatap(address: str) -> None:
    assert classify(address) is Verdict.PUBLIC


@pytest.mark.parametrize("address", ["fd00:ec2::254", "fd00:ec2::23"])
def test_ipv6_metadata_address_is_refused_whatever_networks_are_allowed(address: str) -> None:
    assert classify(address, [ip_network("fd00::/8"), ip_network("::/0")]) == OUTSIDE


def test_only_public_and_allowed_addresses_are_dialled() -> None:
    assert {Verdict.PUBLIC, Verdict.ALLOWED} == {verdict for verdict in Verdict if verdict.is_allowed}


@given(st.ip_addresses())
def test_address_that_python_does_not_call_global_is_refused(address: IPv4Address | IPv6Address) -> None:
    wraps = address in ip_network("::ffff:0:0/96") or address in ip_network("64:ff9b::/96")
    if not wraps and (not address.is_global or address.is_multicast or address.is_reserved):
        assert not classify(str(address)).is_allowed


@given(st.text(st.characters(codec=None)))
def test_every_text_gets_a_verdict(text: str) -> None:
    assert classify(text) in Verdict


PORTS = (80, 443)


@pytest.mark.parametrize(
    ("expected", "host", "port", "hosts"),
    [
        (Verdict.PUBLIC, "a.example", 443, ()),
        (Verdict.PORT, "a.example", 22, ()),
        (Verdict.PORT, "a.example", 8443, ("a.example",)),
        (Verdict.PUBLIC, "a.example", 80, ("b.example", "a.example")),
        (Verdict.HOST, "b.a.example", 80, ("a.example",)),
        (Verdict.PUBLIC, "x.cdn.example", 80, ("*.cdn.example",)),
        (Verdict.PUBLIC, "x.y.cdn.example", 80, ("*.cdn.example",)),
        (Verdict.HOST, "cdn.example", 80, ("*.cdn.example",)),
        (Verdict.HOST, "evilcdn.example", 80, ("*.cdn.example",)),
        (Verdict.HOST, "cdn.example.evil", 80, ("*.cdn.example", "cdn.example")),
        (Verdict.HOST, "93.184.216.34", 80, ("a.example",)),
        (Verdict.PUBLIC, "93.184.216.34", 80, ("93.184.216.34",)),
    ],
)
def test_destination_needs_an_allowed_host_and_port(
    expected: Verdict, host: str, port: int, hosts: tuple[str, ...]
) -> None:
    assert expected == classify_destination(host, port, hosts=hosts, ports=PORTS)
