"""Origins that break off, at every stage, and those that do not speak HTTP."""

from support.origin.behaviour import (
    IMAGE,
    Act,
    Reader,
    Request,
    Writer,
    add,
    behaves,
    chunks,
    head,
    in_pieces,
    reset,
    says,
    send,
    send_forever,
    sized,
)

_ANSWER = sized(IMAGE)
_HALF = len(_ANSWER) - len(IMAGE) // 2
_LONG_HEADERS = [f"A-{n}: {'x' * 15_000}" for n in range(5)]
_STAGES = {
    "before_answer": (b"", "connection_lost"),
    "in_status_line": (b"HTTP/1.1 20", "connection_lost"),
    "in_headers": (b"HTTP/1.1 200 OK\r\nContent-Le", "connection_lost"),
    "after_headers": (head("Content-Length: 2000"), "incomplete_body"),
    "in_body": (_ANSWER[:_HALF], "incomplete_body"),
    "before_last_byte": (_ANSWER[:-1], "incomplete_body"),
    "in_chunks": (head("Transfer-Encoding: chunked") + chunks([IMAGE])[:500], "incomplete_body"),
}


def _resets(data: bytes) -> Act:
    async def act(_: Reader, writer: Writer, __: Request) -> None:
        await send(writer, data)
        reset(writer)

    return act


for _stage, (_data, _code) in _STAGES.items():
    add(f"close_{_stage}", says(_data), _code)
    add(f"reset_{_stage}", _resets(_data), _code)

# Nothing says how long these bodies are: a FIN is their end, and a RST is not.
add("reset_in_body_until_close", _resets(head() + IMAGE[:1000]), "connection_lost")
add("close_in_body_until_close", says(head() + IMAGE[:1000]), "invalid_image")

add("noise", says(b"\x80\x11\x00\xfe\xff" * 20), "bad_response")
add("noise_and_kept", says(b"\x80\x11\x00\xfe\xff" * 20, end=False), "bad_response")
add("text_for_a_status_line", says(b"Hello, world!\r\n\r\n"), "bad_response")
add("bytes_without_a_head", says(IMAGE), "bad_response")
add("another_protocol", says(b"SSH-2.0-OpenSSH_9.6\r\n"), "bad_response")
add("http_2", says(b"\0\0\x12\4\0\0\0\0\0" + bytes(18)), "bad_response")
add("icy", says(b"ICY 200 OK\r\n\r\n" + IMAGE), "bad_response")
add("http_of_the_future", says(b"HTTP/7.3 200 OK\r\n\r\n" + IMAGE), "bad_response")
add("request_for_an_answer", says(b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"), "bad_response")
add("status_not_a_number", says(b"HTTP/1.1 OK\r\n\r\n"), "bad_response")
add("status_of_four_digits", says(b"HTTP/1.1 2000 OK\r\n\r\n"), "bad_response")
add("status_of_two_digits", says(b"HTTP/1.1 20 OK\r\n\r\n"), "bad_response")
add("header_without_colon", says(head("Content-Length 10") + IMAGE), "bad_response")
add("header_with_nul", says(head("A: b\0c") + IMAGE), "bad_response")
add("header_of_a_megabyte", says(head("A: " + "x" * 2**20) + IMAGE), "bad_response")
add("header_name_of_a_megabyte", says(head("x" * 2**20 + ": a") + IMAGE), "bad_response")
add("status_line_of_a_megabyte", says(head(status="200 " + "x" * 2**20) + IMAGE), "bad_response")
add("megabyte_of_headers", says(head(*(f"A-{n}: {'x' * 1000}" for n in range(1000))) + IMAGE), "bad_response")
add("kilobytes_in_few_headers", says(sized(b"", *_LONG_HEADERS, status="404 Not Found")), "bad_response")
add("megabyte_in_few_headers", says(head(*(f"A-{n}: {'x' * 15_000}" for n in range(70))) + IMAGE), "bad_response")


# Short heads cost as much time as long ones: hundreds of them are no answer, however few the bytes.
_CONTINUE = head(status="100 Continue")
add("fifty_continues", says(_CONTINUE * 50 + _ANSWER, end=False), "stored")
add("hundred_continues", says(_CONTINUE * 100 + _ANSWER, end=False), "bad_response")
add("hundred_continues_in_pieces", in_pieces(*[_CONTINUE * 20] * 5, _ANSWER), "bad_response")
add("hundred_blank_lines", says(b"\r\n" * 100 + _ANSWER, end=False), "stored")
add("thousands_of_blank_lines", says(b"\r\n" * 40_000 + _ANSWER, end=False), "bad_response")


@behaves("bad_response")
async def endless_head_byte_by_byte(_: Reader, writer: Writer, __: Request) -> None:
    await send(writer, b"HTTP/1.1 200 OK\r\nA: ")
    await send_forever(writer, b"b")


@behaves("bad_response")
async def endless_header(_: Reader, writer: Writer, __: Request) -> None:
    await send(writer, b"HTTP/1.1 200 OK\r\nA: ")
    await send_forever(writer, b"x" * 8000)


@behaves("bad_response")
async def endless_headers(_: Reader, writer: Writer, __: Request) -> None:
    await send(writer, b"HTTP/1.1 200 OK\r\n")
    await send_forever(writer, b"A: b\r\n" * 1000)


@behaves("bad_response")
async def endless_trailers(_: Reader, writer: Writer, __: Request) -> None:
    await send(writer, head("Transfer-Encoding: chunked") + chunks([IMAGE]) + b"0\r\n")
    await send_forever(writer, b"A: b\r\n" * 1000)
