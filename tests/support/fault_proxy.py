"""A proxy before an S3 server, on loopback, that injects faults into single requests.

The faults are responders of the misbehaving origin. Every other request and response passes byte for byte, so that
signatures stay valid.
"""

import asyncio
import re
from collections.abc import Callable, Generator
from contextlib import contextmanager
from urllib.parse import urlsplit

from support.origin import Origin, origin_in_thread
from support.origin.behaviour import Reader, Request, Responder, Writer, reset, send

_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)


class FaultProxy:
    """A proxy before one S3 server.

    Attributes:
        url: its endpoint, for `AWS_ENDPOINT_URL_S3`.
        requests: every request that it received, as "PUT /bucket/key".
        s3_address: host and port of the S3 server.
    """

    def __init__(self, s3: str, server: Origin) -> None:
        self.url = server.base
        self.requests: list[str] = []
        self.s3_address = urlsplit(s3).netloc.split(":")
        self._faults: list[tuple[re.Pattern[str], Responder, int]] = []

    def inject(self, where: str, fault: Responder, times: int = 10**6) -> None:
        """Answer the next matching requests with a fault.

        Args:
            where: a pattern that is searched in "PUT /bucket/key".
            fault: answers the request instead of S3.
            times: the number of requests; later ones pass.
        """
        self._faults.append((re.compile(where), fault, times))

    def clear(self) -> None:
        """Remove all faults."""
        self._faults.clear()

    def request_count(self, where: str) -> int:
        """Count the requests that match a pattern."""
        return sum(bool(re.search(where, line)) for line in self.requests)

    async def respond(self, reader: Reader, writer: Writer, request: Request) -> None:
        """Answer one request with a fault, or forward it."""
        line = f"{request.raw.split(b' ', 1)[0].decode()} {request.target.partition('?')[0]}"
        self.requests.append(line)
        for number, (pattern, fault, times) in enumerate(self._faults):
            if times and pattern.search(line):
                self._faults[number] = (pattern, fault, times - 1)
                await fault(reader, writer, request)
                return
        await send(writer, await self.forward(reader, request))

    async def forward(self, reader: Reader, request: Request, change: Callable[[bytes], bytes] = bytes) -> bytes:
        """Forward a request to S3 and return the response.

        Args:
            reader: the source of the request's body.
            request: its head.
            change: changes the body before it is forwarded.
        """
        body = change(await reader.readexactly(content_length(request.raw)))
        s3_reader, s3_writer = await asyncio.open_connection(*self.s3_address)
        try:
            s3_writer.write(request.raw + body)
            head = await s3_reader.readuntil(b"\r\n\r\n")
            has_body = not request.raw.startswith(b"HEAD")
            return head + await s3_reader.readexactly(content_length(head) if has_body else 0)
        finally:
            s3_writer.close()


def content_length(head: bytes) -> int:
    found = _LENGTH.search(head)
    return int(found[1]) if found else 0


@contextmanager
def open_fault_proxy(s3: str) -> Generator[FaultProxy]:
    """Start a proxy before an S3 server, given its URL."""
    with origin_in_thread() as server:
        proxy = FaultProxy(s3, server)
        server.default_responder = proxy.respond
        yield proxy


def after_upload(fault: Responder) -> Responder:
    """Read the whole request without forwarding it, then answer with the fault."""

    async def respond(reader: Reader, writer: Writer, request: Request) -> None:
        await reader.readexactly(content_length(request.raw))
        await fault(reader, writer, request)

    return respond


def reset_after(part: float) -> Responder:
    """Reset the connection after a part of the body, 0 to 1."""

    async def respond(reader: Reader, writer: Writer, request: Request) -> None:
        await reader.readexactly(int(content_length(request.raw) * part))
        reset(writer)

    return respond


def flip_bit(proxy: FaultProxy, place: int) -> Responder:
    """Flip a bit of the body's byte at `place`, and forward the request."""

    def change(body: bytes) -> bytes:
        return body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :]

    async def respond(reader: Reader, writer: Writer, request: Request) -> None:
        await send(writer, await proxy.forward(reader, request, change))

    return respond


def lose_response(proxy: FaultProxy) -> Responder:
    """Forward the request, and reset the connection instead of sending the response."""

    async def respond(reader: Reader, writer: Writer, request: Request) -> None:
        await proxy.forward(reader, request)
        reset(writer)

    return respond


def forward_part_and_reset(proxy: FaultProxy, part: float) -> Responder:
    """Forward the head and a part of the body, and reset both connections."""

    async def respond(reader: Reader, writer: Writer, request: Request) -> None:
        await forward_part(proxy, reader, request, part)
        reset(writer)

    return respond


async def forward_part(proxy: FaultProxy, reader: Reader, request: Request, part: float) -> None:
    """Forward the head and a part of the body, 0 to 1, and reset the connection to S3."""
    body = await reader.readexactly(int(content_length(request.raw) * part))
    _, s3_writer = await asyncio.open_connection(*proxy.s3_address)
    s3_writer.write(request.raw + body)
    await s3_writer.drain()
    reset(s3_writer)
