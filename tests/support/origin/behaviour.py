"""The table of behaviours, and the functions that its entries are built from."""

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from support.sample_images import picture

STORED = "stored"
IMAGE = picture(32, 24, seed=1)
"""The body of a valid response: a complete JPEG."""

MAX_BYTES = 100_000
"""The largest image, in bytes, that the client may accept; the table relies on it."""

Reader = asyncio.StreamReader
Writer = asyncio.StreamWriter


@dataclass(frozen=True, slots=True)
class Request:
    """A request as the server received it.

    Attributes:
        raw: the request head, byte for byte.
        nth: 1 for the first request of this path, 2 for the second, and so on.
        base: the server's own URL, without a slash at the end.
    """

    raw: bytes
    nth: int
    base: str

    @property
    def target(self) -> str:
        """Path and query, as in the request line."""
        return self.raw.split(b" ", 2)[1].decode("latin-1")

    @property
    def headers(self) -> list[tuple[str, str]]:
        """Names and values, in the order and the spelling of the request."""
        lines = self.raw.decode("latin-1").rstrip("\r\n").split("\r\n")[1:]
        return [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines)]


Responder = Callable[[Reader, Writer, Request], Awaitable[None]]
"""Answers one request. The server keeps the connection open, unless the responder closed it."""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How a path register, and what the service must make of it.

    Attributes:
        respond: answers one request.
        code: the expected result: an error code, or "stored".
        requests: the expected number of requests when the client makes up to three attempts.
    """

    respond: Responder
    code: str
    requests: int


BEHAVIOURS: dict[str, Behaviour] = {}
"""All behaviours, by the first segment of the path."""

_TRANSIENT = {
    "timeout",
    "connection_lost",
    "bad_response",
    "incomplete_body",
    "empty_body",
    "not_ready",
    "throttled",
    "http_server_error",
}


def add(name: str, respond: Responder, code: str, requests: int | None = None) -> None:
    """Add a behaviour to the table; without `requests`, transient codes take three requests and the others one."""
    assert name not in BEHAVIOURS, f"two behaviours are called {name}"
    BEHAVIOURS[name] = Behaviour(respond, code, requests or (3 if code in _TRANSIENT else 1))


def register(code: str, requests: int | None = None) -> Callable[[Responder], Responder]:
    """Add the decorated coroutine to the table, under its own name."""

    def decorate(respond: Responder) -> Responder:
        add(respond.__name__, respond, code, requests)
        return respond

    return decorate


def reply(data: bytes, *, close: bool = True) -> Responder:
    """Send these bytes, then close the connection or keep it open."""

    async def respond(_: Reader, writer: Writer, __: Request) -> None:
        await send(writer, data)
        if close:
            writer.close()

    return respond


def reply_in_pieces(*pieces: bytes) -> Responder:
    """Send each piece in a TCP segment of its own, and keep the connection open."""

    async def respond(_: Reader, writer: Writer, __: Request) -> None:
        for piece in pieces:
            await send(writer, piece)
            await asyncio.sleep(0.02)

    return respond


def head(*lines: str, status: str = "200 OK") -> bytes:
    """Build a response head from header lines."""
    return "\r\n".join([f"HTTP/1.1 {status}", *lines, "", ""]).encode("latin-1")


def response_with(body: bytes, *lines: str, status: str = "200 OK") -> bytes:
    """Build a complete response with a Content-Length."""
    return head(*lines, f"Content-Length: {len(body)}", status=status) + body


def chunks(parts: Iterable[bytes]) -> bytes:
    """Encode each part as a chunk; an empty part is the last chunk."""
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts)


async def send(writer: Writer, data: bytes) -> None:
    writer.write(data)
    await writer.drain()


async def send_forever(writer: Writer, data: bytes, pause: float = 0.0) -> None:
    """Send the bytes again and again, until the client closes the connection."""
    while not writer.is_closing():
        await send(writer, data)
        await asyncio.sleep(pause)


async def wait_forever() -> None:
    await asyncio.Event().wait()


def reset(writer: Writer) -> None:
    """End the connection with a RST instead of a FIN."""
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
