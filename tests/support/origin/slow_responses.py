"""Origins that are silent, slow, or never finish their response."""

import asyncio

from support.origin.behaviour import (
    IMAGE,
    Reader,
    Request,
    Writer,
    chunks,
    head,
    register,
    response_with,
    send,
    send_forever,
    wait_forever,
)

_PAUSE = 0.02


@register("timeout")
async def silent(_: Reader, __: Writer, ___: Request) -> None:
    await wait_forever()


@register("timeout")
async def silent_in_headers(_: Reader, writer: Writer, __: Request) -> None:
    await send(writer, b"HTTP/1.1 200 OK\r\nContent-")
    await wait_forever()


@register("timeout")
async def silent_after_headers(_: Reader, writer: Writer, __: Request) -> None:
    await send(writer, head(f"Content-Length: {len(IMAGE)}"))
    await wait_forever()


@register("timeout")
async def silent_in_body(_: Reader, writer: Writer, __: Request) -> None:
    await send(writer, response_with(IMAGE)[:-1])
    await wait_forever()


@register("timeout")
async def silent_before_last_chunk(_: Reader, writer: Writer, __: Request) -> None:
    await send(writer, head("Transfer-Encoding: chunked") + chunks([IMAGE]))
    await wait_forever()


@register("timeout", requests=1)
async def slow_headers(_: Reader, writer: Writer, __: Request) -> None:
    """Send one more byte of a header, always before the read timeout."""
    await send(writer, b"HTTP/1.1 200 OK\r\nA: ")
    await send_forever(writer, b"a", _PAUSE)


@register("timeout", requests=1)
async def slow_body(_: Reader, writer: Writer, __: Request) -> None:
    """Send a body that would be complete after a few minutes."""
    await send(writer, head("Content-Length: 90000") + IMAGE[:-2])
    await send_forever(writer, b"\0", _PAUSE)


@register("timeout", requests=1)
async def slow_chunks(_: Reader, writer: Writer, __: Request) -> None:
    await send(writer, head("Transfer-Encoding: chunked"))
    for position in range(len(IMAGE)):
        await send(writer, chunks([IMAGE[position : position + 1]]))
        await asyncio.sleep(_PAUSE)


@register("timeout", requests=1)
async def slow_continues(_: Reader, writer: Writer, __: Request) -> None:
    await send_forever(writer, head(status="100 Continue"), 0.1)


@register("bad_response")
async def endless_continues(_: Reader, writer: Writer, __: Request) -> None:
    await send_forever(writer, head(status="100 Continue") * 100)


@register("timeout", requests=1)
async def endless_chunk_extension(_: Reader, writer: Writer, __: Request) -> None:
    await send(writer, head("Transfer-Encoding: chunked") + chunks([IMAGE]) + b"5;")
    await send_forever(writer, b"x" * 50, _PAUSE)


@register("too_large")
async def endless_chunks(_: Reader, writer: Writer, __: Request) -> None:
    await send(writer, head("Transfer-Encoding: chunked") + chunks([IMAGE]))
    await send_forever(writer, chunks([bytes(1000)] * 8))


@register("too_large")
async def endless_body(_: Reader, writer: Writer, __: Request) -> None:
    await send(writer, head() + IMAGE)
    await send_forever(writer, bytes(8000))


@register("unsupported_type")
async def endless_text(_: Reader, writer: Writer, __: Request) -> None:
    """Send text forever: the client must not wait for the end of a body that is not an image."""
    await send(writer, head())
    await send_forever(writer, b"All work and no play. " * 400)


@register("unsupported_type")
async def text_that_stalls(_: Reader, writer: Writer, __: Request) -> None:
    await send(writer, head("Content-Length: 90000") + b"<!doctype html><p>Not here.")
    await wait_forever()


@register("not_found")
async def not_found_that_stalls(_: Reader, writer: Writer, __: Request) -> None:
    """Announce a body that never comes: the status alone decides."""
    await send(writer, head("Content-Length: 90000", status="404 Not Found"))
    await wait_forever()


@register("too_large")
async def too_large_that_stalls(_: Reader, writer: Writer, __: Request) -> None:
    await send(writer, head("Content-Length: 100001"))
    await wait_forever()
