"""What a behaviour is, and the words that behaviours are written with."""

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from support.sample_images import picture

STORED = "stored"
IMAGE = picture(32, 24, seed=1)
"""What a healthy answer carries: a whole JPEG."""

MOST = 100_000
"""Bytes; the table is written for a client that takes no more."""

Reader = asyncio.StreamReader
Writer = asyncio.StreamWriter


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it arrived.

    Attributes:
        raw: the head, byte for byte.
        nth: how often this path was asked for by now, from 1.
        base: where this server is, without a slash at the end.
    """

    raw: bytes
    nth: int
    base: str

    @property
    def target(self) -> str:
        """Path and query, as they stand in the request line."""
        return self.raw.split(b" ", 2)[1].decode("latin-1")

    @property
    def headers(self) -> list[tuple[str, str]]:
        """In the order and the spelling in which they came."""
        lines = self.raw.decode("latin-1").rstrip("\r\n").split("\r\n")[1:]
        return [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines)]


Act = Callable[[Reader, Writer, Request], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How a path behaves.

    Attributes:
        act: answers one request; the connection is kept afterwards unless it closed it.
        code: what the service must say of the image: an error's code, or "stored".
        requests: how many requests it takes where every attempt (three) is made.
    """

    act: Act
    code: str
    requests: int


BEHAVIOURS: dict[str, Behaviour] = {}
"""Every behaviour by the name that stands first in the path."""

_TRANSIENT = {
    "timeout",
    "connection_lost",
    "bad_response",
    "incomplete_body",
    "throttled",
    "http_server_error",
}


def add(name: str, act: Act, code: str, requests: int | None = None) -> None:
    assert name not in BEHAVIOURS, f"two behaviours are called {name}"
    BEHAVIOURS[name] = Behaviour(act, code, requests or (3 if code in _TRANSIENT else 1))


def behaves(code: str, requests: int | None = None) -> Callable[[Act], Act]:
    """Enter a coroutine in the table, under its own name."""

    def enter(act: Act) -> Act:
        add(act.__name__, act, code, requests)
        return act

    return enter


def says(data: bytes, *, end: bool = True) -> Act:
    """Send bytes, and close the connection or keep it."""

    async def act(_: Reader, writer: Writer, __: Request) -> None:
        await send(writer, data)
        if end:
            writer.close()

    return act


def in_pieces(*pieces: bytes) -> Act:
    """Send each piece in a segment of its own, and keep the connection."""

    async def act(_: Reader, writer: Writer, __: Request) -> None:
        for piece in pieces:
            await send(writer, piece)
            await asyncio.sleep(0.02)

    return act


def head(*lines: str, status: str = "200 OK") -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status}", *lines, "", ""]).encode("latin-1")


def sized(body: bytes, *lines: str, status: str = "200 OK") -> bytes:
    """A whole answer with its length."""
    return head(*lines, f"Content-Length: {len(body)}", status=status) + body


def chunks(parts: Iterable[bytes]) -> bytes:
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts)


async def send(writer: Writer, data: bytes) -> None:
    writer.write(data)
    await writer.drain()


async def send_forever(writer: Writer, data: bytes, pause: float = 0.0) -> None:
    """Go on until the other side hangs up."""
    while not writer.is_closing():
        await send(writer, data)
        await asyncio.sleep(pause)


async def wait_forever() -> None:
    await asyncio.Event().wait()


def reset(writer: Writer) -> None:
    """End the connection with a RST in place of a FIN."""
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
