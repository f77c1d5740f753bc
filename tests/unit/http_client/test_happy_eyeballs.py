"""Which addresses are tried, in which order, and how many at once. The network is a script."""

import asyncio
import errno
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from intake.http_client.connect_limiter import ConnectLimiter
from intake.http_client.descriptors import OutOfDescriptors
from intake.http_client.happy_eyeballs import connect_to_any
from intake.http_client.resolver import AddressInfo

SILENT = "silent"
OK = "ok"
REFUSED = ConnectionRefusedError(errno.ECONNREFUSED, "refused")


def address(text: str) -> AddressInfo:
    return (socket.AF_INET6 if ":" in text else socket.AF_INET, socket.SOCK_STREAM, 0, "", (text, 80))


class Network:
    """Says what happens at each address, and records what was done.

    Attributes:
        behaviour: OK, SILENT, or the error of the connection, by address. An address that is missing is refused.
        opened: the addresses that a socket was opened for, in order.
        sockets: these sockets, in order.
        peak: the highest number of sockets that were open at the same time.
    """

    def __init__(self) -> None:
        self.behaviour: dict[str, Any] = {}
        self.opened: list[str] = []
        self.sockets: list[socket.socket] = []
        self.peak = 0

    def open_socket(self, info: AddressInfo) -> socket.socket:
        self.opened.append(info[-1][0])
        self.sockets.append(socket.socket())
        self.peak = max(self.peak, self.open_sockets)
        return self.sockets[-1]

    async def sock_connect(self, _: socket.socket, target: Any) -> None:
        result = self.behaviour.get(target[0], REFUSED)
        if result == SILENT:
            await asyncio.Event().wait()
        if isinstance(result, BaseException):
            raise result

    @property
    def open_sockets(self) -> int:
        return sum(sock.fileno() >= 0 for sock in self.sockets)


@pytest.fixture
async def network(monkeypatch: pytest.MonkeyPatch) -> Network:
    made = Network()
    monkeypatch.setattr(asyncio.get_running_loop(), "sock_connect", made.sock_connect)
    monkeypatch.setattr("intake.http_client.happy_eyeballs._ATTEMPT_DELAY", 0.01)
    return made


@pytest.fixture
def limiter() -> Iterator[ConnectLimiter[str]]:
    """It has eight sockets, one of which the caller has; at the end no other is in use."""
    made = ConnectLimiter[str](1, 8)
    made._free_sockets -= 1
    yield made
    assert (made._free_sockets, made._allowed_extra) == (7, 4)


async def _run_tasks() -> None:
    """Run every task to the point where it waits."""
    for _ in range(5):
        await asyncio.sleep(0)


async def connect(network: Network, limiter: ConnectLimiter[str], *texts: str) -> str:
    sock = await connect_to_any([address(text) for text in texts], network.open_socket, limiter)
    await _run_tasks()
    assert network.open_sockets == 1, "the other sockets are closed"
    index = network.sockets.index(sock)
    sock.close()
    return network.opened[index]


@pytest.mark.parametrize(
    ("behaviour", "opened"),
    [
        ({"a": OK, "b": OK}, ["a"]),
        ({"b": OK}, ["a", "b"]),
        ({"a": SILENT, "b": SILENT, "c": OK, "d": OK}, ["a", "b", "c"]),
        ({"a": SILENT, "b": ZeroDivisionError("a bug"), "d": OK}, ["a", "b", "c", "d"]),
    ],
)
async def test_addresses_are_tried_in_order_until_one_accepts(
    behaviour: dict[str, Any], opened: list[str], network: Network, limiter: ConnectLimiter[str]
) -> None:
    network.behaviour = behaviour

    assert await connect(network, limiter, *"abcd") == opened[-1]
    assert network.opened == opened


async def test_addresses_of_both_families_are_tried_in_turns(network: Network, limiter: ConnectLimiter[str]) -> None:
    network.behaviour = {"d": OK}

    assert await connect(network, limiter, "::1", "::2", "::3", "c", "d") == "d"
    assert network.opened == ["::1", "c", "::2", "d"]


@pytest.mark.parametrize(("extra", "peak"), [(4, 5), (2, 3), (0, 1)])
async def test_oldest_attempt_gives_its_socket_to_the_next_when_no_more_are_allowed(
    extra: int, peak: int, network: Network, limiter: ConnectLimiter[str]
) -> None:
    """So that the last address is tried too."""
    network.behaviour = dict.fromkeys("abcdefg", SILENT) | {"h": OK}
    used = [limiter.try_acquire_extra() for _ in range(4 - extra)]

    assert await connect(network, limiter, *"abcdefgh") == "h"
    assert network.peak == peak
    limiter.release_extra(len(used))


async def test_no_socket_stays_open_when_the_caller_gives_up(network: Network, limiter: ConnectLimiter[str]) -> None:
    network.behaviour = dict.fromkeys("abc", SILENT)
    connecting = asyncio.create_task(connect(network, limiter, *"abc"))
    while len(network.opened) < 3:  # noqa: ASYNC110 - the network is a script
        await asyncio.sleep(0.001)
    connecting.cancel()
    await asyncio.wait([connecting])
    await _run_tasks()

    assert (connecting.cancelled(), network.open_sockets) == (True, 0)


@pytest.mark.parametrize(
    ("behaviour", "kind", "text"),
    [
        ({}, ConnectionRefusedError, r"\[Errno 111\] refused"),
        ({"b": OSError(errno.EHOSTUNREACH, "no route")}, OSError, r"refused; .*no route"),
        ({"b": OSError(errno.ENOBUFS, "no buffer")}, OutOfDescriptors, "no buffer"),
        ({"b": ZeroDivisionError("a bug")}, ZeroDivisionError, "a bug"),
    ],
)
async def test_error_names_what_each_address_said(
    behaviour: dict[str, Any], kind: type[Exception], text: str, network: Network, limiter: ConnectLimiter[str]
) -> None:
    network.behaviour = behaviour

    with pytest.raises(kind, match=text):
        await connect(network, limiter, *"ab")
    await _run_tasks()
    assert network.open_sockets == 0


@pytest.mark.parametrize("texts", ["a", "ab"])
async def test_no_other_address_is_tried_when_the_resolver_refuses_one(
    texts: str, network: Network, limiter: ConnectLimiter[str]
) -> None:
    def refuse(info: AddressInfo) -> socket.socket:
        raise PermissionRefused(info[-1][0])

    with pytest.raises(PermissionRefused, match="a"):
        await connect_to_any([address(text) for text in texts], refuse, limiter)
    assert network.opened == []


class PermissionRefused(Exception):
    """No OSError."""
