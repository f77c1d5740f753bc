"""Decides which addresses and destinations are allowed.

The tables are copied from the registries: IANA IPv4 and IPv6 Special-Purpose Address Registries, IANA IPv6
Global Unicast Address Space, RFC 6890, RFC 6052 (NAT64), RFC 4291 (IPv4-mapped), RFC 5214 (ISATAP).
`ipaddress.is_global` alone does not suffice: it is True for link-local addresses embedded in NAT64, for 6to4 and for
multicast.
"""

from collections.abc import Collection, Iterable, Iterator
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network


class Verdict(StrEnum):
    """The reason why an address is allowed or refused."""

    PUBLIC = "public"
    ALLOWED = "allowed by ALLOWED_NETWORKS"
    THIS_NETWORK = "this network"
    PRIVATE = "private use"
    SHARED = "shared address space"
    LOOPBACK = "loopback"
    LINK_LOCAL = "link-local"
    PROTOCOL = "protocol assignment"
    DOCUMENTATION = "documentation"
    RELAY = "6to4 or its relays"
    BENCHMARK = "benchmarking"
    MULTICAST = "multicast"
    RESERVED = "reserved"
    CLOUD = "internal service of a cloud"
    NOT_GLOBAL_UNICAST = "not IPv6 global unicast"
    NOT_AN_ADDRESS = "not an address"
    PORT = "port not in ALLOWED_PORTS"
    HOST = "host not in ALLOWED_HOSTS"

    @property
    def is_allowed(self) -> bool:
        """Whether the service may connect to the address."""
        return self is Verdict.PUBLIC or self is Verdict.ALLOWED


_IPV4_REFUSED: tuple[tuple[IPv4Network, Verdict], ...] = tuple(
    (IPv4Network(network), verdict)
    for network, verdict in (
        ("0.0.0.0/8", Verdict.THIS_NETWORK),
        ("10.0.0.0/8", Verdict.PRIVATE),
        ("100.64.0.0/10", Verdict.SHARED),  # has Alibaba Cloud's metadata service, 100.100.100.200
        ("127.0.0.0/8", Verdict.LOOPBACK),
        ("168.63.129.16/32", Verdict.CLOUD),  # Azure serves certificates and settings of the machine
        ("169.254.0.0/16", Verdict.LINK_LOCAL),
        ("172.16.0.0/12", Verdict.PRIVATE),
        ("192.0.0.0/24", Verdict.PROTOCOL),  # has Oracle Cloud's metadata service, 192.0.0.192
        ("192.0.2.0/24", Verdict.DOCUMENTATION),
        ("192.88.99.0/24", Verdict.RELAY),
        ("192.168.0.0/16", Verdict.PRIVATE),
        ("198.18.0.0/15", Verdict.BENCHMARK),
        ("198.51.100.0/24", Verdict.DOCUMENTATION),
        ("203.0.113.0/24", Verdict.DOCUMENTATION),
        ("224.0.0.0/4", Verdict.MULTICAST),
        ("240.0.0.0/4", Verdict.RESERVED),
    )
)

_IPV6_GLOBAL_UNICAST = IPv6Network("2000::/3")
_IPV6_REFUSED: tuple[tuple[IPv6Network, Verdict], ...] = tuple(
    (IPv6Network(network), verdict)
    for network, verdict in (
        ("2001::/23", Verdict.PROTOCOL),
        ("2001:db8::/32", Verdict.DOCUMENTATION),
        ("2002::/16", Verdict.RELAY),
        ("3ffe::/16", Verdict.RESERVED),
        ("3fff::/20", Verdict.DOCUMENTATION),
    )
)
# On AWS, these addresses serve credentials of the machine, so no setting allows them (Amazon EC2 User Guide, "Access
# instance metadata"; Amazon ECS, "Task IAM role").
_METADATA = tuple(map(ip_network, ("169.254.169.254/32", "169.254.170.0/24", "fd00:ec2::/32")))
_NAT64 = IPv6Network("64:ff9b::/96")

# The upper half of an ISATAP interface identifier, ::0:5efe:a.b.c.d; the bit 0200 says whether a.b.c.d is unique.
_ISATAP = 0x0000_5EFE
_ISATAP_UNIQUE_BIT = 0x0200_0000


def classify(address: str, allowed: Iterable[IPv4Network | IPv6Network] = ()) -> Verdict:
    """Classify one address.

    An address that embeds an IPv4 address (IPv4-mapped, NAT64) is classified as that IPv4 address. A public address
    whose interface identifier is that of an ISATAP tunnel is refused if the IPv4 address in it is not public.

    Args:
        address: the text of an IPv4 or IPv6 address, without a zone ("%eth0").
        allowed: networks that are allowed although they are not public.
    """
    if "%" in address:
        return Verdict.NOT_AN_ADDRESS
    try:
        target = _embedded_ipv4_or_self(ip_address(address))
    except ValueError:
        return Verdict.NOT_AN_ADDRESS
    if any(target in network for network in allowed) and not _is_metadata(target):
        return Verdict.ALLOWED
    return _classify_ipv4(target) if isinstance(target, IPv4Address) else _classify_ipv6(target)


def _embedded_ipv4_or_self(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return _last_ipv4(address)
    return address.ipv4_mapped or address


def _last_ipv4(address: IPv6Address) -> IPv4Address:
    return IPv4Address(int(address) & 0xFFFF_FFFF)


def _is_metadata(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address serves credentials of the machine, or embeds one that does."""
    return any(form in network for form in _all_forms(address) for network in _METADATA)


def _all_forms(address: IPv4Address | IPv6Address) -> Iterator[IPv4Address | IPv6Address]:
    """Yield an address, and every IPv4 address that a tunnel or translator may find in it."""
    yield address
    if isinstance(address, IPv6Address):
        yield _last_ipv4(address)  # ISATAP, IPv4-compatible, IPv4-translated, NAT64 with any prefix of 96 bits
        yield from filter(None, (address.sixtofour, *(address.teredo or ())))


def _classify_ipv4(address: IPv4Address) -> Verdict:
    for network, verdict in _IPV4_REFUSED:
        if address in network:
            return verdict
    # An address is public only if CPython's table says so too.
    return Verdict.PUBLIC if address.is_global else Verdict.RESERVED


def _classify_ipv6(address: IPv6Address) -> Verdict:
    if address.is_loopback:
        return Verdict.LOOPBACK
    if address.is_link_local:
        return Verdict.LINK_LOCAL
    if address not in _IPV6_GLOBAL_UNICAST:
        return Verdict.NOT_GLOBAL_UNICAST
    for network, verdict in _IPV6_REFUSED:
        if address in network:
            return verdict
    is_isatap = int(address) >> 32 & 0xFFFF_FFFF & ~_ISATAP_UNIQUE_BIT == _ISATAP
    return _classify_ipv4(_last_ipv4(address)) if is_isatap else Verdict.PUBLIC


def classify_destination(host: str, port: int, *, hosts: Collection[str], ports: Collection[int]) -> Verdict:
    """Classify the host and port of a URL, before the host is resolved.

    Args:
        host: `Url.host`.
        port: `Url.port`.
        hosts: ALLOWED_HOSTS ("*.cdn.example" allows every name below it); empty allows any host.
        ports: ALLOWED_PORTS.
    """
    if port not in ports:
        return Verdict.PORT
    if hosts and not any(_matches(host, pattern) for pattern in hosts):
        return Verdict.HOST
    return Verdict.PUBLIC


def _matches(host: str, pattern: str) -> bool:
    return host.endswith(pattern[1:]) if pattern.startswith("*.") else host == pattern
