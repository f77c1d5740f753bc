"""AWS Secrets Manager on loopback with one secret, whose value or error a test sets."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:image-hosts-AbC123"


@dataclass
class SecretsManager:
    """A server that answers GetSecretValue.

    Attributes:
        url: its URL, for `AWS_ENDPOINT_URL_SECRETS_MANAGER`.
        value: the members of its answers; an `__type` makes an answer an error.
        requests: the heads and bodies of all requests.
    """

    url: str = ""
    value: dict[str, Any] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)

    def put(self, secret: object) -> None:
        """Set the value of the secret."""
        self.value = {"ARN": ARN, "SecretString": secret if isinstance(secret, str) else json.dumps(secret)}

    def fail(self, code: str, message: str = "no") -> None:
        """Answer with an error."""
        self.value = {"__type": code, "message": message}


@contextmanager
def secrets_manager(monkeypatch: pytest.MonkeyPatch) -> Iterator[SecretsManager]:
    """Start the server, and set the variables with which boto3 finds it."""
    manager = SecretsManager()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = self.rfile.read(int(self.headers["Content-Length"]))
            manager.requests.append(f"{self.headers}{request.decode()}")
            body = json.dumps(manager.value).encode()
            self.send_response(400 if "__type" in manager.value else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        manager.url = f"http://127.0.0.1:{server.server_port}"
        for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_SESSION_TOKEN", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"):
            monkeypatch.delenv(name, raising=False)
        for name, text in {
            "AWS_ENDPOINT_URL_SECRETS_MANAGER": manager.url,
            "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "a-key",
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
            "AWS_EC2_METADATA_DISABLED": "true",
        }.items():
            monkeypatch.setenv(name, text)
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield manager
        finally:
            server.shutdown()
            thread.join()
