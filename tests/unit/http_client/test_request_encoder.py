"""Requests as bytes: the head, and bodies of every kind that httpx makes."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from intake.http_client.errors import InvalidRequest
from intake.http_client.request_encoder import encode_body, encode_head

URL = "http://a.example/path?query"


class Stream(httpx.AsyncByteStream):
    """A stream of pieces that knows whether it was closed before its end."""

    def __init__(self, *pieces: bytes) -> None:
        self.pieces = pieces
        self.is_closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            for piece in self.pieces:
                yield piece
        finally:
            self.is_closed = True


async def encoded(request: httpx.Request) -> bytes:
    return b"".join([bytes(piece) async for piece in encode_body(request)])


def put(*pieces: bytes, **headers: str) -> httpx.Request:
    return httpx.Request(
        "PUT", URL, stream=Stream(*pieces), headers={name.replace("_", "-"): text for name, text in headers.items()}
    )


def test_head_has_the_target_and_the_fields_in_order() -> None:
    request = httpx.Request("GET", URL, headers=[("Host", "a.example"), ("A", "b"), ("A", "c")])

    assert encode_head(request) == b"GET /path?query HTTP/1.1\r\nHost: a.example\r\nA: b\r\nA: c\r\n\r\n"


def test_head_has_the_target_extension_byte_for_byte() -> None:
    request = httpx.Request("GET", URL, headers={"Host": "a"}, extensions={"target": b'/%7e|"'})

    assert encode_head(request) == b'GET /%7e|" HTTP/1.1\r\nHost: a\r\n\r\n'


@pytest.mark.parametrize("break_", ["\r\n", "\n", "\r"])
@pytest.mark.parametrize("place", ["name", "value", "target", "method"])
def test_head_is_refused_when_a_part_of_it_has_a_line_break(place: str, break_: str) -> None:
    text = f"a{break_}b"
    request = httpx.Request(
        text if place == "method" else "GET",
        URL,
        headers={text if place == "name" else "name": text if place == "value" else "value"},
        extensions={"target": text.encode()} if place == "target" else {},
    )

    with pytest.raises(InvalidRequest, match="line break"):
        encode_head(request)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({}, b""),
        ({"content": b"body"}, b"body"),
        ({"content": Stream(b"bo", b"", b"dy")}, b"2\r\nbo\r\n2\r\ndy\r\n0\r\n\r\n"),
        ({"content": Stream()}, b"0\r\n\r\n"),
        ({"content": Stream(b"bo", b"dy"), "headers": {"Content-Length": "4"}}, b"body"),
        ({"json": {"a": 1}}, b'{"a":1}'),
        ({"data": {"a": "b c"}}, b"a=b+c"),
    ],
)
async def test_body_is_framed_as_the_fields_of_httpx_say(arguments: dict[str, Any], expected: bytes) -> None:
    assert expected == await encoded(httpx.Request("POST", URL, **arguments))


async def test_multipart_body_has_its_announced_size() -> None:
    request = httpx.Request("POST", URL, files={"file": b"body"})

    assert len(await encoded(request)) == int(request.headers["Content-Length"])


@pytest.mark.parametrize(
    ("pieces", "length", "reason"),
    [((b"body", b"more"), "4", "longer"), ((b"bo",), "4", "2 bytes shorter"), ((b"body",), None, "longer")],
)
async def test_body_is_refused_when_it_differs_from_its_length(
    pieces: tuple[bytes, ...], length: str | None, reason: str
) -> None:
    """The server would read the rest as the next request, or wait for it."""
    request = put(*pieces, **({} if length is None else {"Content_Length": length}))

    with pytest.raises(InvalidRequest, match=reason):
        await encoded(request)
    assert isinstance(request.stream, Stream)
    assert request.stream.is_closed


@pytest.mark.parametrize(
    "headers",
    [
        {"Transfer_Encoding": "gzip"},
        {"Transfer_Encoding": "gzip, chunked"},
        {"Transfer_Encoding": "chunked", "Content_Length": "4"},
        {"Content_Length": "four"},
        {"Content_Length": "4, 4"},
        {"Content_Length": "-4"},
        {"Content_Length": "9" * 5000},
    ],
)
def test_body_is_refused_when_the_fields_do_not_say_how_it_ends(headers: dict[str, str]) -> None:
    with pytest.raises(InvalidRequest):
        encode_body(put(b"body", **headers))


def test_body_is_refused_when_it_cannot_be_read_asynchronously() -> None:
    with pytest.raises(InvalidRequest, match="asynchronous"):
        encode_body(httpx.Request("POST", URL, content=iter([b"body"])))


async def test_stream_is_closed_when_the_reader_stops_before_its_end() -> None:
    request = put(b"bo", b"dy", Transfer_Encoding="chunked")
    body = encode_body(request)
    await anext(body)
    await body.aclose()

    assert isinstance(request.stream, Stream)
    assert request.stream.is_closed
