"""`httpx.AsyncClient(transport=PooledTransport(...))` on real sockets, as any user of httpx has it."""

import asyncio
import gzip
import re
import ssl
from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from intake import http_client
from intake.http_client.errors import (
    ConnectError,
    ConnectionLost,
    DnsError,
    IncompleteBody,
    InvalidContentLength,
    InvalidRequest,
    MalformedResponse,
    ReadTimeout,
    TransportError,
)
from intake.http_client.resolver import AddressInfo, SystemResolver
from intake.http_client.transport import PooledTransport
from support.origin import IMAGE, Origin
from support.origin.behaviour import Reader, Request, Writer, head, reply, response_with, send
from support.origin.fake_dns import FakeDns

TLS = ssl.create_default_context()
README = Path(http_client.__file__).parent / "README.md"


@pytest.fixture
async def client(origin: Origin) -> AsyncGenerator[httpx.AsyncClient]:
    transport = PooledTransport(connect_timeout=2, read_timeout=0.5, tls=TLS)
    async with httpx.AsyncClient(transport=transport, base_url=origin.base, follow_redirects=True) as created:
        yield created


async def echo(reader: Reader, writer: Writer, request: Request) -> None:
    """Respond with the body of the request as it arrived, framing included."""
    headers = {name.lower(): value for name, value in request.headers}
    if "transfer-encoding" in headers:
        body = await reader.readuntil(b"0\r\n\r\n")
    else:
        body = await reader.readexactly(int(headers.get("content-length", "0")))
    await send(writer, response_with(body, f"Framing: {headers.get('transfer-encoding', 'length')}"))


@pytest.mark.parametrize("version", ["1.0", "1.1"])
async def test_client_gets_a_response(version: str, origin: Origin, client: httpx.AsyncClient) -> None:
    origin.responders["get"] = reply(response_with(IMAGE).replace(b"HTTP/1.1", b"HTTP/" + version.encode()))

    response = await client.get("/get")

    assert (response.status_code, response.http_version, response.content) == (200, f"HTTP/{version}", IMAGE)
    assert response.extensions["content_length"] == len(IMAGE)
    assert type(response.content) is bytes


@pytest.mark.parametrize("name", ["chunked", "until_close"])
async def test_response_without_length_has_the_content_length_none(name: str, client: httpx.AsyncClient) -> None:
    response = await client.get(f"/{name}")

    assert (response.extensions["content_length"], response.content) == (None, IMAGE)


async def test_client_reuses_the_connection(origin: Origin, client: httpx.AsyncClient) -> None:
    for _ in range(3):
        assert (await client.get("/length")).content == IMAGE

    assert origin.connections == 1


async def test_httpx_follows_redirects(origin: Origin, client: httpx.AsyncClient) -> None:
    origin.responders["away"] = reply(head("Location: /length", "Content-Length: 0", status="302 Found"), close=False)

    response = await client.get("/away")

    assert (str(response.url), response.content) == (origin.url("length"), IMAGE)
    assert [hop.status_code for hop in response.history] == [302]


async def test_client_streams_a_response_in_bytes(origin: Origin, client: httpx.AsyncClient) -> None:
    origin.responders["large"] = reply(response_with(IMAGE * 1000), close=False)
    async with client.stream("GET", "/large") as response:
        pieces = [piece async for piece in response.aiter_bytes()]

    assert b"".join(pieces) == IMAGE * 1000
    assert len(pieces) > 1
    assert {type(piece) for piece in pieces} == {bytes}


async def test_httpx_decodes_a_compressed_response(origin: Origin, client: httpx.AsyncClient) -> None:
    origin.responders["zipped"] = reply(
        response_with(gzip.compress(b"text " * 100), "Content-Encoding: gzip"), close=False
    )

    assert (await client.get("/zipped")).text == "text " * 100


class _Stream:
    """An asynchronous iterable, of which httpx does not know the length."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in (b"one", b"", b"two"):
            await asyncio.sleep(0)
            yield piece


@pytest.mark.parametrize(
    ("arguments", "framing", "expected"),
    [
        ({"content": b"bytes"}, "length", b"bytes"),
        ({"content": b"x" * 1_000_000}, "length", b"x" * 1_000_000),
        ({}, "length", b""),
        ({"json": [1]}, "length", b"[1]"),
        ({"content": _Stream()}, "chunked", b"3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n"),
        ({"content": _Stream(), "headers": {"Content-Length": "6"}}, "length", b"onetwo"),
    ],
)
async def test_client_posts_a_body_of_every_kind(
    arguments: dict[str, Any], framing: str, expected: bytes, origin: Origin, client: httpx.AsyncClient
) -> None:
    origin.responders["echo"] = echo

    first = await client.post("/echo", **arguments)
    second = await client.post("/echo", content=b"next")

    assert (first.headers["Framing"], first.content) == (framing, expected)
    assert second.content == b"next"
    assert origin.connections == 1


async def test_connection_is_closed_when_a_body_is_shorter_than_its_length(
    origin: Origin, client: httpx.AsyncClient
) -> None:
    origin.responders["echo"] = echo
    with pytest.raises(InvalidRequest):
        await client.post("/echo", content=_Stream(), headers={"Content-Length": "7"})

    assert (await client.post("/echo", content=b"next")).content == b"next"
    assert origin.connections == 2


@pytest.mark.parametrize(
    ("path", "kind", "httpx_kind"),
    [
        ("close_before_response", ConnectionLost, httpx.ReadError),
        ("silent", ReadTimeout, httpx.ReadTimeout),
        ("length_too_long", IncompleteBody, httpx.RemoteProtocolError),
        ("two_different_lengths", MalformedResponse, httpx.RemoteProtocolError),
        ("length_negative", InvalidContentLength, httpx.RemoteProtocolError),
    ],
)
async def test_errors_are_those_of_httpx_and_name_no_query(
    path: str, kind: type[TransportError], httpx_kind: type[httpx.TransportError], client: httpx.AsyncClient
) -> None:
    with pytest.raises(httpx_kind) as raised:
        await client.get(f"/{path}?signature=secret")

    assert type(raised.value) is kind
    assert raised.value.request.url.path == f"/{path}"
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    ("url", "kind"), [("http://127.0.0.1:1/", ConnectError), ("http://nowhere.example/", DnsError)]
)
async def test_client_reports_why_there_is_no_connection(
    url: str, kind: type[Exception], client: httpx.AsyncClient
) -> None:
    with pytest.raises(httpx.ConnectError) as raised:
        await client.get(url)

    assert type(raised.value) is kind


async def test_client_refuses_other_schemes(client: httpx.AsyncClient) -> None:
    with pytest.raises(httpx.UnsupportedProtocol):
        await client.get("ftp://127.0.0.1:21/")


class _Refusal(Exception):
    """No OSError."""


class _LoopbackOnly(SystemResolver):
    """Connects every name to loopback, and refuses one."""

    async def resolve(self, host: str, port: int) -> list[AddressInfo]:
        if host == "refused.example":
            raise _Refusal(host)
        return await super().resolve("127.0.0.1", port)


@pytest.mark.usefixtures("no_leaks")
async def test_caller_can_replace_the_resolver(origin: Origin, dns: FakeDns) -> None:
    transport = PooledTransport(connect_timeout=2, read_timeout=2, tls=TLS, resolver=_LoopbackOnly())
    async with httpx.AsyncClient(transport=transport) as client:
        assert (await client.get(f"http://any.example:{origin.port}/length")).content == IMAGE
        with pytest.raises(_Refusal, match=r"refused\.example"):
            await client.get(f"http://refused.example:{origin.port}/length")

    assert dns.lookups == []


async def test_open_responses_are_closed_with_the_transport(origin: Origin) -> None:
    origin.responders["large"] = reply(response_with(IMAGE * 1000), close=False)
    client = httpx.AsyncClient(transport=PooledTransport(connect_timeout=2, read_timeout=2, tls=TLS))
    response = await client.send(client.build_request("GET", origin.url("length")), stream=True)
    await client.aclose()
    await response.aread()
    await response.aclose()

    assert isinstance(client._transport, PooledTransport)
    assert not client._transport.pool._idle


async def test_response_that_is_closed_twice_gives_its_connection_back_once(
    origin: Origin, client: httpx.AsyncClient
) -> None:
    response = await client.get("/length")
    assert isinstance(response.stream, httpx.AsyncByteStream)
    await response.stream.aclose()

    bodies = await asyncio.gather(client.get("/length"), client.get("/length"))

    assert [body.content for body in bodies] == [IMAGE] * 2
    assert origin.connections == 2


async def test_example_of_the_readme_runs(origin: Origin, capsys: pytest.CaptureFixture[str]) -> None:
    [example] = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    runnable = example.replace("https://images.example/a.jpg", origin.url("length")).replace("asyncio.run(main())", "")
    namespace: dict[str, Any] = {}
    exec(runnable, namespace)  # noqa: S102 - our own README

    await namespace["main"]()

    assert capsys.readouterr().out == f"200 HTTP/1.1 {len(IMAGE)}\n"
