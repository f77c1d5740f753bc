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

from bench.image_comment import SEGMENT_BYTES, with_comment

_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)
_CONDITION = re.compile(rb"\r\nif-none-match: *([^\r]+)", re.IGNORECASE)
_METADATA = re.compile(rb"\r\n((?:content-type|x-amz-meta-[a-z]+): *[^\r]*)", re.IGNORECASE)
_HEAD_END = b"\r\n\r\n"


class Origin(asyncio.Protocol):
    """Responds to `/{n}` with an image of its own, whose ETag is the number, or with 304."""

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
        etag = b'"%d"' % number
        condition = _CONDITION.search(request)
        if condition and condition[1] == etag:
            self._transport.write(b"HTTP/1.1 304 Not Modified\r\nETag: %b\r\n\r\n" % etag)
            return
        body = with_comment(self._images[number % len(self._images)], number)
        head = b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nETag: %b\r\nContent-Length: %d\r\n\r\n"
        self._transport.writelines([head % (etag, len(body)), body])


class S3Objects:
    """The objects of the bucket: of images type and metadata, of all others the bytes."""

    def __init__(self) -> None:
        self._images: dict[bytes, bytes] = {}
        self._documents: dict[bytes, bytes] = {}

    def respond(self, head: bytes, body: bytes) -> bytes:
        """Return the response to a request. Every PUT succeeds: no program here repeats an image that it counts."""
        method, target, _ = head.split(b" ", 2)
        key = target.partition(b"?")[0]
        if method == b"PUT" and b"/images/" in key:
            size = _LENGTH.search(head)
            kept = [b"Content-Length: %b" % (size[1] if size else b"0"), *_METADATA.findall(head)]
            self._images[key] = b"\r\n".join(kept)
            return _success(b"Content-Length: 0")
        if method == b"PUT":
            self._documents[key] = body
            return _success(b"Content-Length: 0")
        if method == b"HEAD" and key in self._images:
            return _success(self._images[key])
        if method == b"GET" and key in self._documents:
            document = self._documents[key]
            return _success(b"Content-Length: %d" % len(document)) + document
        return b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"


def _success(headers: bytes) -> bytes:
    etag = hashlib.md5(headers, usedforsecurity=False).hexdigest().encode()
    return b'HTTP/1.1 200 OK\r\nETag: "%b"\r\n%b\r\n\r\n' % (etag, headers)


class S3StandIn(asyncio.Protocol):
    """Serves `S3Objects` on one connection. It keeps the bodies of documents alone."""

    def __init__(self, objects: S3Objects, delay: float) -> None:
        self._objects = objects
        self._delay = delay
        self._request = b""
        self._body: list[bytes] = []
        self._missing = 0

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    @override
    def data_received(self, data: bytes) -> None:
        if self._missing:
            self._receive(data)
            return
        self._request += data
        if _HEAD_END not in self._request:
            return
        self._request, _, rest = self._request.partition(_HEAD_END)
        if b"100-continue" in self._request.lower():
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        found = _LENGTH.search(self._request)
        self._missing = int(found[1]) if found else 0
        self._receive(rest)

    def _receive(self, data: bytes) -> None:
        self._missing -= len(data)
        if b"/images/" not in self._request.partition(b"?")[0]:
            self._body.append(data)
        if self._missing <= 0:
            response = self._objects.respond(self._request, b"".join(self._body))
            self._request, self._body, self._missing = b"", [], 0
            asyncio.get_running_loop().call_later(self._delay, self._transport.write, response)


async def _serve(kind: str, size: int, number: int, delay: float, ready: Connection) -> None:
    from support.sample_images import jpeg_of_size  # noqa: PLC0415 - Pillow must not count as memory of the measured process

    images = [jpeg_of_size(size - SEGMENT_BYTES, seed) for seed in range(number)] if kind == "origin" else []
    objects = S3Objects()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: Origin(images, delay) if kind == "origin" else S3StandIn(objects, delay), "127.0.0.1", 0, backlog=1024
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
        number: distinct pictures; each image is one of them with a comment of its own.
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
