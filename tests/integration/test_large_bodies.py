"""Bodies that arrive in many pieces, over real sockets: all but the first piece is received into their own buffer."""

import asyncio
import hashlib
import ssl

import pytest
import trustme

from support.origin import Origin
from support.origin.behaviour import Reader, Request, Responder, Writer, head, response_with, send
from support.origin.client import MakeClient
from support.sample_images import jpeg_of_size

CA = trustme.CA()
IMAGE = jpeg_of_size(1_500_000, 1)
LENGTH = f"Content-Length: {len(IMAGE)}"


def _tls(scheme: str) -> tuple[ssl.SSLContext | None, ssl.SSLContext | None]:
    """Return the contexts of the server and of the client."""
    if scheme == "http":
        return None, None
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    CA.issue_cert("127.0.0.1").configure_cert(server)
    CA.configure_trust(client)
    return server, client


def _reply(response: bytes, pause_at: int, *, close: bool = False) -> Responder:
    """Send a response, with a pause after some of its bytes."""

    async def respond(_: Reader, writer: Writer, __: Request) -> None:
        await send(writer, response[:pause_at])
        await asyncio.sleep(0.02)
        await send(writer, response[pause_at:])
        if close:
            writer.close()

    return respond


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize(("extra", "connections"), [(b"", 1), (b"!", 2), (response_with(IMAGE), 2)])
async def test_large_body_is_whole_and_its_connection_is_reused_unless_bytes_follow(
    scheme: str, extra: bytes, connections: int, make_client: MakeClient
) -> None:
    """The buffer belongs to the caller alone afterwards: a bytearray that is referred to cannot change its size."""
    server, client = _tls(scheme)
    async with Origin(server) as origin:
        origin.responders["large"] = _reply(response_with(IMAGE) + extra, 300_000)
        downloads = make_client(origin, tls=client, max_image_bytes=len(IMAGE), memory_budget_bytes=len(IMAGE))
        for _ in range(2):
            with await downloads.download(origin.url("large")) as download:
                assert download.body == IMAGE
                assert download.sha256 == hashlib.sha256(IMAGE).hexdigest()
            buffer = download.body.obj
            assert isinstance(buffer, bytearray)
            download.body.release()
            buffer.clear()

        assert origin.connections == connections


BODY_AT = len(head(LENGTH))
WHOLE_RANGE = f"Content-Range: bytes 0-{len(IMAGE) - 1}/{len(IMAGE)}"


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize(
    ("responder", "code"),
    [
        (_reply(head(LENGTH) + IMAGE, 10), "stored"),
        (_reply(head(LENGTH) + IMAGE, BODY_AT), "stored"),
        (_reply(head(LENGTH) + IMAGE, BODY_AT + 3), "stored"),
        (_reply(head(LENGTH, "Connection: close") + IMAGE, 700_000, close=True), "stored"),
        (_reply(head(LENGTH, WHOLE_RANGE, status="206 Part") + IMAGE, 9), "stored"),
        (_reply(head(LENGTH) + IMAGE[:-1], 700_000, close=True), "incomplete_body"),
        (_reply(head(LENGTH) + IMAGE[:700_000], 700_000, close=True), "incomplete_body"),
        (_reply(head(LENGTH) + IMAGE[:-1], 700_000), "timeout"),
    ],
)
async def test_large_body_has_the_code_of_its_end_wherever_its_pieces_end(
    scheme: str, responder: Responder, code: str, make_client: MakeClient
) -> None:
    server, client = _tls(scheme)
    limits = {"max_image_bytes": len(IMAGE), "memory_budget_bytes": len(IMAGE), "read_timeout": 0.3, "max_attempts": 1}
    async with Origin(server) as origin:
        origin.responders["large"] = responder
        downloads = make_client(origin, tls=client, **limits)
        result = await downloads.get(origin.url("large"))

    assert result.code == code
    assert downloads.free_bytes == len(IMAGE)
