"""What app.py connects: the User-Agent, the trusted certificates, the log of a bug, the metrics."""

import asyncio
import json
import ssl
from contextlib import nullcontext
from typing import Any

import certifi
import pytest

from intake import app, telemetry
from intake.handlers import http
from intake.ingest.ports import DocumentFault
from intake.settings.config import Config
from support.handler_fakes import install_fakes
from support.lambda_context import Context


@pytest.mark.parametrize(
    ("agent", "contact"),
    [
        ("image-intake/0.2", ""),
        ("image-intake/0.2 (+https://example.com/bots)", "https://example.com/bots"),
    ],
)
def test_user_agent_names_the_service_and_the_contact(agent: str, contact: str) -> None:
    downloader = app.downloader(Config(image_bucket="the-images", contact=contact))
    assert downloader._headers("example.com")["User-Agent"] == agent


def test_trusted_certificates_do_not_depend_on_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    monkeypatch.setenv("SSL_CERT_FILE", "/dev/null")
    monkeypatch.setattr(ssl, "create_default_context", lambda **given: asked.append(given))
    app._tls_context.__wrapped__(certifi.where())
    assert asked == [{"cafile": certifi.where()}]


def test_tls_requires_a_certificate_for_the_host_name() -> None:
    tls = app._tls_context(certifi.where())
    assert (tls.verify_mode, tls.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert tls.minimum_version >= ssl.TLSVersion.TLSv1_2


def test_bug_is_logged_without_url_queries_and_answered_with_500(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lines: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(telemetry.logger, "error", lambda message, extra: lines.append((message, extra)))
    with install_fakes(monkeypatch) as behind:
        behind.store.failures["receipts/"] = ZeroDivisionError("at https://a.example/1?token=Canary7f")
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
    assert "Canary7f" not in extra["exception"] + answer["body"]


@pytest.mark.parametrize("error", [None, ZeroDivisionError, TimeoutError, asyncio.CancelledError])
def test_run_writes_the_metrics_of_its_files(
    error: type[BaseException] | None, capsys: pytest.CaptureFixture[str]
) -> None:
    async def work() -> None:
        telemetry.Telemetry().known_document_unread(DocumentFault.SLOW, "")
        await asyncio.sleep(0)
        if error is not None:
            raise error

    telemetry.flush_metrics()  # of another test
    capsys.readouterr()
    with nullcontext() if error is None else pytest.raises(error):
        app.run(work())
    assert json.loads(capsys.readouterr().out)["KnownDocumentsUnread"] == [1]
