"""What the composition promises: who asks, whom TLS trusts, and that a bug is logged before it is a 500."""

import ssl
from typing import Any

import certifi
import pytest

from intake import app, telemetry
from intake.config import Config
from intake.handlers import http
from support.handler_fakes import house
from support.lambda_context import Context


@pytest.mark.parametrize(
    ("agent", "contact"),
    [
        ("image-intake/0.2", ""),
        ("image-intake/0.2 (+https://example.com/bots)", "https://example.com/bots"),
    ],
)
def test_origins_are_told_who_asks_and_where_to_complain(agent: str, contact: str) -> None:
    fetcher = app.downloader(Config(image_bucket="the-images", contact=contact))
    assert fetcher._headers("example.com")["User-Agent"] == agent


def test_the_trusted_certificates_are_named_whatever_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    monkeypatch.setenv("SSL_CERT_FILE", "/dev/null")
    monkeypatch.setattr(ssl, "create_default_context", lambda **given: asked.append(given))
    app._tls_context.__wrapped__(certifi.where())
    assert asked == [{"cafile": certifi.where()}]


def test_certificates_are_required_and_held_against_the_name() -> None:
    tls = app._tls_context(certifi.where())
    assert (tls.verify_mode, tls.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert tls.minimum_version >= ssl.TLSVersion.TLSv1_2


def test_a_bug_is_logged_without_the_query_of_a_url_and_answered_as_a_problem(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lines: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(telemetry.logger, "error", lambda message, extra: lines.append((message, extra)))
    with house(monkeypatch) as behind:
        behind.store.failures["receipts/"] = ZeroDivisionError("at https://a.example/1?token=secret")
        event: dict[str, Any] = {
            "httpMethod": "GET",
            "path": "/files/lot-7",
            "headers": {},
            "requestContext": {},
            "body": None,
        }
        answer = http.handler(event, Context(29.0))
    assert answer["statusCode"] == 500
    [(message, extra)] = lines
    assert message == "request failed"
    assert "ZeroDivisionError: at https://a.example/1" in extra["exception"]
    assert "secret" not in extra["exception"] + answer["body"]
