"""Origins that behave, each in its own way."""

import asyncio
from itertools import batched

from support.origin.behaviour import (
    IMAGE,
    STORED,
    Reader,
    Request,
    Writer,
    add,
    behaves,
    chunks,
    head,
    reset,
    says,
    send,
    sized,
)

_PARTS = [bytes(part) for part in batched(IMAGE, 300, strict=False)]
_CHUNKED = head("Transfer-Encoding: chunked")

add("length", says(sized(IMAGE, "Content-Type: image/jpeg"), end=False), STORED)
add("length_then_close", says(sized(IMAGE, "Connection: close")), STORED)
add("length_with_zeros", says(head(f"Content-Length: 000{len(IMAGE)}") + IMAGE, end=False), STORED)
add("length_without_a_space", says(head(f"content-length:{len(IMAGE)}") + IMAGE, end=False), STORED)
add("length_with_spaces", says(head(f"Content-Length : {len(IMAGE)} ") + IMAGE, end=False), STORED)
add("chunked", says(_CHUNKED + chunks([*_PARTS, b""]), end=False), STORED)
add("chunk_extensions", says(_CHUNKED + b"%x;a=b;c\r\n%b\r\n0\r\n\r\n" % (len(IMAGE), IMAGE), end=False), STORED)
add("trailers", says(_CHUNKED + chunks([IMAGE]) + b"0\r\nDigest: none\r\n\r\n", end=False), STORED)
add("until_close", says(head("Connection: close") + IMAGE), STORED)
add("until_close_in_1_0", says(b"HTTP/1.0 200 OK\r\n\r\n" + IMAGE), STORED)
add("length_in_1_0", says(b"HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(IMAGE), IMAGE)), STORED)
add("no_reason_phrase", says(sized(IMAGE, status="200"), end=False), STORED)
add("identity_encoding", says(sized(IMAGE, "Content-Encoding: identity"), end=False), STORED)
add("wrong_label", says(sized(IMAGE, "Content-Type: text/html"), end=False), STORED)
add("cookies", says(sized(IMAGE, "Set-Cookie: a=b; Path=/", "Set-Cookie: c=d"), end=False), STORED)
add("challenge", says(sized(IMAGE, "WWW-Authenticate: Basic realm=x"), end=False), STORED)
add("continue_first", says(head(status="100 Continue") + sized(IMAGE), end=False), STORED)
add("early_hints", says(head("Link: </a.css>", status="103 Early Hints") + sized(IMAGE), end=False), STORED)
add("long_header", says(sized(IMAGE, "Content-Security-Policy: " + "x" * 12_000), end=False), STORED)


@behaves(STORED)
async def byte_by_byte(_: Reader, writer: Writer, __: Request) -> None:
    """The head in segments of one byte."""
    answer = sized(IMAGE, *(f"A-{number}: b" for number in range(20)))
    size = len(answer) - len(IMAGE)
    for position in range(size):
        await send(writer, answer[position : position + 1])
        await asyncio.sleep(0)
    await send(writer, answer[size:])


@behaves(STORED)
async def body_byte_by_byte(_: Reader, writer: Writer, __: Request) -> None:
    """ChunkedDecoder of one byte, as fast as they go."""
    await send(writer, _CHUNKED + chunks(IMAGE[place : place + 1] for place in range(len(IMAGE))) + b"0\r\n\r\n")


@behaves(STORED)
async def body_in_segments_of_one_byte(_: Reader, writer: Writer, __: Request) -> None:
    answer = sized(IMAGE)
    for position in range(len(answer)):
        await send(writer, answer[position : position + 1])
        await asyncio.sleep(0)


@behaves(STORED, requests=2)
async def reset_once(_: Reader, writer: Writer, request: Request) -> None:
    if request.nth == 1:
        reset(writer)
    else:
        await send(writer, sized(IMAGE))


@behaves(STORED, requests=2)
async def close_once(_: Reader, writer: Writer, request: Request) -> None:
    if request.nth == 1:
        writer.close()
    else:
        await send(writer, sized(IMAGE))


@behaves(STORED, requests=3)
async def fail_twice(_: Reader, writer: Writer, request: Request) -> None:
    status = "200 OK" if request.nth > 2 else "503 Service Unavailable"
    await send(writer, sized(IMAGE, status=status))


@behaves(STORED, requests=2)
async def cut_once(_: Reader, writer: Writer, request: Request) -> None:
    if request.nth == 1:
        await send(writer, sized(IMAGE)[:-10])
        writer.close()
    else:
        await send(writer, sized(IMAGE))
