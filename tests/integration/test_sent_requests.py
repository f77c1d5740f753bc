"""Requests as they are sent: the target byte for byte, four headers, and nothing from the environment."""

import re
import socket
import ssl
from ipaddress import ip_network
from pathlib import Path

import pytest
import trustme

from intake import app
from intake.ingest.deadline import Deadline
from intake.model.error_codes import TlsFailed
from intake.model.outcome import FetchStats
from intake.model.url import Url
from intake.settings.config import Config
from support.origin import IMAGE, Origin
from support.origin.client import AGENT, Client, MakeClient, limits_for
from support.origin.fake_dns import FakeDns

UNCHANGED = [
    "/%2F%7e%20?a=%2F&b",
    "/%2f%7E%zz%",
    "/?",
    "/a?",
    "/a??b?",
    "/a?b=c&d=%26&e=+&f=%2B",
    "//double//slash//",
    "/a/../b",
    "/a/./b/.",
    "/%2e%2e/c",
    "/?'[]",
    "/a;b=c,d:e@f!$&'()*+[]",
    "/?X-Amz-Credential=a%2F20261122%2Feu&X-Amz-Signature=00ff&response=%22a%22",
]
ENCODED = {
    '/|^{}"<>`': "/%7C%5E%7B%7D%22%3C%3E%60",
    '/?|^{}"<>`': "/?%7C%5E%7B%7D%22%3C%3E%60",
    "/{a}%7b/100%?s=%22\u201c|": "/%7Ba%7D%7b/100%?s=%22%E2%80%9C%7C",
    "": "/",
    "?": "/?",
    "?a=b": "/?a=b",
    "/a b?c d": "/a%20b?c%20d",
    "/\u00e9?\u00e9": "/%C3%A9?%C3%A9",
    "/\u6f22/\U0001f600": "/%E6%BC%A2/%F0%9F%98%80",
    "/e\u0301": "/e%CC%81",
    "/a#fragment": "/a",
    "/a?b#c?d": "/a?b",
    "#fragment": "/",
}


@pytest.mark.parametrize("target", UNCHANGED)
async def test_target_is_sent_byte_for_byte(target: str, origin: Origin, client: Client) -> None:
    assert (await client.get(origin.base + target)).body == IMAGE

    assert f"GET {target} HTTP/1.1\r\n".encode() == origin.requests[0].raw.splitlines(keepends=True)[0]


async def test_longest_url_is_sent_whole(origin: Origin, client: Client) -> None:
    target = "/length?" + "x" * (4096 - len(origin.base) - len("/length?"))

    assert (await client.get(origin.base + target)).body == IMAGE

    assert target == origin.requests[0].target


@pytest.mark.parametrize(("written", "target"), ENCODED.items())
async def test_target_is_percent_encoded_once_when_it_cannot_be_sent(
    written: str, target: str, origin: Origin, client: Client
) -> None:
    assert (await client.get(origin.base + written)).body == IMAGE

    assert f"GET {target} HTTP/1.1\r\n".encode() == origin.requests[0].raw.splitlines(keepends=True)[0]


async def test_request_has_four_headers_and_no_more(origin: Origin, client: Client) -> None:
    await client.get(origin.url("length"))

    assert (
        f"GET /length HTTP/1.1\r\nHost: 127.0.0.1:{origin.port}\r\nUser-Agent: {AGENT}\r\n"
        "Accept: image/*,*/*;q=0.1\r\nAccept-Encoding: identity\r\n\r\n"
    ).encode() == origin.requests[0].raw


@pytest.mark.parametrize("first", ["cookies", "authenticate_header", "redirect_with_cookie", "status_401"])
async def test_request_has_nothing_that_the_origin_sent_before(first: str, origin: Origin, client: Client) -> None:
    await client.get(origin.url("length"))
    await client.get(origin.url(first))
    await client.get(origin.url("length"))

    assert origin.requests[0].raw == origin.requests[-1].raw


@pytest.mark.parametrize(
    "host",
    [
        "a_b.example",
        "-a.example",
        "xn--a.example",
        "xn--mnchen-3ya.example",
        "example",
        "1.a",
        f"{'a' * 63}.{'b' * 63}",
    ],
)
async def test_unusual_host_is_sent_as_it_was_written(host: str, origin: Origin, client: Client, dns: FakeDns) -> None:
    """The name that was checked is the name that is looked up and sent in the Host header."""
    dns[host] = ["127.0.0.1"]

    assert (await client.get(f"http://{host}:{origin.port}/length")).body == IMAGE
    assert [host] == dns.lookups
    assert ("Host", f"{host}:{origin.port}") == origin.requests[0].headers[0]


@pytest.mark.parametrize(
    ("sent", "host"),
    [
        ("xn--mnchen-3ya.example", "m\u00fcnchen.example"),
        ("xn--mnchen-3ya.example", "M\u00dcNCHEN.Example."),
        ("xn--mnchen-3ya.example", "xn--mnchen-3ya.example."),
        ("xn--mnchen-3ya.example", "m%C3%BCnchen.example"),
        ("my_shop.xn--mnchen-3ya.example", "my_shop.m\u00fcnchen.example"),
        ("r3---sn.-a.xn--mnchen-3ya.example", "r3---sn.-a.m\u00fcnchen\u3002example"),
        ("xn--n3h.example", "\u2603\ufe0f.exam\u00adple"),
    ],
)
async def test_internationalized_host_is_sent_in_ascii(
    sent: str, host: str, origin: Origin, client: Client, dns: FakeDns
) -> None:
    dns[sent] = ["127.0.0.1"]

    assert (await client.get(f"http://{host}:{origin.port}/length")).body == IMAGE
    assert [sent] == dns.lookups
    assert ("Host", f"{sent}:{origin.port}") == origin.requests[0].headers[0]


@pytest.mark.parametrize("host", ["\u2603.shop.example", "a-.m\u00fcnchen.example", "my_shop.m\u00fcnchen.example"])
@pytest.mark.usefixtures("no_leaks")
async def test_internationalized_host_is_in_the_tls_handshake_as_in_the_host_header(host: str, dns: FakeDns) -> None:
    sent = Url.parse(f"https://{host}/").host
    authority, names = trustme.CA(), list[str]()
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("*." + sent.partition(".")[2]).configure_cert(tls)
    tls.sni_callback = lambda _, name, __: names.append(name)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    dns[sent] = ["127.0.0.1"]

    async with Origin(tls) as origin, Client(limits_for(origin), trusting) as client:
        assert (await client.get(f"https://{host}:{origin.port}/length")).body == IMAGE
        assert ([sent], ("Host", f"{sent}:{origin.port}")) == (names, origin.requests[0].headers[0])


@pytest.mark.parametrize("written", ['/{id}/"a"|b^c`?x=<1>&y={2}|3', "/\u201cx\u201d/\u6f22?q=\u00e9 ", "/a%7Cb%zz%"])
async def test_origin_as_strict_as_tomcat_takes_the_target(written: str, origin: Origin, client: Client) -> None:
    """Tomcat refuses these characters, and those outside ASCII, in a request line."""
    assert (await client.get(origin.base + written.strip())).body == IMAGE

    line = origin.requests[0].raw.partition(b"\r\n")[0]
    assert re.fullmatch(rb"GET /[!#-;=?-\[\]_a-z~]+ HTTP/1\.1", line)


async def test_host_header_omits_the_default_port(
    origin: Origin, make_client: MakeClient, dns: FakeDns, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The test connects port 80 to the port of the origin."""
    client = make_client(allowed_ports=(80,))
    dns["a.example"] = ["127.0.0.1"]
    connect_socket = socket.socket.connect
    monkeypatch.setattr(socket.socket, "connect", lambda sock, address: connect_socket(sock, (address[0], origin.port)))

    assert (await client.get("http://a.example/length")).body == IMAGE
    assert origin.requests[0].headers[0] == ("Host", "a.example")


@pytest.mark.usefixtures("origin")
async def test_host_header_has_an_ipv6_address_in_brackets(
    make_client: MakeClient, connected_addresses: list[str]
) -> None:
    async with Origin(host="::1") as origin:
        client = make_client(origin, allowed_networks=(ip_network("::1"),))

        assert (await client.get(origin.url("length"))).body == IMAGE

    assert connected_addresses == ["::1"]
    assert ("Host", f"[::1]:{origin.port}") == origin.requests[0].headers[0]


async def test_request_ignores_proxies_and_netrc_of_the_environment(
    origin: Origin, other_origin: Origin, make_client: MakeClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, other_origin.base)
        monkeypatch.setenv(name.upper(), other_origin.base)
    netrc = tmp_path / ".netrc"
    netrc.write_text("default login user password secret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HOME", str(tmp_path))

    assert (await make_client(origin).get(origin.url("length"))).body == IMAGE

    assert other_origin.connections == 0
    assert {"Host", "User-Agent", "Accept", "Accept-Encoding"} == {name for name, _ in origin.requests[0].headers}


@pytest.mark.usefixtures("no_leaks", "no_backoff")
async def test_certificate_is_rejected_when_only_the_environment_trusts_its_authority(
    connected_addresses: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OpenSSL reads these variables by default; the service does not."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))

    async with Origin(tls) as origin:
        settings = {
            "IMAGE_BUCKET": "images",
            "INBOX_BUCKET": "inbox",
            "ALLOWED_PORTS": str(origin.port),
            "ALLOWED_NETWORKS": "127.0.0.0/8",
        }
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        app._tls_context.cache_clear()
        fetcher = app.downloader(Config.from_environment())
        with pytest.raises(TlsFailed):
            await fetcher.download(Url.parse(origin.url("length")), FetchStats(), Deadline.after(60.0))
        await fetcher._transport.aclose()
        app._tls_context.cache_clear()

    assert not origin.requests
    assert {"127.0.0.1"} == set(connected_addresses)
