"""Certificates are held against the name in the URL, and the time to connect covers the handshake."""

import asyncio
import ssl
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import trustme

from support.origin import IMAGE, Origin
from support.origin.behaviour import Reader, Request, Writer, head, reply, reset, response, send
from support.origin.client import MakeClient
from support.origin.fake_dns import FakeDns
from support.origin.redirects import redirect

AUTHORITY = trustme.CA()
STRANGER = trustme.CA()
NAME = "a.images.example"
_DAY = timedelta(days=1)


def _server(certificate: trustme.LeafCert) -> ssl.SSLContext:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(tls)
    return tls


def _self_signed() -> ssl.SSLContext:
    """A server whose certificate is its own authority's."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with STRANGER.private_key_pem.tempfile() as key, STRANGER.cert_pem.tempfile() as certificate:
        tls.load_cert_chain(certificate, key)
    return tls


BAD: dict[str, Callable[[], ssl.SSLContext]] = {
    "another name": lambda: _server(AUTHORITY.issue_cert("other.example")),
    "a name above": lambda: _server(AUTHORITY.issue_cert("images.example")),
    "a name below": lambda: _server(AUTHORITY.issue_cert("www." + NAME)),
    "a wildcard above": lambda: _server(AUTHORITY.issue_cert("*.example")),
    "only a common name": lambda: _server(AUTHORITY.issue_cert("other.example", common_name=NAME)),
    "only the address": lambda: _server(AUTHORITY.issue_cert("127.0.0.1")),
    "expired": lambda: _server(AUTHORITY.issue_cert(NAME, not_after=datetime.now(UTC) - _DAY)),
    "not valid yet": lambda: _server(AUTHORITY.issue_cert(NAME, not_before=datetime.now(UTC) + _DAY)),
    "another authority": lambda: _server(STRANGER.issue_cert(NAME)),
    "self-signed": _self_signed,
}


@pytest.fixture
def trusting() -> ssl.SSLContext:
    """What a client needs to trust the one authority."""
    tls = ssl.create_default_context()
    AUTHORITY.configure_trust(tls)
    return tls


@pytest.fixture
def resolved(dns: FakeDns) -> FakeDns:
    dns[NAME] = ["127.0.0.1"]
    return dns


@pytest.mark.usefixtures("no_leaks", "connected_addresses", "resolved")
@pytest.mark.parametrize("bound", [NAME, "*.images.example"])
async def test_the_right_certificate_is_accepted(bound: str, make_client: MakeClient, trusting: ssl.SSLContext) -> None:
    """And the connection is used again."""
    async with Origin(_server(AUTHORITY.issue_cert(bound))) as origin:
        client = make_client(origin, tls=trusting)
        for _ in range(3):
            assert (await client.get(f"https://{NAME}:{origin.port}/length")).body == IMAGE

    assert origin.connections == 1


@pytest.mark.usefixtures("no_leaks", "connected_addresses")
async def test_an_address_is_held_against_the_address(make_client: MakeClient, trusting: ssl.SSLContext) -> None:
    async with Origin(_server(AUTHORITY.issue_cert("127.0.0.1"))) as origin:
        assert (await make_client(origin, tls=trusting).get(origin.url("length"))).body == IMAGE


@pytest.mark.usefixtures("no_leaks", "connected_addresses", "resolved", "no_backoff")
@pytest.mark.parametrize("server", BAD.values(), ids=BAD)
async def test_a_bad_certificate_is_refused(
    server: Callable[[], ssl.SSLContext], make_client: MakeClient, trusting: ssl.SSLContext
) -> None:
    """No request goes out, however often it is tried."""
    async with Origin(server()) as origin:
        result = await make_client(origin, tls=trusting).get(f"https://{NAME}:{origin.port}/length")

    assert (result.code, result.stats.attempts) == ("tls_failed", 3)
    assert origin.requests == []


@pytest.mark.usefixtures("no_leaks", "connected_addresses", "no_backoff")
async def test_a_redirect_is_held_against_the_name_that_it_leads_to(
    make_client: MakeClient, resolved: FakeDns, trusting: ssl.SSLContext
) -> None:
    """Both names have the same address; the certificate is only the first one's."""
    resolved["other.example"] = ["127.0.0.1"]
    async with Origin(_server(AUTHORITY.issue_cert(NAME))) as origin:
        client = make_client(origin, tls=trusting)
        assert (await client.get(f"https://{NAME}:{origin.port}/length")).body == IMAGE

        assert (await client.get(f"https://other.example:{origin.port}/length")).code == "tls_failed"


@pytest.mark.usefixtures("no_leaks", "connected_addresses", "no_backoff")
async def test_plain_http_behind_https_is_a_failure_of_tls(make_client: MakeClient) -> None:
    async def refuse(reader: Reader, writer: Writer) -> None:
        await reader.read(10)
        await send(writer, response(b"", status="400 Bad Request"))
        writer.close()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        result = await make_client(allowed_ports=(port,)).get(f"https://127.0.0.1:{port}/")

    assert (result.code, result.stats.attempts) == ("tls_failed", 3)


@pytest.mark.usefixtures("no_leaks", "connected_addresses", "no_backoff")
@pytest.mark.parametrize("how", ["close", "reset"])
async def test_who_hangs_up_in_the_handshake_could_not_be_connected_to(how: str, make_client: MakeClient) -> None:
    async def hang_up(reader: Reader, writer: Writer) -> None:
        await reader.read(10)
        if how == "reset":
            reset(writer)
        writer.close()

    async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        result = await make_client(allowed_ports=(port,)).get(f"https://127.0.0.1:{port}/")

    assert (result.code, result.stats.attempts) == ("connect_failed", 3)


@pytest.mark.usefixtures("no_leaks", "connected_addresses")
@pytest.mark.parametrize("said", ["Connection: close", "Connection: keep-alive"])
async def test_a_peer_that_never_says_goodbye_holds_no_descriptor(
    said: str, make_client: MakeClient, trusting: ssl.SSLContext
) -> None:
    """TLS waits for the other side's farewell, for half a minute where nobody answers ours."""
    finish = asyncio.Event()

    async def stay(_: Reader, writer: Writer, __: Request) -> None:
        await send(writer, response(IMAGE, said) + (b"" if "close" in said else b"unasked"))
        writer.transport.pause_reading()  # type: ignore[attr-defined]  # no farewell is read, and none answered
        await finish.wait()

    async with Origin(_server(AUTHORITY.issue_cert("127.0.0.1"))) as origin:
        origin.responders["stay"] = stay
        client = make_client(origin, tls=trusting)
        made = client.record_sockets()
        for _ in range(10):
            assert (await client.get(origin.url("stay"))).body == IMAGE
            await asyncio.sleep(0.02)
        still_open = [sock for sock in made if sock.fileno() >= 0]
        finish.set()

    assert len(made) == 10
    assert len(still_open) <= 1  # the last one may be in the pool


@pytest.mark.usefixtures("no_leaks", "connected_addresses")
async def test_silence_in_the_handshake_ends_within_the_time_to_connect(make_client: MakeClient) -> None:
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
async def test_a_redirect_may_change_the_scheme(
    scheme: str, make_client: MakeClient, origin: Origin, trusting: ssl.SSLContext
) -> None:
    async with Origin(_server(AUTHORITY.issue_cert(NAME))) as secure:
        ends = {"http": origin, "https": secure}
        first, second = ends.pop(scheme), ends.popitem()[1]
        origin.responders["away"] = reply(redirect(second.url("length").replace("127.0.0.1", NAME)), close=False)
        client = make_client(origin, secure, tls=trusting)

        assert (await client.get(first.url("away").replace("127.0.0.1", NAME))).body == IMAGE


@pytest.mark.usefixtures("no_leaks", "connected_addresses", "no_backoff")
@pytest.mark.parametrize(("farewell", "code"), [(True, "stored"), (False, "connection_lost")])
async def test_a_body_that_lasts_until_the_end_is_whole_if_tls_says_that_it_is_the_end(
    farewell: bool,  # noqa: FBT001 - the one thing that differs
    code: str,
    make_client: MakeClient,
    trusting: ssl.SSLContext,
) -> None:
    """Anybody on the way can end a connection; only the peer can say goodbye (RFC 9112, 9.8)."""

    async def until_close(_: Reader, writer: Writer, __: Request) -> None:
        await send(writer, head("Connection: close") + IMAGE)
        if farewell:
            writer.close()
        else:
            writer.transport.abort()

    async with Origin(_server(AUTHORITY.issue_cert("127.0.0.1"))) as origin:
        origin.responders["until_close"] = until_close

        assert code == (await make_client(origin, tls=trusting).get(origin.url("until_close"))).code


@pytest.mark.usefixtures("no_leaks", "connected_addresses")
@pytest.mark.parametrize("tickets", [0, 1, 2])
@pytest.mark.parametrize("before", [0, 1])
async def test_silence_is_counted_over_tls_too(
    tickets: int, before: int, make_client: MakeClient, trusting: ssl.SSLContext
) -> None:
    """Whatever else goes to and fro on the connection: TLS has messages of its own."""
    over = asyncio.Event()

    async def say_nothing(_: Reader, __: Writer, ___: Request) -> None:
        await over.wait()

    server = _server(AUTHORITY.issue_cert("127.0.0.1"))
    server.num_tickets = tickets
    async with Origin(server) as origin:
        origin.responders["silent"] = say_nothing
        client = make_client(origin, tls=trusting, read_timeout=0.1, image_timeout=5.0, max_attempts=1)
        for _ in range(before):
            assert (await client.get(origin.url("length"))).body == IMAGE
        result = await client.get(origin.url("silent"))
        over.set()

    assert "silent for 0.1 seconds" in result.reason
