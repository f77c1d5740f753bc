"""What the tests of the fetcher share: an origin, a client, and a world in which nothing leaves the machine."""

import asyncio
import errno
import gc
import socket
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, suppress
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from support.origin import Origin
from support.origin.client import Client, Connect, limits_for
from support.origin.names import Names

_PATIENCE = 2.0
"""Seconds that tasks and sockets get to end after a test."""


def _open_sockets() -> set[str]:
    links = set()
    for descriptor in Path("/proc/self/fd").iterdir():
        with suppress(OSError):  # the listing's own is gone already
            links.add(str(descriptor.readlink()))
    return {link for link in links if link.startswith("socket:")}


@pytest.fixture
async def no_leaks() -> AsyncGenerator[None]:
    """Fail a test that leaves a task or a socket behind, or an error that nobody looked at."""
    loop = asyncio.get_running_loop()
    unseen: list[dict[str, Any]] = []
    loop.set_exception_handler(lambda _, context: unseen.append(context))
    before = _open_sockets()
    yield
    end = loop.time() + _PATIENCE
    while (left := _left(before)) and loop.time() < end:  # noqa: ASYNC110 - no event tells of sockets
        await asyncio.sleep(0.005)
    gc.collect(1)  # the young: a full collection after every test would take longer than the tests
    assert not left
    assert not unseen


def _left(before: set[str]) -> list[object]:
    return [*(asyncio.all_tasks() - {asyncio.current_task()}), *(_open_sockets() - before)]


@pytest.fixture
def dialled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every address that a socket was told to connect to; only loopback is really reached."""
    seen: list[str] = []
    connect = socket.socket.connect

    def record(sock: socket.socket, address: Any) -> None:
        seen.append(str(address[0]))
        if not ip_address(address[0]).is_loopback:
            raise OSError(errno.ENETUNREACH, "a test must not leave the machine")
        connect(sock, address)

    monkeypatch.setattr(socket.socket, "connect", record)
    return seen


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw no time to wait between attempts."""
    monkeypatch.setattr("intake.download.downloader.random.random", lambda: 0.0)


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    made = Names()
    monkeypatch.setattr(socket, "getaddrinfo", made.getaddrinfo)
    return made


@pytest.fixture
async def origin(no_leaks: None, dialled: list[str], names: Names) -> AsyncGenerator[Origin]:  # noqa: ARG001 - around it
    async with Origin() as running:
        yield running


@pytest.fixture
async def other(no_leaks: None, dialled: list[str], names: Names) -> AsyncGenerator[Origin]:  # noqa: ARG001 - around it
    """A second origin, which is another host's by its port."""
    async with Origin() as running:
        yield running


@pytest.fixture
async def connect(no_leaks: None, dialled: list[str], names: Names) -> AsyncGenerator[Connect]:  # noqa: ARG001 - the same
    """Make clients, which are closed at the end; all that they reserved must have been given back then."""
    async with AsyncExitStack() as stack:
        made: list[Client] = []

        def make(*origins: Origin, tls: Any = None, **changed: Any) -> Client:
            client = Client(limits_for(*origins, **changed), tls)
            made.append(client)
            stack.push_async_exit(client)
            return client

        yield make
        for client in made:
            assert client.budget.size == client.free, "memory is reserved that nobody holds"


@pytest.fixture
def client(origin: Origin, connect: Connect) -> Client:
    return connect(origin)
