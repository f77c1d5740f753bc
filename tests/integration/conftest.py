"""Shared by the tests of downloads: an origin, a client, a DNS, and a check that no connection leaves the machine."""

import asyncio
import errno
import gc
import socket
import subprocess
from collections.abc import AsyncGenerator, Iterator
from contextlib import AsyncExitStack, suppress
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from infra.local.ministack import REGION, ROOT_KEY, ROOT_SECRET, ministack

from support import s3_server
from support.origin import Origin
from support.origin.client import Client, MakeClient, limits_for
from support.origin.fake_dns import FakeDns
from support.run_lab import RunLab, run_lab, run_target

VENV = Path(__file__).parents[2] / ".local" / "ministack"
_GRACE_SECONDS = 2.0
"""The time that tasks and sockets have to end after a test."""


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[s3_server.S3Server]:
    """MiniStack on loopback."""
    if not VENV.exists():
        pytest.fail("MiniStack is not installed: run `make install`.")
    with ministack(VENV, tmp_path_factory.mktemp("ministack")) as started:
        yield s3_server.S3Server(started.endpoint, ROOT_KEY, ROOT_SECRET, REGION)


@pytest.fixture(params=["s3", "emulator"], ids=["seaweedfs", "ministack"])
def server(request: pytest.FixtureRequest) -> s3_server.S3Server:
    """Each of the two S3 servers."""
    found: s3_server.S3Server = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def images(server: s3_server.S3Server) -> str:
    """A new bucket on that server."""
    return server.new_bucket()


@pytest.fixture(scope="session")
def run_process() -> Iterator[subprocess.Popen[str]]:
    """The process that starts commands `make run`."""
    with run_target() as target:
        yield target


@pytest.fixture
def lab(run_process: subprocess.Popen[str], tmp_path: Path) -> Iterator[RunLab]:
    """What a test of `make run` needs."""
    with run_lab(tmp_path, run_process) as started:
        yield started


@pytest.fixture
async def no_leaks() -> AsyncGenerator[None]:
    """Fail a test that leaves a task, a socket or an unhandled error behind."""
    loop = asyncio.get_running_loop()
    unhandled: list[dict[str, Any]] = []
    loop.set_exception_handler(lambda _, context: unhandled.append(context))
    before = _open_sockets()
    yield
    end = loop.time() + _GRACE_SECONDS
    while (leaked := _leaked(before)) and loop.time() < end:  # noqa: ASYNC110 - closed sockets send no event
        await asyncio.sleep(0.005)
    gc.collect(1)  # the young generations only: a full collection after every test takes longer than the tests
    assert not leaked
    assert not unhandled


def _leaked(before: set[str]) -> list[object]:
    return [*(asyncio.all_tasks() - {asyncio.current_task()}), *(_open_sockets() - before)]


def _open_sockets() -> set[str]:
    links = set()
    for descriptor in Path("/proc/self/fd").iterdir():
        with suppress(OSError):  # the descriptor of this listing is closed already
            links.add(str(descriptor.readlink()))
    return {link for link in links if link.startswith("socket:")}


@pytest.fixture
def connected_addresses(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every address that a socket was told to connect to; only connections to loopback are made."""
    addresses: list[str] = []
    connect = socket.socket.connect

    def record(sock: socket.socket, address: Any) -> None:
        addresses.append(str(address[0]))
        if not ip_address(address[0]).is_loopback:
            raise OSError(errno.ENETUNREACH, "a test must not connect to another machine")
        connect(sock, address)

    monkeypatch.setattr(socket.socket, "connect", record)
    return addresses


@pytest.fixture
def no_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the downloader wait 0 seconds between attempts."""
    monkeypatch.setattr("intake.download.downloader.random.random", lambda: 0.0)


@pytest.fixture
def dns(monkeypatch: pytest.MonkeyPatch) -> FakeDns:
    fake = FakeDns()
    monkeypatch.setattr(socket, "getaddrinfo", fake.getaddrinfo)
    return fake


@pytest.fixture
async def origin(no_leaks: None, connected_addresses: list[str], dns: FakeDns) -> AsyncGenerator[Origin]:  # noqa: ARG001 - set up before it
    async with Origin() as running:
        yield running


@pytest.fixture
async def other_origin(no_leaks: None, connected_addresses: list[str], dns: FakeDns) -> AsyncGenerator[Origin]:  # noqa: ARG001 - set up before it
    """A second origin; its port makes it another origin."""
    async with Origin() as running:
        yield running


@pytest.fixture
async def make_client(no_leaks: None, connected_addresses: list[str], dns: FakeDns) -> AsyncGenerator[MakeClient]:  # noqa: ARG001 - set up before it
    """Make clients, close them at the end, and check that they released all memory."""
    async with AsyncExitStack() as stack:
        clients: list[Client] = []

        def make(*origins: Origin, tls: Any = None, documents: Any = None, **changed: Any) -> Client:
            client = Client(limits_for(*origins, **changed), tls, documents)
            clients.append(client)
            stack.push_async_exit(client)
            return client

        yield make
        for client in clients:
            assert client.budget.size == client.free_bytes, "memory is still reserved"


@pytest.fixture
def client(origin: Origin, make_client: MakeClient) -> Client:
    return make_client(origin)
