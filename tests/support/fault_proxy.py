"""The way to S3: a relay of bytes on loopback, which goes wrong where a test wants it to.

Behaviours are those of the ill-mannered origin, for single requests; all others go to S3 and back byte for byte, so
that signatures hold.
"""

import asyncio
import re
from collections.abc import Callable, Generator
from contextlib import contextmanager
from urllib.parse import urlsplit

from support.origin import Origin, in_a_thread
from support.origin.behaviour import Act, Reader, Request, Writer, reset, send

_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)
_PIECE = 64 * 1024


class Way:
    """A way to one S3 server.

    Attributes:
        url: its endpoint, for `AWS_ENDPOINT_URL_S3`.
        seen: every request that came, as "PUT /bucket/key".
        far: host and port of S3.
    """

    def __init__(self, s3: str, near: Origin) -> None:
        self.url = near.base
        self.seen: list[str] = []
        self.far = urlsplit(s3).netloc.split(":")
        self._troubles: list[tuple[re.Pattern[str], Act, int]] = []

    def goes_wrong(self, where: str, act: Act, times: int = 10**6) -> None:
        """Let the next requests that match end in this way.

        Args:
            where: a pattern, searched in "PUT /bucket/key".
            act: what happens in place of the way to S3 and back.
            times: after so many all is well again.
        """
        self._troubles.append((re.compile(where), act, times))

    def goes_right(self) -> None:
        """Forget what goes wrong."""
        self._troubles.clear()

    def tried(self, where: str) -> int:
        """How many requests came that match."""
        return sum(bool(re.search(where, line)) for line in self.seen)

    async def act(self, reader: Reader, writer: Writer, request: Request) -> None:
        """Take one request."""
        line = f"{request.raw.split(b' ', 1)[0].decode()} {request.target.partition('?')[0]}"
        self.seen.append(line)
        for number, (pattern, act, times) in enumerate(self._troubles):
            if times and pattern.search(line):
                self._troubles[number] = (pattern, act, times - 1)
                await act(reader, writer, request)
                return
        await send(writer, await self.pass_on(reader, request))

    async def pass_on(self, reader: Reader, request: Request, spoil: Callable[[bytes], bytes] = bytes) -> bytes:
        """Take a request to S3 and return the answer.

        Args:
            reader: has the body of the request.
            request: its head.
            spoil: what becomes of the body on its way.
        """
        body = spoil(await reader.readexactly(length_of(request.raw)))
        back, out = await asyncio.open_connection(*self.far)
        try:
            out.write(request.raw + body)
            head = await back.readuntil(b"\r\n\r\n")
            return head + await back.readexactly(0 if request.raw.startswith(b"HEAD") else length_of(head))
        finally:
            out.close()


def length_of(head: bytes) -> int:
    found = _LENGTH.search(head)
    return int(found[1]) if found else 0


@contextmanager
def way_to(s3: str) -> Generator[Way]:
    """Open a way to an S3 server."""
    with in_a_thread() as near:
        way = Way(s3, near)
        near.everything = way.act
        yield way


def after_upload(act: Act) -> Act:
    """Read the whole request, and go on as told without S3 having seen it."""

    async def read_all(reader: Reader, writer: Writer, request: Request) -> None:
        await reader.readexactly(length_of(request.raw))
        await act(reader, writer, request)

    return read_all


def cut_after(part: float) -> Act:
    """Reset the connection after such a part of the body."""

    async def cut(reader: Reader, writer: Writer, request: Request) -> None:
        await reader.readexactly(int(length_of(request.raw) * part))
        reset(writer)

    return cut


def spoils(way: Way, place: int) -> Act:
    """Flip a bit of the body on its way."""

    def spoil(body: bytes) -> bytes:
        return body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :]

    async def act(reader: Reader, writer: Writer, request: Request) -> None:
        await send(writer, await way.pass_on(reader, request, spoil))

    return act


def loses_the_answer(way: Way) -> Act:
    """Take the request to S3, and break before the answer."""

    async def act(reader: Reader, writer: Writer, request: Request) -> None:
        await way.pass_on(reader, request)
        reset(writer)

    return act


def breaks_at(way: Way, part: float) -> Act:
    """Take the head and a part of the body to S3, and break on both sides."""

    async def act(reader: Reader, writer: Writer, request: Request) -> None:
        await deliver(way, reader, request, part)
        reset(writer)

    return act


async def deliver(way: Way, reader: Reader, request: Request, part: float) -> None:
    """Take the head and a part of the body to S3, and break off there."""
    body = await reader.readexactly(int(length_of(request.raw) * part))
    _, out = await asyncio.open_connection(*way.far)
    out.write(request.raw + body)
    await out.drain()
    reset(out)
