"""An origin and an S3 stand-in in Python, each in a process of its own, with a fixed delay.

They need no nginx. Programs use them that do not depend on the speed of the servers: memory, counts, leaks, cost.
The comparison uses nginx (`nginx_lab.py`).
"""

import asyncio
import hashlib
import multiprocessing
import re
from collections.abc import Generator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import override

_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)
_HEAD_END = b"\r\n\r\n"


class Origin(asyncio.Protocol):
    """Responds to `/{n}` with its nth image."""

    def __init__(self, images: list[bytes], delay: float) -> None:
        self._images = images
        self._delay = delay
        self._head = b""

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    @override
    def data_received(self, data: bytes) -> None:
        self._head += data
        while _HEAD_END in self._head:
            request, _, self._head = self._head.partition(_HEAD_END)
            asyncio.get_running_loop().call_later(self._delay, self._respond, request)

    def _respond(self, request: bytes) -> None:
        number = int(request.split(b" ", 2)[1].strip(b"/"))
        body = self._images[number % len(self._images)]
        head = f"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: {len(body)}\r\n\r\n"
        self._transport.writelines([head.encode(), body])


class S3StandIn(asyncio.Protocol):
    """Accepts every PUT and drops the body."""

    def __init__(self, delay: float) -> None:
        self._delay = delay
        self._head = b""
        self._missing = 0

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    @override
    def data_received(self, data: bytes) -> None:
        if self._missing:
            self._receive(len(data))
            return
        self._head += data
        if _HEAD_END not in self._head:
            return
        head, _, rest = self._head.partition(_HEAD_END)
        self._head = b""
        if b"100-continue" in head.lower():
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        found = _LENGTH.search(head)
        self._missing = int(found[1]) if found else 0
        self._receive(len(rest))

    def _receive(self, size: int) -> None:
        self._missing -= size
        if self._missing <= 0:
            self._missing = 0
            asyncio.get_running_loop().call_later(self._delay, self._respond)

    def _respond(self) -> None:
        etag = hashlib.md5(b"", usedforsecurity=False).hexdigest()
        self._transport.write(f'HTTP/1.1 200 OK\r\nETag: "{etag}"\r\nContent-Length: 0\r\n\r\n'.encode())


async def _serve(kind: str, size: int, number: int, delay: float, ready: Connection) -> None:
    from support.sample_images import jpeg_of_size  # noqa: PLC0415 - Pillow must not count as memory of the measured process

    images = [jpeg_of_size(size, seed) for seed in range(number)] if kind == "origin" else []
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: Origin(images, delay) if kind == "origin" else S3StandIn(delay), "127.0.0.1", 0, backlog=1024
    )
    ready.send(server.sockets[0].getsockname()[1])
    await server.serve_forever()


def _run(kind: str, size: int, number: int, delay: float, ready: Connection) -> None:
    asyncio.run(_serve(kind, size, number, delay, ready))


@contextmanager
def start_server(kind: str, *, delay: float, size: int = 0, number: int = 0) -> Generator[str]:
    """Start a server, yield its URL without a trailing slash, and stop it with the block.

    Args:
        kind: "origin" or "s3".
        delay: seconds from the request to the response.
        size: bytes of one image.
        number: distinct images.
    """
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(
        target=_run, args=(kind, size, number, delay, theirs), daemon=True
    )
    process.start()
    try:
        yield f"http://127.0.0.1:{ours.recv()}"
    finally:
        process.terminate()
        process.join()
