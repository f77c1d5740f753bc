"""Encodes an httpx request as HTTP/1.1 (RFC 9112): the head, and a body of any asynchronous stream."""

import re
from collections.abc import AsyncGenerator, AsyncIterator, Buffer
from contextlib import aclosing

import httpx

from intake.http_client.errors import InvalidRequest

_LENGTH = re.compile(r"[0-9]{1,18}", re.ASCII)


def encode_head(request: httpx.Request) -> bytes:
    """Encode the request line and the fields, with the blank line after them.

    The request target is the `target` extension, byte for byte; without one, the path and query of the URL.

    Raises:
        InvalidRequest: the target, the method or a field has a line break.
    """
    target: bytes = request.extensions.get("target") or request.url.raw_path
    fields = request.headers.raw
    head = b"\r\n".join(
        [b"%b %b HTTP/1.1" % (request.method.encode("ascii"), target), *[b"%b: %b" % field for field in fields]]
    )
    # A line break in a value would add a field, or end the head.
    if head.count(b"\n") != len(fields) or head.count(b"\r") != len(fields):
        raise InvalidRequest("the target or a field of the request has a line break in it")
    return head + b"\r\n\r\n"


def encode_body(request: httpx.Request) -> AsyncGenerator[Buffer]:
    """Yield the body of a request as it is sent, framed as the request's fields say.

    Raises:
        InvalidRequest: the fields do not state how the body ends, or state it twice; or the stream is not asynchronous.
    """
    stream = request.stream
    if not isinstance(stream, httpx.AsyncByteStream):
        raise InvalidRequest("the body of the request is not an asynchronous stream")
    length, coding = request.headers.get("content-length"), request.headers.get("transfer-encoding")
    if coding is not None:
        if length is not None or coding.strip().lower() != "chunked":
            raise InvalidRequest("expected either a Content-Length or Transfer-Encoding: chunked")
        return _encode_chunked(stream)
    if length is not None and not _LENGTH.fullmatch(length):
        raise InvalidRequest("the Content-Length of the request is not a number")
    return _encode_sized(stream, int(length or 0))


async def _encode_sized(stream: httpx.AsyncByteStream, length: int) -> AsyncGenerator[Buffer]:
    """Yield the stream, which must have the announced length: the server would read more as the next request."""
    left = length
    async with aclosing(_read(stream)) as pieces:
        async for piece in pieces:
            left -= len(piece)
            if left < 0:
                raise InvalidRequest(f"the body of the request is longer than its Content-Length, {length}")
            yield piece
    if left:
        raise InvalidRequest(f"the body of the request is {left} bytes shorter than its Content-Length, {length}")


async def _encode_chunked(stream: httpx.AsyncByteStream) -> AsyncGenerator[Buffer]:
    async with aclosing(_read(stream)) as pieces:
        async for piece in pieces:
            if piece:  # an empty chunk would end the body
                yield b"%x\r\n" % len(piece)
                yield piece
                yield b"\r\n"
    yield b"0\r\n\r\n"


async def _read(stream: httpx.AsyncByteStream) -> AsyncGenerator[bytes]:
    """Yield the pieces of a stream, and close its iterator even if the reader stops early."""
    pieces: AsyncIterator[bytes] = aiter(stream)
    try:
        async for piece in pieces:
            yield piece
    finally:
        if isinstance(pieces, AsyncGenerator):
            await pieces.aclose()
