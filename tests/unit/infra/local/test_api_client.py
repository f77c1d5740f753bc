"""Signed requests to the API, over an opener that sends nothing."""

import io
import urllib.request
from email.message import Message
from typing import Any

import pytest
from infra.local import api_client
from infra.local.api_client import Credentials, send_request

KEYS = Credentials("key", "secret")
TEMPORARY = Credentials("key", "secret", "token")


@pytest.mark.parametrize(
    ("signed", "token", "credentials"), [(True, None, KEYS), (True, "token", TEMPORARY), (False, None, None)]
)
def test_request_is_signed_with_the_token_of_temporary_credentials(
    monkeypatch: pytest.MonkeyPatch, *, signed: bool, token: str | None, credentials: Credentials | None
) -> None:
    sent: list[urllib.request.Request] = []

    class Response(io.BytesIO):
        status, headers = 200, Message()

    class Opener:
        def open(self, request: urllib.request.Request, **_: float) -> Response:
            sent.append(request)
            return Response(b"{}")

    monkeypatch.setattr(api_client, "_make_opener", lambda _: Opener())
    send_request("POST", "https://api.example/v1/files", b"{}", region="eu-central-1", credentials=credentials)

    [request] = sent
    assert (request.get_header("Authorization") is not None) == signed
    assert request.get_header("X-amz-security-token") == token


@pytest.mark.parametrize(
    ("proxies", "url"),
    [({}, "http://127.0.0.1:4566/v1"), ({"https": "http://proxy.example:3128"}, "https://api.example/v1")],
)
def test_proxy_of_the_environment_is_used_for_other_machines_alone(
    monkeypatch: pytest.MonkeyPatch, proxies: dict[str, str], url: str
) -> None:
    for name in ("http_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "AWS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    opener: Any = api_client._make_opener(url)
    found: list[Any] = [one for one in opener.handlers if isinstance(one, urllib.request.ProxyHandler)]
    assert {name: proxy for one in found for name, proxy in one.proxies.items()} == proxies
