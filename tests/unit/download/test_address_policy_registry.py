"""The address policy against IANA's special-purpose address registries (tests/data)."""

import csv
from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path

import pytest

from intake.download.address_policy import classify

DATA = Path(__file__).parents[2] / "data"

EMBEDDED_IPV4 = {"::ffff:0:0/96", "64:ff9b::/96"}
"""Classified as the embedded IPv4 address, see test_address_policy.py."""

REFUSED_ALTHOUGH_GLOBAL = {
    "192.0.0.9/32": "no web server: requests to the nearest NAT",
    "192.0.0.10/32": "no web server: the nearest TURN relay",
    "2001:1::1/128": "no web server: requests to the nearest NAT",
    "2001:1::2/128": "no web server: the nearest TURN relay",
    "2001:1::3/128": "no web server: the nearest service registry",
    "2001:3::/32": "no web server: multicast relays",
    "2001:4:112::/48": "no web server: DNS sinks",
    "2001:20::/28": "no web server: cryptographic identifiers, not routed",
    "2001:30::/28": "no web server: identifiers of drones, not routed",
}
"""Inside of 192.0.0.0/24 and 2001::/23, which are refused as a whole."""

ALLOWED = {"192.31.196.0/24", "192.52.193.0/24", "192.175.48.0/24", "2620:4f:8000::/48"}
"""Special, but routed like any other address: nothing internal is behind them."""


def registry(global_: bool) -> Iterator[str]:  # noqa: FBT001 - reads as the registry's own column
    for path in sorted(DATA.glob("iana-*.csv")):
        with path.open(newline="") as file:
            for row in csv.DictReader(file):
                if (row["Globally Reachable"] == "True") is global_:
                    yield row["Address Block"]


def samples(block: str) -> list[str]:
    """Return the first and the last address of a block, and some between."""
    network: IPv4Network | IPv6Network = ip_network(block)
    size = network.num_addresses
    places = {0, 1, size // 3, size // 2, size - 2, size - 1}
    return [str(network[place]) for place in sorted(places) if 0 <= place < size]


@pytest.mark.parametrize("block", [block for block in registry(global_=False) if block not in EMBEDDED_IPV4])
def test_block_that_is_not_globally_reachable_is_refused(block: str) -> None:
    assert [address for address in samples(block) if classify(address).is_allowed] == []


@pytest.mark.parametrize("block", [block for block in registry(global_=True) if block not in EMBEDDED_IPV4])
def test_globally_reachable_block_is_allowed_or_refused_for_a_reason(block: str) -> None:
    expected = [True] if block in ALLOWED else [False]
    assert expected == sorted({classify(address).is_allowed for address in samples(block)})
    assert (block in ALLOWED) is not (block in REFUSED_ALTHOUGH_GLOBAL)


def test_every_exception_is_a_block_of_the_registries() -> None:
    assert set(registry(global_=True)) == ALLOWED | set(REFUSED_ALTHOUGH_GLOBAL) | {"64:ff9b::/96"}


def test_registries_are_complete() -> None:
    assert sum(1 for global_ in (True, False) for _ in registry(global_)) == 51
