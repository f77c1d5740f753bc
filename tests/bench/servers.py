"""An origin and an S3 stand-in in Python, each with a set delay, in a process of its own: they run anywhere.

For what does not depend on how fast they are: memory and counts. The benchmark itself has nginx (`ground.py`).
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
    """Answers `/{n}` with the nth of its images."""

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
            asyncio.get_running_loop().call_later(self._delay, self._answer, request)

    def _answer(self, request: bytes) -> None:
        number = int(request.split(b" ", 2)[1].strip(b"/"))
        body = self._images[number % len(self._images)]
        head = f"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: {len(body)}\r\n\r\n"
        self._transport.writelines([head.encode(), body])


class Sink(asyncio.Protocol):
    """Takes every PUT, and forgets it."""

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
            self._take(len(data))
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
        self._take(len(rest))

    def _take(self, size: int) -> None:
        self._missing -= size
        if self._missing <= 0:
            self._missing = 0
            asyncio.get_running_loop().call_later(self._delay, self._answer)

    def _answer(self) -> None:
        etag = hashlib.md5(b"", usedforsecurity=False).hexdigest()
        self._transport.write(f'HTTP/1.1 200 OK\r\nETag: "{etag}"\r\nContent-Length: 0\r\n\r\n'.encode())


async def _serve(kind: str, size: int, number: int, delay: float, report: Connection) -> None:
    from support.sample_images import jpeg_of_size  # noqa: PLC0415 - Pillow is no part of what is measured in the process that starts this

    images = [jpeg_of_size(size, seed) for seed in range(number)] if kind == "origin" else []
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: Origin(images, delay) if kind == "origin" else Sink(delay), "127.0.0.1", 0, backlog=1024
    )
    report.send(server.sockets[0].getsockname()[1])
    await server.serve_forever()


def _run(kind: str, size: int, number: int, delay: float, report: Connection) -> None:
    asyncio.run(_serve(kind, size, number, delay, report))


@contextmanager
def running(kind: str, *, delay: float, size: int = 0, number: int = 0) -> Generator[str]:
    """Start a server and yield its URL, without a slash at its end.

    Args:
        kind: "origin" or "sink".
        delay: seconds from the request to the answer.
        size: of an image, in bytes.
        number: of distinct images.
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
