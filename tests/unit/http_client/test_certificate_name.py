"""`context_for`: which certificates are valid for a host with an underscore. Handshakes run in memory."""

import ssl
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
import trustme
from cryptography import x509

from intake.http_client.certificate_name import context_for

AUTHORITY, STRANGER = trustme.CA(), trustme.CA()
HOST = "my_bucket.s3.example.com"


@pytest.fixture
def trusting() -> ssl.SSLContext:
    tls = ssl.create_default_context()
    AUTHORITY.configure_trust(tls)
    return tls


def connect(context: ssl.SSLContext, host: str, certificate: trustme.LeafCert) -> None:
    """Run a handshake.

    Raises:
        ssl.SSLError: it fails.
    """
    server_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(server_context)
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = context_for(host, context).wrap_bio(back, there, server_hostname=host)
    server = server_context.wrap_bio(there, back, server_side=True)
    for _ in range(3):
        for side in (client, server):
            with suppress(ssl.SSLWantReadError):
                side.do_handshake()
    assert client.version()


@pytest.mark.parametrize(
    ("host", "name"),
    [
        (HOST, "*.s3.example.com"),
        ("_.s3.example.com", "*.s3.example.com"),
        ("a_-_b.xn--bcher-kva.example", "*.xn--bcher-kva.example"),
        ("a.my_shop.example", "*.my_shop.example"),
        ("a_b.c.my_shop.example", "*.c.my_shop.example"),
        ("a.my_shop.example", "a.my_shop.example"),
    ],
)
def test_certificate_matches_a_host_with_an_underscore(
    host: str, name: str, trusting: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trustme._identity_string_to_x509", x509.DNSName)  # trustme refuses underscores
    connect(trusting, host, AUTHORITY.issue_cert(name))


def invalid() -> Iterator[tuple[str, trustme.LeafCert]]:
    past = datetime.now(UTC) - timedelta(days=1)
    for name in (
        "*.example.com",
        "*.other.example.com",
        "s3.example.com",
        "my-bucket.s3.example.com",
        "*.com",
        "192.0.2.1",
    ):
        yield HOST, AUTHORITY.issue_cert(name)
    yield f"a.{HOST}", AUTHORITY.issue_cert("*.s3.example.com")
    yield f"a_b.{HOST}", AUTHORITY.issue_cert("*.s3.example.com")
    yield "a.b.my_shop.example", AUTHORITY.issue_cert("*.shop.example", "my-shop.example")
    yield "my_bucket.example", AUTHORITY.issue_cert("*.example")
    yield HOST, AUTHORITY.issue_cert("other.example", common_name=HOST)
    yield HOST, AUTHORITY.issue_cert("*.s3.example.com", not_after=past)
    yield HOST, STRANGER.issue_cert("*.s3.example.com")


@pytest.mark.parametrize(("host", "certificate"), list(invalid()))
def test_certificate_is_refused_when_it_is_not_valid_for_the_host(
    host: str, certificate: trustme.LeafCert, trusting: ssl.SSLContext
) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        connect(trusting, host, certificate)


@pytest.mark.parametrize("host", ["a.example", "my-bucket.s3.example.com", "192.0.2.1", "::1"])
def test_openssl_matches_every_other_host(host: str, trusting: ssl.SSLContext) -> None:
    assert context_for(host, trusting) is trusting


def test_copy_verifies_as_strictly_as_the_context(trusting: ssl.SSLContext) -> None:
    copy = context_for(HOST, trusting)
    assert copy is context_for("a_b.example", trusting)
    assert copy.verify_mode is ssl.CERT_REQUIRED
    assert copy.get_ca_certs() == trusting.get_ca_certs()
    for name in ("verify_flags", "options", "minimum_version", "maximum_version"):
        assert getattr(copy, name) == getattr(trusting, name)


def test_certificate_is_refused_when_the_context_trusts_nobody() -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        connect(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), HOST, AUTHORITY.issue_cert("*.s3.example.com"))
