"""Origins that send more than the response to a request, on a connection that the client would otherwise reuse."""

import asyncio

from support.origin.behaviour import (
    IMAGE,
    STORED,
    Reader,
    Request,
    Responder,
    Writer,
    add,
    chunks,
    head,
    register,
    reply,
    reply_in_pieces,
    response_with,
    send,
    send_forever,
)
from support.sample_images import picture

UNSOLICITED_IMAGE = picture(8, 8, seed=666)
"""The body of a response without a request."""

_DELAY = 0.05
"""Seconds between the response and the bytes that follow it."""

_SECOND = response_with(UNSOLICITED_IMAGE)

add("second_response_at_once", reply(response_with(IMAGE) + _SECOND, close=False), STORED)
add("half_response_at_once", reply(response_with(IMAGE) + _SECOND[:10], close=False), STORED)
add("bytes_after_the_length", reply(response_with(IMAGE) + b"\0\0\0", close=False), STORED)
add("blank_line_at_once", reply(response_with(IMAGE) + b"\r\n", close=False), STORED)
add(
    "second_response_after_chunks",
    reply(head("Transfer-Encoding: chunked") + chunks([IMAGE, b""]) + _SECOND, close=False),
    STORED,
)

# The response comes in two TCP segments; the second one also contains the unsolicited bytes.
_RESPONSE = response_with(IMAGE) + _SECOND
_BODY = len(response_with(IMAGE)) - len(IMAGE)
for _name, _cut in {
    "in_body": _BODY + 100,
    "before_body": _BODY,
    "in_head_end": _BODY - 1,
    "in_blank_line": _BODY - 2,
}.items():
    add(f"second_response_after_cut_{_name}", reply_in_pieces(_RESPONSE[:_cut], _RESPONSE[_cut:]), STORED)
    add(
        f"extra_bytes_after_cut_{_name}",
        reply_in_pieces(_RESPONSE[:_cut], _RESPONSE[_cut : -len(_SECOND)] + b"\0\0\0"),
        STORED,
    )


def _reply_then_send(data: bytes) -> Responder:
    async def respond(_: Reader, writer: Writer, __: Request) -> None:
        await send(writer, response_with(IMAGE))
        await asyncio.sleep(_DELAY)
        await send(writer, data)

    return respond


add("second_response_later", _reply_then_send(_SECOND), STORED)
add("half_response_later", _reply_then_send(_SECOND[:10]), STORED)
add("byte_later", _reply_then_send(b"H"), STORED)
add("blank_line_later", _reply_then_send(b"\r\n"), STORED)
add(
    "request_timeout_later",
    _reply_then_send(response_with(b"", "Connection: close", status="408 Request Timeout")),
    STORED,
)


@register(STORED)
async def flood_later(_: Reader, writer: Writer, __: Request) -> None:
    await send(writer, response_with(IMAGE))
    await asyncio.sleep(_DELAY)
    await send_forever(writer, response_with(b"") * 100)


@register(STORED)
async def close_later(_: Reader, writer: Writer, __: Request) -> None:
    await send(writer, response_with(IMAGE))
    await asyncio.sleep(_DELAY)
    writer.close()
    await writer.wait_closed()
