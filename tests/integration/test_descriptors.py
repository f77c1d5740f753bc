"""Descriptors are limited: sockets wait for each other, and no origin is blamed for a lack of them."""

import asyncio
import errno
import json
import os
import random
import socket
import ssl
import subprocess
import sys
from collections.abc import Generator
from contextlib import ExitStack, contextmanager, suppress

import httpx
import pytest

from intake.http_client.resolver import AddressInfo, SystemResolver
from intake.http_client.transport import PooledTransport
from intake.ingest.deadline import Deadline
from intake.ingest.file_service import IngestService
from intake.model.file import File
from support import few_descriptors
from support.fake_ports import FakeStore, RecordingObserver
from support.fault_proxy import content_length
from support.origin import IMAGE, Origin, origin_in_thread
from support.origin.behaviour import Reader, Request, Writer, response_with, send
from support.origin.client import MakeClient
from support.origin.fake_dns import FakeDns
from support.sample_images import picture

TLS = ssl.create_default_context()
DEAD = [f"127.0.0.{last}" for last in range(2, 10)]


@contextmanager
def dead_addresses(port: int) -> Generator[None]:
    """Let the system drop every SYN to this port of the dead addresses: their queues of connections are full."""
    with ExitStack() as stack:
        for address in DEAD:
            server = stack.enter_context(socket.create_server((address, port), backlog=0))
            for _ in range(2):
                filler = stack.enter_context(socket.socket())
                filler.settimeout(0)
                filler.connect_ex(server.getsockname())
        yield


async def _answer(reader: Reader, writer: Writer, request: Request) -> None:
    """Answer as an origin of images, each different, and as an S3 server."""
    body = await reader.readexactly(content_length(request.raw))
    if request.raw.startswith(b"PUT"):
        assert body
        await send(writer, response_with(b"", 'ETag: "1"'))
    elif "/bucket/" in request.target:
        await send(writer, response_with(b"", status="404 Not Found"))
    else:
        await send(writer, response_with(picture(8, 8, seed=int(request.target.rpartition("-")[2]))))


def _names(dead: int, mixed: int, honest: int) -> dict[str, list[str]]:
    """Return addresses by name, the dead ones first, so that they have the sockets when the others come."""
    addresses = {"dead": DEAD, "mixed": [*DEAD[:3], "127.0.0.1"], "honest": ["127.0.0.1"]}
    counts = {"dead": dead, "mixed": mixed, "honest": honest}
    return {f"{kind}-{number}": addresses[kind] for kind, count in counts.items() for number in range(count)}


@pytest.mark.parametrize(("limit", "dead", "honest"), [(1024, 240, 60), (256, 60, 60), (64, 10, 40)], ids=str)
def test_honest_images_are_stored_when_names_with_dead_addresses_take_many_sockets(
    limit: int, dead: int, honest: int
) -> None:
    with origin_in_thread() as server, dead_addresses(server.port):
        server.default_responder = _answer
        environment = os.environ | {
            "IMAGE_BUCKET": "bucket",
            "AWS_ENDPOINT_URL_S3": server.base,
            "AWS_ACCESS_KEY_ID": "key",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_DEFAULT_REGION": "eu-central-1",
            "MAX_IN_FLIGHT": "256",
            "MAX_ATTEMPTS": "1",
            "CONNECT_TIMEOUT": "1.9",
            "ALLOWED_PORTS": str(server.port),
            "ALLOWED_NETWORKS": "127.0.0.0/8",
        }
        plan = {"limit": limit, "port": server.port, "names": _names(dead, 4, honest)}
        done = subprocess.run(
            [sys.executable, few_descriptors.__file__, json.dumps(plan)],
            env=environment, capture_output=True, text=True, timeout=90, check=False,
        )  # fmt: skip

    assert not done.returncode, done.stderr[-2000:]
    printed = json.loads(done.stdout.splitlines()[-1])
    assert printed["results"] == {
        "dead": {"timeout": dead},
        "mixed": {"stored at attempt 1": 4},
        "honest": {"stored at attempt 1": honest},
    }
    assert printed["peak"] < limit


async def end_first_request_of_a_reused_connection(_: Reader, writer: Writer, request: Request) -> None:
    if request.nth % 2:
        writer.close()
    else:
        await send(writer, response_with(IMAGE))


LACKS = [errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM]


@pytest.mark.parametrize("number", LACKS, ids=errno.errorcode.get)
@pytest.mark.parametrize("host", ["127.0.0.1", "two.example"])
async def test_image_waits_when_the_process_has_no_descriptor_for_its_socket(
    host: str, number: int, origin: Origin, make_client: MakeClient, dns: FakeDns
) -> None:
    """The wait counts neither as an attempt nor towards the image timeout."""
    dns["two.example"] = ["127.0.0.1", "127.0.0.1"]
    client = make_client(origin, max_attempts=1, image_timeout=0.25)
    open_socket, failures = client.resolver.open_socket, iter([OSError(number, "none left")] * 4)

    def fail_first(info: AddressInfo) -> socket.socket:
        for failure in failures:
            raise failure
        return open_socket(info)

    client.resolver.open_socket = fail_first  # type: ignore[method-assign]
    result = await client.get(f"http://{host}:{origin.port}/length")

    assert (result.code, result.stats.attempts) == ("stored", 1)
    assert result.stats.fetch_ms < 250


async def test_image_waits_when_the_process_has_no_descriptor_for_a_lookup(
    origin: Origin, make_client: MakeClient, dns: FakeDns, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error of getaddrinfo says only that the name server did not answer."""
    failures = iter([socket.gaierror(socket.EAI_AGAIN, "try again")] * 3)
    available = iter([False, False, False])

    def look_up() -> list[str]:
        for failure in failures:
            raise failure
        return ["127.0.0.1"]

    dns["a.example"] = look_up
    monkeypatch.setattr("intake.http_client.resolver.has_descriptor", lambda: next(available, True))

    result = await make_client(origin, max_attempts=1).get(f"http://a.example:{origin.port}/length")

    assert (result.code, result.stats.attempts) == ("stored", 1)


async def test_image_without_a_descriptor_until_the_deadline_is_deadline_exceeded(
    origin: Origin, make_client: MakeClient
) -> None:
    client = make_client(origin, max_attempts=1, image_timeout=0.1)

    def fail(info: AddressInfo) -> socket.socket:
        del info
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    client.resolver.open_socket = fail  # type: ignore[method-assign]
    service = IngestService(client.downloader, FakeStore(), RecordingObserver(), client.limits, "bucket")
    receipt = await service.ingest(File.parse({"urls": [origin.url("length")]}), Deadline.after(0.5))

    [image] = receipt.images
    assert image.status == "failed"
    assert image.error.code == "deadline_exceeded"


@pytest.mark.usefixtures("connected_addresses")
async def test_request_gets_the_socket_of_an_idle_connection_when_a_longer_idle_one_is_lost(
    origin: Origin, dns: FakeDns
) -> None:
    """The pool still has the lost connection, which has no socket any more."""
    for name in "abcd":
        dns[f"{name}.example"] = ["127.0.0.1"]
    transport = PooledTransport(connect_timeout=2, read_timeout=2, tls=TLS, max_sockets=2)
    async with httpx.AsyncClient(transport=transport) as client, asyncio.timeout(2):
        await client.get(f"http://a.example:{origin.port}/length")
        await origin.close_connections()
        for name in "bcd":
            assert (await client.get(f"http://{name}.example:{origin.port}/length")).content == IMAGE


@pytest.mark.usefixtures("connected_addresses")
@pytest.mark.parametrize("sockets", [1, 2])
async def test_lost_request_is_sent_again_when_all_sockets_are_in_use(
    sockets: int, origin: Origin, dns: FakeDns
) -> None:
    dns["other.example"] = ["127.0.0.1"]
    transport = PooledTransport(connect_timeout=2, read_timeout=2, tls=TLS, max_sockets=sockets)
    async with httpx.AsyncClient(transport=transport) as client, asyncio.timeout(2):
        for _ in range(3):
            await client.get(f"http://other.example:{origin.port}/length")
            await client.get(origin.url("length"))
            origin.responders["lost"] = end_first_request_of_a_reused_connection
            assert (await client.get(origin.url("lost"))).content == IMAGE


@pytest.mark.usefixtures("connected_addresses")
@pytest.mark.parametrize("sockets", [1, 4])
@pytest.mark.parametrize("path", ["length", "length_then_close"])
async def test_pool_opens_no_more_sockets_than_it_may(sockets: int, path: str, origin: Origin, dns: FakeDns) -> None:
    """Requests to other origins close idle connections, and requests to the same origin wait for them."""
    opened: list[socket.socket] = []

    class Recorder(SystemResolver):
        def open_socket(self, info: AddressInfo) -> socket.socket:
            assert len([sock for sock in opened if sock.fileno() >= 0]) < sockets
            opened.append(super().open_socket(info))
            return opened[-1]

    for number in range(10):
        dns[f"{number}.example"] = ["127.0.0.1"] * 3
    transport = PooledTransport(connect_timeout=5, read_timeout=5, tls=TLS, resolver=Recorder(), max_sockets=sockets)
    urls = [f"http://{number % 10}.example:{origin.port}/{path}" for number in range(60)]

    async with httpx.AsyncClient(transport=transport) as client:
        responses = await asyncio.gather(*(client.get(url) for url in urls))

    assert [response.content for response in responses] == [IMAGE] * 60


@pytest.mark.usefixtures("no_leaks", "connected_addresses")
async def test_every_socket_is_counted_back_however_requests_end(origin: Origin, dns: FakeDns) -> None:
    """Responses, losses, refusals, failed handshakes and requests that are cancelled at any moment."""
    for name in ("one", "two", "three"):
        dns[f"{name}.example"] = ["127.0.0.1"] * len(name)
    paths = ["length", "length_then_close", "close_before_response", "reset_in_body", "silent", "close_later", "lost"]
    bases = [f"http://{name}.example:{origin.port}" for name in ("one", "two", "three")]
    urls = [f"{base}/{path}" for base in bases for path in paths]
    urls += ["http://one.example:1/", "http://nowhere.example/", f"https://two.example:{origin.port}/"]
    origin.responders["lost"] = end_first_request_of_a_reused_connection
    transport = PooledTransport(connect_timeout=1, read_timeout=0.2, tls=TLS, max_sockets=6, connect_limit=2)
    chance = random.Random(1)

    async def get(url: str) -> None:
        with suppress(httpx.TransportError, TimeoutError):
            async with asyncio.timeout(chance.choice([0.001, 0.01, 0.05, 5])):
                await client.get(url)

    async with httpx.AsyncClient(transport=transport) as client:
        for _ in range(8):
            await asyncio.gather(*(get(chance.choice(urls)) for _ in range(40)))
    await asyncio.sleep(0.05)

    limiter = transport.pool._connect_limiter
    assert (limiter._free_sockets, limiter._allowed_extra) == (6, 3)
    assert (limiter.waiting, len(limiter._queue._waiters), dict(limiter._opening)) == (0, 0, {})
