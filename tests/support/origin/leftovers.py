"""Origins that say more than they were asked, on a connection that seems fit to be used again."""

import asyncio

from support.origin.behaviour import (
    IMAGE,
    STORED,
    Act,
    Reader,
    Request,
    Writer,
    add,
    behaves,
    chunks,
    head,
    in_pieces,
    says,
    send,
    send_forever,
    sized,
)
from support.sample_images import picture

POISON = picture(8, 8, seed=666)
"""A whole image that nobody asked for."""

LATER = 0.05
"""Seconds after the answer, for what comes later."""

_SECOND = sized(POISON)

add("second_answer_at_once", says(sized(IMAGE) + _SECOND, end=False), STORED)
add("half_answer_at_once", says(sized(IMAGE) + _SECOND[:10], end=False), STORED)
add("bytes_after_the_length", says(sized(IMAGE) + b"\0\0\0", end=False), STORED)
add("blank_line_at_once", says(sized(IMAGE) + b"\r\n", end=False), STORED)
add(
    "second_answer_after_chunks",
    says(head("Transfer-Encoding: chunked") + chunks([IMAGE, b""]) + _SECOND, end=False),
    STORED,
)

# The answer comes in two segments, and what nobody asked for in the second.
_ANSWER = sized(IMAGE) + _SECOND
_BODY = len(sized(IMAGE)) - len(IMAGE)
for _name, _cut in {
    "in_body": _BODY + 100,
    "before_body": _BODY,
    "in_head_end": _BODY - 1,
    "in_blank_line": _BODY - 2,
}.items():
    add(f"second_answer_after_cut_{_name}", in_pieces(_ANSWER[:_cut], _ANSWER[_cut:]), STORED)
    add(f"noise_after_cut_{_name}", in_pieces(_ANSWER[:_cut], _ANSWER[_cut : -len(_SECOND)] + b"\0\0\0"), STORED)


def _later(data: bytes) -> Act:
    async def act(_: Reader, writer: Writer, __: Request) -> None:
        await send(writer, sized(IMAGE))
        await asyncio.sleep(LATER)
        await send(writer, data)

    return act


add("second_answer_later", _later(_SECOND), STORED)
add("half_answer_later", _later(_SECOND[:10]), STORED)
add("byte_later", _later(b"H"), STORED)
add("blank_line_later", _later(b"\r\n"), STORED)
add("farewell_later", _later(sized(b"", "Connection: close", status="408 Request Timeout")), STORED)


@behaves(STORED)
async def flood_later(_: Reader, writer: Writer, __: Request) -> None:
    await send(writer, sized(IMAGE))
    await asyncio.sleep(LATER)
    await send_forever(writer, sized(b"") * 100)


@behaves(STORED)
async def close_later(_: Reader, writer: Writer, __: Request) -> None:
    await send(writer, sized(IMAGE))
    await asyncio.sleep(LATER)
    writer.close()
    await writer.wait_closed()
