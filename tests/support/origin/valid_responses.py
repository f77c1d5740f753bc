"""Origins that respond correctly, each in another way that HTTP allows, and origins that fail once and then recover."""

import asyncio
from itertools import batched

from support.origin.behaviour import (
    IMAGE,
    STORED,
    Reader,
    Request,
    Writer,
    add,
    chunks,
    head,
    register,
    reply,
    reset,
    response_with,
    send,
)

_PARTS = [bytes(part) for part in batched(IMAGE, 300, strict=False)]
_CHUNKED = head("Transfer-Encoding: chunked")

add("length", reply(response_with(IMAGE, "Content-Type: image/jpeg"), close=False), STORED)
add("length_then_close", reply(response_with(IMAGE, "Connection: close")), STORED)
add("length_with_zeros", reply(head(f"Content-Length: 000{len(IMAGE)}") + IMAGE, close=False), STORED)
add("length_without_a_space", reply(head(f"content-length:{len(IMAGE)}") + IMAGE, close=False), STORED)
add("length_with_spaces", reply(head(f"Content-Length : {len(IMAGE)} ") + IMAGE, close=False), STORED)
add("chunked", reply(_CHUNKED + chunks([*_PARTS, b""]), close=False), STORED)
add("chunk_extensions", reply(_CHUNKED + b"%x;a=b;c\r\n%b\r\n0\r\n\r\n" % (len(IMAGE), IMAGE), close=False), STORED)
add("trailers", reply(_CHUNKED + chunks([IMAGE]) + b"0\r\nDigest: none\r\n\r\n", close=False), STORED)
add("until_close", reply(head("Connection: close") + IMAGE), STORED)
add("until_close_in_1_0", reply(b"HTTP/1.0 200 OK\r\n\r\n" + IMAGE), STORED)
add("length_in_1_0", reply(b"HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(IMAGE), IMAGE)), STORED)
add("no_reason_phrase", reply(response_with(IMAGE, status="200"), close=False), STORED)
add("identity_encoding", reply(response_with(IMAGE, "Content-Encoding: identity"), close=False), STORED)
add("wrong_content_type", reply(response_with(IMAGE, "Content-Type: text/html"), close=False), STORED)
add("cookies", reply(response_with(IMAGE, "Set-Cookie: a=b; Path=/", "Set-Cookie: c=d"), close=False), STORED)
add("authenticate_header", reply(response_with(IMAGE, "WWW-Authenticate: Basic realm=x"), close=False), STORED)
add("continue_first", reply(head(status="100 Continue") + response_with(IMAGE), close=False), STORED)
add("early_hints", reply(head("Link: </a.css>", status="103 Early Hints") + response_with(IMAGE), close=False), STORED)
add("long_header", reply(response_with(IMAGE, "Content-Security-Policy: " + "x" * 12_000), close=False), STORED)


@register(STORED)
async def head_byte_by_byte(_: Reader, writer: Writer, __: Request) -> None:
    """Send the head one byte at a time."""
    data = response_with(IMAGE, *(f"A-{number}: b" for number in range(20)))
    size = len(data) - len(IMAGE)
    for position in range(size):
        await send(writer, data[position : position + 1])
        await asyncio.sleep(0)
    await send(writer, data[size:])


@register(STORED)
async def one_byte_chunks(_: Reader, writer: Writer, __: Request) -> None:
    """Send chunks of one byte, without a pause."""
    await send(writer, _CHUNKED + chunks(IMAGE[place : place + 1] for place in range(len(IMAGE))) + b"0\r\n\r\n")


@register(STORED)
async def response_byte_by_byte(_: Reader, writer: Writer, __: Request) -> None:
    data = response_with(IMAGE)
    for position in range(len(data)):
        await send(writer, data[position : position + 1])
        await asyncio.sleep(0)


@register(STORED, requests=2)
async def reset_once(_: Reader, writer: Writer, request: Request) -> None:
    if request.nth == 1:
        reset(writer)
    else:
        await send(writer, response_with(IMAGE))


@register(STORED, requests=2)
async def close_once(_: Reader, writer: Writer, request: Request) -> None:
    if request.nth == 1:
        writer.close()
    else:
        await send(writer, response_with(IMAGE))


@register(STORED, requests=3)
async def fail_twice(_: Reader, writer: Writer, request: Request) -> None:
    status = "200 OK" if request.nth > 2 else "503 Service Unavailable"
    await send(writer, response_with(IMAGE, status=status))


@register(STORED, requests=2)
async def truncated_once(_: Reader, writer: Writer, request: Request) -> None:
    if request.nth == 1:
        await send(writer, response_with(IMAGE)[:-10])
        writer.close()
    else:
        await send(writer, response_with(IMAGE))
