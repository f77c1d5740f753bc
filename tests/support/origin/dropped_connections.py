"""Origins that close or reset the connection, at every stage of a response."""

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
    reply,
    reset,
    response_with,
    send,
)

_RESPONSE = response_with(IMAGE)
_CHUNKED = head("Transfer-Encoding: chunked") + chunks([IMAGE])
_HALF = len(_RESPONSE) - len(IMAGE) // 2
_STAGES = {
    "before_response": (b"", "connection_lost"),
    "in_status_line": (b"HTTP/1.1 20", "connection_lost"),
    "in_headers": (b"HTTP/1.1 200 OK\r\nContent-Le", "connection_lost"),
    "after_headers": (head("Content-Length: 2000"), "incomplete_body"),
    "in_body": (_RESPONSE[:_HALF], "incomplete_body"),
    "before_last_byte": (_RESPONSE[:-1], "incomplete_body"),
    "in_chunks": (_CHUNKED[:500], "incomplete_body"),
    "before_last_chunk": (_CHUNKED, "incomplete_body"),
    "in_last_chunk": (_CHUNKED + b"0\r", "incomplete_body"),
    "after_last_chunk": (_CHUNKED + b"0\r\n", STORED),
    "in_trailer": (_CHUNKED + b"0\r\nDigest: n", STORED),
    "after_length": (_RESPONSE, STORED),
}


def _reply_and_reset(data: bytes) -> Responder:
    async def respond(_: Reader, writer: Writer, __: Request) -> None:
        await send(writer, data)
        reset(writer)

    return respond


for _stage, (_data, _code) in _STAGES.items():
    add(f"close_{_stage}", reply(_data), _code)
    add(f"reset_{_stage}", _reply_and_reset(_data), _code)

# The end of the connection is the end of these bodies. A FIN ends a body; a RST breaks it off.
add("reset_in_body_until_close", _reply_and_reset(head() + IMAGE[:1000]), "connection_lost")
add("close_in_body_until_close", reply(head() + IMAGE[:1000]), "invalid_image")
