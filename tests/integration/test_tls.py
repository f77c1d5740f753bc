"""TLS on real sockets: the certificate is valid for the host of the URL, and `connect_timeout` covers the handshake."""

import asyncio
import ssl
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import trustme

from support.origin import IMAGE, Origin
from support.origin.behaviour import Reader, Request, Writer, reply, reset, response_with, send
from support.origin.client import MakeClient
from support.origin.fake_dns import FakeDns
from support.origin.redirects import redirect

TRUSTED_CA = trustme.CA()
OTHER_CA = trustme.CA()
NAME = "a.images.example"
_DAY = timedelta(days=1)


def _server(certificate: trustme.LeafCert) -> ssl.SSLContext:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(tls)
    return tls


def _self_signed() -> ssl.SSLContext:
    """A server with the certificate of an authority as its own."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with OTHER_CA.private_key_pem.tempfile() as key, OTHER_CA.cert_pem.tempfile() as certificate:
        tls.load_cert_chain(certificate, key)
    return tls


INVALID: dict[str, Callable[[], ssl.SSLContext]] = {
    "another name": lambda: _server(TRUSTED_CA.issue_cert("other.example")),
    "a name above": lambda: _server(TRUSTED_CA.issue_cert("images.example")),
    "a name below": lambda: _server(TRUSTED_CA.issue_cert("www." + NAME)),
    "a wildcard above": lambda: _server(TRUSTED_CA.issue_cert("*.example")),
    "only a common name": lambda: _server(TRUSTED_CA.issue_cert("other.example", common_name=NAME)),
    "only the address": lambda: _server(TRUSTED_CA.issue_cert("127.0.0.1")),
    "expired": lambda: _server(TRUSTED_CA.issue_cert(NAME, not_after=datetime.now(UTC) - _DAY)),
    "not valid yet": lambda: _server(TRUSTED_CA.issue_cert(NAME, not_before=datetime.now(UTC) + _DAY)),
    "another authority": lambda: _server(OTHER_CA.issue_cert(NAME)),
    "self-signed": _self_signed,
}


@pytest.fixture
def client_tls() -> ssl.SSLContext:
    """A client that trusts one authority."""
    tls = ssl.create_default_context()
    TRUSTED_CA.configure_trust(tls)
    return tls


@pytest.fixture
def resolved(dns: FakeDns) -> FakeDns:
    dns[NAME] = ["127.0.0.1"]
    return dns


@pytest.mark.usefixtures("no_leaks", "connected_addresses", "resolved")
@pytest.mark.parametrize("name", [NAME, "*.images.example"])
async def test_client_accepts_a_certificate_that_is_valid_for_the_host(
    name: str, make_client: MakeClient, client_tls: ssl.SSLContext
) -> None:
    """And reuses the connection."""
    async with Origin(_server(TRUSTED_CA.issue_cert(name))) as origin:
        client = make_client(origin, tls=client_tls)
        for _ in range(3):
            assert (await client.get(f"https://{NAME}:{origin.port}/length")).body == IMAGE

    assert origin.connections == 1


@pytest.mark.usefixtures("no_leaks", "connected_addresses")
async def test_client_accepts_a_certificate_that_is_valid_for_the_address(
    make_client: MakeClient, client_tls: ssl.SSLContext
) -> None:
    async with Origin(_server(TRUSTED_CA.issue_cert("127.0.0.1"))) as origin:
        assert (await make_client(origin, tls=client_tls).get(origin.url("length"))).body == IMAGE


@pytest.mark.usefixtures("no_leaks", "connected_addresses", "resolved", "no_backoff")
@pytest.mark.parametrize("server", INVALID.values(), ids=INVALID)
async def test_client_rejects_an_invalid_certificate(
    server: Callable[[], ssl.SSLContext], make_client: MakeClient, client_tls: ssl.SSLContext
) -> None:
    """It sends no request, at any attempt."""
    async with Origin(server()) as origin:
        result = await make_client(origin, tls=client_tls).get(f"https://{NAME}:{origin.port}/length")

    assert (result.code, result.stats.attempts) == ("tls_failed", 3)
    assert origin.requests == []


@pytest.mark.usefixtures("no_leaks", "connected_addresses", "no_backoff")
async def test_client_rejects_a_certificate_when_it_is_valid_for_another_name_of_the_same_address(
    make_client: MakeClient, resolved: FakeDns, client_tls: ssl.SSLContext
) -> None:
    """It does not reuse the connection either."""
    resolved["other.example"] = ["127.0.0.1"]
    async with Origin(_server(TRUSTED_CA.issue_cert(NAME))) as origin:
        client = make_client(origin, tls=client_tls)
        assert (await client.get(f"https://{NAME}:{origin.port}/length")).body == IMAGE

        assert (await client.get(f"https://other.example:{origin.port}/length")).code == "tls_failed"


@pytest.mark.usefixtures("no_leaks", "connected_addresses", "no_backoff")
async def test_client_reports_a_tls_failure_when_the_server_speaks_plain_http(make_client: MakeClient) -> None:
    async def respond_in_plain_http(reader: Reader, writer: Writer) -> None:
        await reader.read(10)
        await send(writer, response_with(b"", status="400 Bad Request"))
        writer.close()

    async with await asyncio.start_server(respond_in_plain_http, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        result = await make_client(allowed_ports=(port,)).get(f"https://127.0.0.1:{port}/")

    assert (result.code, result.stats.attempts) == ("tls_failed", 3)


@pytest.mark.usefixtures("no_leaks", "connected_addresses", "no_backoff")
@pytest.mark.parametrize("how", ["close", "reset"])
async def test_client_reports_a_connect_failure_when_the_server_closes_in_the_handshake(
    how: str, make_client: MakeClient
) -> None:
    async def close(reader: Reader, writer: Writer) -> None:
        await reader.read(10)
        if how == "reset":
            reset(writer)
        writer.close()

    async with await asyncio.start_server(close, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        result = await make_client(allowed_ports=(port,)).get(f"https://127.0.0.1:{port}/")

    assert (result.code, result.stats.attempts) == ("connect_failed", 3)


@pytest.mark.usefixtures("no_leaks", "connected_addresses")
@pytest.mark.parametrize("header", ["Connection: close", "Connection: keep-alive"])
async def test_client_closes_its_socket_when_the_peer_never_answers_close_notify(
    header: str, make_client: MakeClient, client_tls: ssl.SSLContext
) -> None:
    """The transport of asyncio waits half a minute for it."""
    finish = asyncio.Event()

    async def stay(_: Reader, writer: Writer, __: Request) -> None:
        await send(writer, response_with(IMAGE, header) + (b"" if "close" in header else b"unsolicited"))
        writer.transport.pause_reading()  # type: ignore[attr-defined]  # reads no close_notify, and answers none
        await finish.wait()

    async with Origin(_server(TRUSTED_CA.issue_cert("127.0.0.1"))) as origin:
        origin.responders["stay"] = stay
        client = make_client(origin, tls=client_tls)
        sockets = client.record_sockets()
        for _ in range(10):
            assert (await client.get(origin.url("stay"))).body == IMAGE
            await asyncio.sleep(0.02)
        still_open = [sock for sock in sockets if sock.fileno() >= 0]
        finish.set()

    assert len(sockets) == 10
    assert len(still_open) <= 1  # the last one may be in the pool


@pytest.mark.usefixtures("no_leaks", "connected_addresses")
async def test_connect_timeout_ends_a_silent_handshake(make_client: MakeClient) -> None:
    over = asyncio.Event()

    async def say_nothing(_: Reader, writer: Writer) -> None:
        await over.wait()
        writer.close()

    async with await asyncio.start_server(say_nothing, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        client = make_client(allowed_ports=(port,), connect_timeout=0.1, max_attempts=1)
        begin = time.monotonic()
        result = await client.get(f"https://127.0.0.1:{port}/")
        elapsed = time.monotonic() - begin
        over.set()

    assert result.code == "timeout"
    assert elapsed < 2


@pytest.mark.usefixtures("no_leaks", "connected_addresses", "resolved")
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_redirect_may_change_the_scheme(
    scheme: str, make_client: MakeClient, origin: Origin, client_tls: ssl.SSLContext
) -> None:
    async with Origin(_server(TRUSTED_CA.issue_cert(NAME))) as secure:
        ends = {"http": origin, "https": secure}
        first, second = ends.pop(scheme), ends.popitem()[1]
        origin.responders["away"] = reply(redirect(second.url("length").replace("127.0.0.1", NAME)), close=False)
        client = make_client(origin, secure, tls=client_tls)

        assert (await client.get(first.url("away").replace("127.0.0.1", NAME))).body == IMAGE


@pytest.mark.usefixtures("no_leaks", "connected_addresses")
@pytest.mark.parametrize("tickets", [0, 1, 2])
@pytest.mark.parametrize("before", [0, 1])
async def test_read_timeout_counts_silence_over_tls(
    tickets: int, before: int, make_client: MakeClient, client_tls: ssl.SSLContext
) -> None:
    """Messages of TLS itself, such as session tickets, do not count as bytes of the response."""
    over = asyncio.Event()

    async def say_nothing(_: Reader, __: Writer, ___: Request) -> None:
        await over.wait()

    server = _server(TRUSTED_CA.issue_cert("127.0.0.1"))
    server.num_tickets = tickets
    async with Origin(server) as origin:
        origin.responders["silent"] = say_nothing
        client = make_client(origin, tls=client_tls, read_timeout=0.1, image_timeout=5.0, max_attempts=1)
        for _ in range(before):
            assert (await client.get(origin.url("length"))).body == IMAGE
        result = await client.get(origin.url("silent"))
        over.set()

    assert "no byte for 0.1 seconds" in result.reason
