"""Origins and S3 servers that close connections without notice: no request is lost, and none costs an attempt.

The servers run in a thread, so that they close connections at any moment of the client.
"""

import asyncio
import random
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import nullcontext
from hashlib import sha256
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import httpx
import pytest
import trustme

from intake.http_client.errors import ConnectionLost
from intake.http_client.transport import PooledTransport
from intake.model.image_info import ImageInfo
from support import s3_server
from support.fault_proxy import content_length
from support.origin import IMAGE, Origin, origin_in_thread
from support.origin.behaviour import Reader, Request, Responder, Writer, reset, response_with, send
from support.origin.client import MakeClient
from support.real_s3_store import open_store

SERVER, CLIENT = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
_CA = trustme.CA()
_CA.issue_cert("127.0.0.1").configure_cert(SERVER)
_CA.configure_trust(CLIENT)
JPEG = ImageInfo("jpeg", 1, 1, 1, "image/jpeg", "jpg")


def shut_down(writer: Writer) -> None:
    """Send a FIN, and over TLS no close_notify."""
    sock = writer.get_extra_info("socket")
    if sock.fileno() >= 0:
        sock.shutdown(socket.SHUT_RDWR)


def reset_if_open(writer: Writer) -> None:
    if writer.get_extra_info("socket").fileno() >= 0:
        reset(writer)


ENDS: dict[str, Callable[[Writer], None]] = {
    "close": lambda writer: writer.close(),
    "FIN": shut_down,
    "RST": reset_if_open,
}


def answer_and_end(end: Callable[[Writer], None], seconds: float) -> Responder:
    """Send a response, and end the connection a while later, whatever has arrived meanwhile."""

    async def respond(_: Reader, writer: Writer, __: Request) -> None:
        await asyncio.sleep(random.uniform(0, 0.005))
        await send(writer, response_with(IMAGE))
        asyncio.get_running_loop().call_later(seconds, end, writer)

    return respond


class Case(NamedTuple):
    scheme: str
    end: str
    seconds: float
    at_once: int
    images: int


SECONDS = (0, 0.002, 0.005, 0.02, 0.05, 0.2)
CASES = [
    *(Case("http", end, after, at_once, 300) for end in ("close", "RST") for after in SECONDS for at_once in (16, 64)),
    *(Case("http", end, after, at_once, 101) for end in ENDS for after in (0.002, 0.02) for at_once in (1, 8)),
    *(Case("https", end, after, 16, 101) for end in ENDS for after in (0, 0.005, 0.02, 0.2)),
]


@pytest.mark.usefixtures("no_leaks", "connected_addresses", "dns")
@pytest.mark.parametrize("case", CASES, ids=repr)
async def test_every_image_is_stored_at_its_only_attempt_when_the_origin_ends_connections_after_a_while(
    case: Case, make_client: MakeClient
) -> None:
    with origin_in_thread(SERVER if case.scheme == "https" else None) as origin:
        origin.default_responder = answer_and_end(ENDS[case.end], case.seconds)
        client = make_client(origin, max_attempts=1, max_per_origin=case.at_once, tls=CLIENT)

        results = await asyncio.gather(*(client.get(origin.url(f"{number}")) for number in range(case.images)))

    assert [(result.code, result.stats.attempts) for result in results] == [("stored", 1)] * case.images


class ClosingS3:
    """An S3 server that ends each connection a while after a response, also in the middle of the next upload.

    Attributes:
        objects: what was uploaded completely, by its key.
        lost: the number of uploads that it ended.
    """

    def __init__(self, end: str, seconds: float) -> None:
        self.objects: dict[str, bytes] = {}
        self.lost = 0
        self._end = ENDS[end]
        self._seconds = seconds

    async def respond(self, reader: Reader, writer: Writer, request: Request) -> None:
        length, key = content_length(request.raw), request.target.partition("?")[0].removeprefix("/bucket/")
        try:
            body = await reader.readexactly(length // 2)
            await asyncio.sleep(random.uniform(0, 2 * self._seconds))
            body += await reader.readexactly(length - len(body))
            await asyncio.sleep(random.uniform(0, self._seconds))
            await send(writer, response_with(b"", 'ETag: "1"', status=self._store(key, body)))
        except (OSError, asyncio.IncompleteReadError):
            self.lost += 1
            raise
        asyncio.get_running_loop().call_later(self._seconds, self._end, writer)

    def _store(self, key: str, body: bytes) -> str:
        if key in self.objects:
            return "412 Precondition Failed"
        self.objects[key] = body
        return "200 OK"


@pytest.mark.parametrize("end", ["close", "RST"])
@pytest.mark.parametrize("seconds", [0.002, 0.02])
@pytest.mark.parametrize("size", [20_000, 600_000])
async def test_every_image_is_stored_at_the_first_attempt_when_s3_ends_connections_after_a_while(
    size: int, seconds: float, end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("intake.s3.client._MAX_ATTEMPTS", 1)
    bodies = {f"images/{number}.jpg": bytes(bytearray([number]) * size) for number in range(100)}
    queue = list(bodies.items())
    s3 = ClosingS3(end, seconds)
    with origin_in_thread() as server:
        server.default_responder = s3.respond
        async with open_store(s3_server.S3Server(server.base), "bucket", monkeypatch) as store:

            async def upload() -> None:
                while queue:
                    key, body = queue.pop()
                    await store.put_image(key, JPEG, body, sha256(body).hexdigest())

            await asyncio.gather(*(upload() for _ in range(16)))

    assert s3.objects == bodies
    assert s3.lost


class _Counted:
    """Answers the first requests of each connection, and ends the connection at the next one.

    Attributes:
        requests: the number of requests.
    """

    def __init__(self, answered: int, last_words: bytes = b"", how: str = "close") -> None:
        self.requests = 0
        self._answered = answered
        self._last_words = last_words
        self._end = ENDS[how]
        self._by_connection: WeakKeyDictionary[Writer, int] = WeakKeyDictionary()

    async def respond(self, reader: Reader, writer: Writer, request: Request) -> None:
        if b"\r\nTransfer-Encoding: chunked" in request.raw:
            await reader.readuntil(b"0\r\n\r\n")
        await reader.readexactly(content_length(request.raw))
        self.requests += 1
        number = self._by_connection[writer] = self._by_connection.get(writer, 0) + 1
        is_last = number > self._answered
        await send(writer, self._last_words if is_last else response_with(IMAGE))
        if is_last:
            self._end(writer)


@pytest.mark.parametrize("how", ["close", "RST"])
@pytest.mark.parametrize("idle", [1, 5])
async def test_request_is_sent_again_on_a_new_connection_when_every_idle_one_is_dead(
    idle: int, how: str, origin: Origin, make_client: MakeClient
) -> None:
    origin.default_responder = _Counted(1, how=how).respond
    client = make_client(origin, max_attempts=1)
    await asyncio.gather(*(client.get(origin.url("a")) for _ in range(idle)))

    result = await client.get(origin.url("b"))

    assert (result.code, result.stats.attempts) == ("stored", 1)
    assert (origin.connections, origin.request_count("b")) == (idle + 1, 2)


@pytest.mark.usefixtures("no_backoff")
@pytest.mark.parametrize("attempts", [1, 3])
@pytest.mark.parametrize("how", ["close", "RST"])
async def test_image_fails_after_its_attempts_when_the_origin_ends_new_connections_without_a_response(
    how: str, attempts: int, origin: Origin, make_client: MakeClient
) -> None:
    origin.default_responder = _Counted(0, how=how).respond

    result = await make_client(origin, max_attempts=attempts).get(origin.url("a"))

    assert (result.code, result.stats.attempts, len(origin.requests)) == ("connection_lost", attempts, attempts)


REQUEST_TIMEOUT = response_with(b"", "Connection: close", status="408 Request Timeout")


@pytest.mark.parametrize(
    ("last_words", "code", "requests"),
    [
        (b"", "stored", 2),
        (REQUEST_TIMEOUT, "stored", 2),
        (REQUEST_TIMEOUT.replace(b"1.1", b"1.0").replace(b"Connection: close\r\n", b""), "stored", 2),
        (response_with(b"", status="408 Request Timeout"), "http_server_error", 1),
        (b"H", "connection_lost", 1),
        (b"\r\n", "connection_lost", 1),
        (b"HTTP/1.1 200 OK\r\nContent-Le", "connection_lost", 1),
        (b"HTTP/1.1 103 Early Hints\r\n\r\n", "connection_lost", 1),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc", "incomplete_body", 1),
        (b"noise", "bad_response", 1),
    ],
)
async def test_request_is_sent_again_only_when_no_byte_of_a_response_arrived(
    last_words: bytes, code: str, requests: int, origin: Origin, make_client: MakeClient
) -> None:
    """Except for a 408 with which a server ends an idle connection (RFC 9110, 15.5.9)."""
    origin.default_responder = _Counted(1, last_words).respond
    client = make_client(origin, max_attempts=1)
    await client.get(origin.url("a"))

    result = await client.get(origin.url("b"))

    assert (result.code, result.stats.attempts, origin.request_count("b")) == (code, 1, requests)


async def _stream() -> AsyncIterator[bytes]:
    yield b"body"


@pytest.mark.parametrize(
    ("method", "content", "requests"),
    [
        ("GET", None, 2),
        ("HEAD", None, 2),
        ("OPTIONS", None, 2),
        ("DELETE", None, 2),
        ("PUT", b"body", 2),
        ("PUT", _stream(), 1),
        ("POST", b"body", 1),
        ("POST", None, 1),
        ("PATCH", b"body", 1),
    ],
)
async def test_transport_repeats_a_request_only_when_it_is_idempotent_and_its_body_can_be_read_again(
    method: str, content: Any, requests: int, origin: Origin
) -> None:
    counted = _Counted(1)
    origin.default_responder = counted.respond
    transport = PooledTransport(connect_timeout=2, read_timeout=2, tls=CLIENT)
    async with httpx.AsyncClient(transport=transport, base_url=origin.base) as client:
        await client.get("/")
        counted.requests = 0
        with nullcontext() if requests == 2 else pytest.raises(ConnectionLost):
            assert (await client.request(method, "/", content=content)).status_code == 200

    assert counted.requests == requests
