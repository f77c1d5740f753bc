"""Origins that take their time, or never end."""

import asyncio

from support.origin.behaviour import (
    IMAGE,
    Reader,
    Request,
    Writer,
    behaves,
    chunks,
    head,
    send,
    send_forever,
    sized,
    wait_forever,
)

_BEAT = 0.02


@behaves("timeout")
async def silent(_: Reader, __: Writer, ___: Request) -> None:
    await wait_forever()


@behaves("timeout")
async def silent_in_headers(_: Reader, writer: Writer, __: Request) -> None:
    await send(writer, b"HTTP/1.1 200 OK\r\nContent-")
    await wait_forever()


@behaves("timeout")
async def silent_after_headers(_: Reader, writer: Writer, __: Request) -> None:
    await send(writer, head(f"Content-Length: {len(IMAGE)}"))
    await wait_forever()


@behaves("timeout")
async def silent_in_body(_: Reader, writer: Writer, __: Request) -> None:
    await send(writer, sized(IMAGE)[:-1])
    await wait_forever()


@behaves("timeout")
async def silent_before_last_chunk(_: Reader, writer: Writer, __: Request) -> None:
    await send(writer, head("Transfer-Encoding: chunked") + chunks([IMAGE]))
    await wait_forever()


@behaves("timeout", requests=1)
async def slow_headers(_: Reader, writer: Writer, __: Request) -> None:
    """One more byte of one header, before every silence would end it."""
    await send(writer, b"HTTP/1.1 200 OK\r\nA: ")
    await send_forever(writer, b"a", _BEAT)


@behaves("timeout", requests=1)
async def drip(_: Reader, writer: Writer, __: Request) -> None:
    """A body that would be whole in a few minutes."""
    await send(writer, head("Content-Length: 90000") + IMAGE[:-2])
    await send_forever(writer, b"\0", _BEAT)


@behaves("timeout", requests=1)
async def drip_of_chunks(_: Reader, writer: Writer, __: Request) -> None:
    await send(writer, head("Transfer-Encoding: chunked"))
    for position in range(len(IMAGE)):
        await send(writer, chunks([IMAGE[position : position + 1]]))
        await asyncio.sleep(_BEAT)


@behaves("timeout", requests=1)
async def continue_drip(_: Reader, writer: Writer, __: Request) -> None:
    await send_forever(writer, head(status="100 Continue"), 0.1)


@behaves("bad_response")
async def continue_flood(_: Reader, writer: Writer, __: Request) -> None:
    await send_forever(writer, head(status="100 Continue") * 100)


@behaves("timeout", requests=1)
async def endless_chunk_extension(_: Reader, writer: Writer, __: Request) -> None:
    await send(writer, head("Transfer-Encoding: chunked") + chunks([IMAGE]) + b"5;")
    await send_forever(writer, b"x" * 50, _BEAT)


@behaves("too_large")
async def endless_chunks(_: Reader, writer: Writer, __: Request) -> None:
    await send(writer, head("Transfer-Encoding: chunked") + chunks([IMAGE]))
    await send_forever(writer, chunks([bytes(1000)] * 8))


@behaves("too_large")
async def endless_body(_: Reader, writer: Writer, __: Request) -> None:
    await send(writer, head() + IMAGE)
    await send_forever(writer, bytes(8000))


@behaves("unsupported_type")
async def endless_text(_: Reader, writer: Writer, __: Request) -> None:
    """Not an image: there is no need to wait for its end."""
    await send(writer, head())
    await send_forever(writer, b"All work and no play. " * 400)


@behaves("unsupported_type")
async def text_that_stalls(_: Reader, writer: Writer, __: Request) -> None:
    await send(writer, head("Content-Length: 90000") + b"<!doctype html><p>Not here.")
    await wait_forever()


@behaves("not_found")
async def not_found_that_stalls(_: Reader, writer: Writer, __: Request) -> None:
    """The status says it all: the body is not waited for."""
    await send(writer, head("Content-Length: 90000", status="404 Not Found"))
    await wait_forever()


@behaves("too_large")
async def too_large_that_stalls(_: Reader, writer: Writer, __: Request) -> None:
    await send(writer, head("Content-Length: 100001"))
    await wait_forever()
