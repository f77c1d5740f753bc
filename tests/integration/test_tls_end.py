"""TLS connections that end without close_notify: anybody on the path can end a TCP connection (RFC 9112, 9.8).

Only a body whose end something else proves is stored: its length, its last chunk, or the structure of the image.
"""

import ssl

import pytest
import trustme

from support.origin import IMAGE, Origin
from support.origin.behaviour import Reader, Request, Responder, Writer, chunks, head, reset, send
from support.origin.client import MakeClient, Result
from support.sample_images import picture

CA = trustme.CA()
UNTIL_CLOSE = head("Connection: close")
CHUNKED = head("Transfer-Encoding: chunked")
PROVEN = ("jpeg", "png", "gif", "webp", "bmp")
SIZED = head(f"Content-Length: {len(IMAGE)}")

ENDS: dict[str, tuple[bytes, str]] = {
    **{
        name: (UNTIL_CLOSE + picture(32, 24, 6, name), "unclean_close")
        for name in ("jpeg", "png", "gif", "webp", "bmp")
    },
    **{name: (UNTIL_CLOSE + picture(32, 24, 6, name), "connection_lost") for name in ("tiff", "avif")},
    "cut in the image": (UNTIL_CLOSE + IMAGE[:-2], "connection_lost"),
    "cut in the first bytes": (UNTIL_CLOSE + IMAGE[:9], "connection_lost"),
    "bytes behind the image": (UNTIL_CLOSE + IMAGE + b"\0\0", "connection_lost"),
    "empty": (UNTIL_CLOSE, "empty_body"),
    "a page": (UNTIL_CLOSE + b"<!doctype html><p>Not here.", "unsupported_type"),
    "HTTP/1.0": (b"HTTP/1.0 200 OK\r\n\r\n" + IMAGE, "unclean_close"),
    "whole by its length": (SIZED + IMAGE, "stored"),
    "cut by its length": (SIZED + IMAGE[:-1], "incomplete_body"),
    "image shorter than its length": (head(f"Content-Length: {len(IMAGE) + 1}") + IMAGE, "incomplete_body"),
    "whole by its chunks": (CHUNKED + chunks([IMAGE, b""]) + b"\r\n", "stored"),
    "last chunk": (CHUNKED + chunks([IMAGE]) + b"0\r\n", "stored"),
    "no last chunk": (CHUNKED + chunks([IMAGE]), "incomplete_body"),
    "in the head": (UNTIL_CLOSE[:-2], "connection_lost"),
    "no response": (b"", "connection_lost"),
}


def _end_with(data: bytes, how: str) -> Responder:
    async def respond(_: Reader, writer: Writer, __: Request) -> None:
        await send(writer, data)
        if how == "close_notify":
            writer.close()
        elif how == "FIN":
            writer.transport.abort()
        else:
            reset(writer)

    return respond


async def _download(data: bytes, how: str, make_client: MakeClient) -> Result:
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    CA.issue_cert("127.0.0.1").configure_cert(server)
    CA.configure_trust(client)
    async with Origin(server) as origin:
        origin.responders["end"] = _end_with(data, how)
        return await make_client(origin, tls=client).get(origin.url("end"))


def _warnings(result: Result) -> list[str]:
    return list(result.download.warnings) if result.download is not None else []


@pytest.mark.usefixtures("no_backoff")
@pytest.mark.parametrize("name", ENDS)
async def test_body_without_close_notify_is_stored_only_when_its_end_is_proven(
    name: str, make_client: MakeClient
) -> None:
    data, expected = ENDS[name]

    result = await _download(data, "FIN", make_client)

    assert [expected] == (_warnings(result) or [result.code])
    assert result.stats.attempts == (3 if result.error is not None and result.error.retryable else 1)


@pytest.mark.parametrize("type_", ["jpeg", "tiff", "avif"])
async def test_close_notify_ends_a_body_without_a_warning(type_: str, make_client: MakeClient) -> None:
    result = await _download(UNTIL_CLOSE + picture(32, 24, 6, type_), "close_notify", make_client)

    assert (result.code, _warnings(result)) == ("stored", [])


@pytest.mark.usefixtures("no_backoff")
async def test_reset_does_not_end_a_body(make_client: MakeClient) -> None:
    assert (await _download(UNTIL_CLOSE + IMAGE, "RST", make_client)).code == "connection_lost"
