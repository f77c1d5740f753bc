"""Origins whose response is not valid HTTP, or whose head is too long."""

from support.origin.behaviour import (
    IMAGE,
    Reader,
    Request,
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

_RESPONSE = response_with(IMAGE)
_LONG_HEADERS = [f"A-{n}: {'x' * 15_000}" for n in range(5)]

add("random_bytes", reply(b"\x80\x11\x00\xfe\xff" * 20), "bad_response")
add("random_bytes_kept_open", reply(b"\x80\x11\x00\xfe\xff" * 20, close=False), "bad_response")
add("text_instead_of_status_line", reply(b"Hello, world!\r\n\r\n"), "bad_response")
add("body_without_head", reply(IMAGE), "bad_response")
add("another_protocol", reply(b"SSH-2.0-OpenSSH_9.6\r\n"), "bad_response")
add("http_2", reply(b"\0\0\x12\4\0\0\0\0\0" + bytes(18)), "bad_response")
add("icy_status_line", reply(b"ICY 200 OK\r\n\r\n" + IMAGE), "bad_response")
add("http_7_3", reply(b"HTTP/7.3 200 OK\r\n\r\n" + IMAGE), "bad_response")
add("request_instead_of_response", reply(b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"), "bad_response")
add("status_not_a_number", reply(b"HTTP/1.1 OK\r\n\r\n"), "bad_response")
add("status_of_four_digits", reply(b"HTTP/1.1 2000 OK\r\n\r\n"), "bad_response")
add("status_of_two_digits", reply(b"HTTP/1.1 20 OK\r\n\r\n"), "bad_response")
add("header_with_nul", reply(head("A: b\0c") + IMAGE), "bad_response")
add("header_with_bare_cr", reply(head("A: b\rc") + IMAGE), "bad_response")
add("header_name_with_nul", reply(head("A\0: b") + IMAGE), "bad_response")
add("nul_in_a_line_that_is_no_header", reply(head("<br />\0") + IMAGE), "bad_response")
add("two_thousand_headers", reply(response_with(IMAGE, *["A: b"] * 2000)), "bad_response")
add("two_thousand_lines_that_are_no_header", reply(response_with(IMAGE, *["<br />"] * 2000)), "bad_response")
add("header_of_a_megabyte", reply(head("A: " + "x" * 2**20) + IMAGE), "bad_response")
add("header_name_of_a_megabyte", reply(head("x" * 2**20 + ": a") + IMAGE), "bad_response")
add("status_line_of_a_megabyte", reply(head(status="200 " + "x" * 2**20) + IMAGE), "bad_response")
add("megabyte_of_headers", reply(head(*(f"A-{n}: {'x' * 1000}" for n in range(1000))) + IMAGE), "bad_response")
add("five_long_headers", reply(response_with(b"", *_LONG_HEADERS, status="404 Not Found")), "bad_response")
add("seventy_long_headers", reply(head(*(f"A-{n}: {'x' * 15_000}" for n in range(70))) + IMAGE), "bad_response")


for _name, _line in {
    "without_colon": "preload",
    "with_a_slash": "a/b: c",
    "with_a_space": "a b: c",
    "with_brackets": "a[b]: c",
    "in_utf_8": "\u0418\u043c\u044f: x".encode().decode("latin-1"),
    "in_html": "<br />",
    "of_a_warning": "<b>Warning</b>: fopen(/a): failed in <b>a.php</b> on line 1",
    "without_name": ": a",
    "that_is_a_status_line": "HTTP/1.1 200 OK",
    "that_is_nearly_a_length": "Content-Length 10",
    "that_is_nearly_chunked": "Transfer-Encoding\x0b: chunked",
    "without_colon_and_folded": "preload\r\n Content-Length: 10",
}.items():
    add(f"header_{_name}", reply(response_with(IMAGE, _line), close=False), "stored")
    add(f"first_header_{_name}", reply(head(_line, "Connection: close") + IMAGE), "stored")
add("first_header_folded", reply(response_with(IMAGE, " Content-Length: 10"), close=False), "stored")
add("nine_hundred_headers", reply(response_with(IMAGE, *["A: b"] * 900), close=False), "stored")


# Parsing costs time for every head, however short: the client must reject a response with very many of them.
_CONTINUE = head(status="100 Continue")
add("fifty_continues", reply(_CONTINUE * 50 + _RESPONSE, close=False), "stored")
add("hundred_continues", reply(_CONTINUE * 100 + _RESPONSE, close=False), "bad_response")
add("hundred_continues_in_pieces", reply_in_pieces(*[_CONTINUE * 20] * 5, _RESPONSE), "bad_response")
add("hundred_blank_lines", reply(b"\r\n" * 100 + _RESPONSE, close=False), "stored")
add("thousands_of_blank_lines", reply(b"\r\n" * 40_000 + _RESPONSE, close=False), "bad_response")


@register("bad_response")
async def endless_head_byte_by_byte(_: Reader, writer: Writer, __: Request) -> None:
    """Most of the head comes at once, so that the test takes less than a second."""
    await send(writer, b"HTTP/1.1 200 OK\r\nA: " + b"b" * 60_000)
    await send_forever(writer, b"b")


@register("bad_response")
async def endless_header(_: Reader, writer: Writer, __: Request) -> None:
    await send(writer, b"HTTP/1.1 200 OK\r\nA: ")
    await send_forever(writer, b"x" * 8000)


@register("bad_response")
async def endless_headers(_: Reader, writer: Writer, __: Request) -> None:
    await send(writer, b"HTTP/1.1 200 OK\r\n")
    await send_forever(writer, b"A: b\r\n" * 1000)


@register("bad_response")
async def endless_trailers(_: Reader, writer: Writer, __: Request) -> None:
    await send(writer, head("Transfer-Encoding: chunked") + chunks([IMAGE]) + b"0\r\n")
    await send_forever(writer, b"A: b\r\n" * 1000)
