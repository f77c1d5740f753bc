"""The tables against IANA's registries of special-purpose addresses (tests/data): nothing non-global is dialled."""

import csv
from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path

import pytest

from intake.download.address_policy import classify

DATA = Path(__file__).parents[2] / "data"

WRAPPERS = {"::ffff:0:0/96", "64:ff9b::/96"}
"""Judged as the IPv4 address inside: test_address.py."""

REFUSED_ALTHOUGH_GLOBAL = {
    "192.0.0.9/32": "no web server: it asks the nearest NAT for a port",
    "192.0.0.10/32": "no web server: the nearest TURN relay",
    "2001:1::1/128": "no web server: it asks the nearest NAT for a port",
    "2001:1::2/128": "no web server: the nearest TURN relay",
    "2001:1::3/128": "no web server: the nearest service registry",
    "2001:3::/32": "no web server: multicast relays",
    "2001:4:112::/48": "no web server: DNS sinks",
    "2001:20::/28": "no web server: cryptographic identifiers, not routed",
    "2001:30::/28": "no web server: identifiers of drones, not routed",
}
"""Inside 192.0.0.0/24 and 2001::/23, which are refused whole."""

DIALLED = {"192.31.196.0/24", "192.52.193.0/24", "192.175.48.0/24", "2620:4f:8000::/48"}
"""Special, but routed like any other: a name that leads there reaches nothing internal."""


def registry(global_: bool) -> Iterator[str]:  # noqa: FBT001 - reads as the registry's own column
    for path in sorted(DATA.glob("iana-*.csv")):
        with path.open(newline="") as file:
            for row in csv.DictReader(file):
                if (row["Globally Reachable"] == "True") is global_:
                    yield row["Address Block"]


def samples(block: str) -> list[str]:
    """The first and the last address of a block, and some between."""
    network: IPv4Network | IPv6Network = ip_network(block)
    size = network.num_addresses
    places = {0, 1, size // 3, size // 2, size - 2, size - 1}
    return [str(network[place]) for place in sorted(places) if 0 <= place < size]


@pytest.mark.parametrize("block", [block for block in registry(global_=False) if block not in WRAPPERS])
def test_what_is_not_globally_reachable_is_not_dialled(block: str) -> None:
    assert [address for address in samples(block) if classify(address).is_allowed] == []


@pytest.mark.parametrize("block", [block for block in registry(global_=True) if block not in WRAPPERS])
def test_what_is_globally_reachable_is_dialled_or_refused_for_a_reason(block: str) -> None:
    expected = [True] if block in DIALLED else [False]
    assert expected == sorted({classify(address).is_allowed for address in samples(block)})
    assert (block in DIALLED) is not (block in REFUSED_ALTHOUGH_GLOBAL)


def test_every_decision_is_about_a_block_of_the_registries() -> None:
    assert set(registry(global_=True)) == DIALLED | set(REFUSED_ALTHOUGH_GLOBAL) | {"64:ff9b::/96"}


def test_the_registries_are_whole() -> None:
    assert sum(1 for global_ in (True, False) for _ in registry(global_)) == 51
