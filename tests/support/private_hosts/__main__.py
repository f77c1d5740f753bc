"""Sets up the namespace, sends every URL through the handlers of the service, and prints what happened."""

import io
import json
import logging
import ssl
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import asdict
from itertools import batched
from pathlib import Path
from typing import Any

import pytest
import trustme

from intake import app, telemetry
from intake.handlers import bulk, http
from intake.sources import host_credentials
from support.fake_ports import FakeStore
from support.lambda_context import Context
from support.network_sandbox import dns_server, namespace
from support.origin.behaviour import response_with
from support.origin.redirects import redirect
from support.private_hosts import urls
from support.private_hosts.local_run import run_list, trust
from support.private_hosts.secrets import ADDRESSES, CANARY, INSIDE, SECRET
from support.private_hosts.servers import Answer, Received, Servers, servers_in_thread
from support.secrets_manager import ARN, SecretsManager, secrets_manager

_SETTINGS = {
    "IMAGE_BUCKET": "images",
    "INBOX_BUCKET": "inbox",
    "ALLOWED_PORTS": "80,443,8080,8443",
    "MAX_BASE_IMAGES": "500",
    "MAX_ATTEMPTS": "1",
    "REFRESH": "fresh",
    "SOURCE_HOSTS": ",".join(SECRET),
    "SOURCE_SECRET_ARN": ARN,
}
_FILE_SIZE = 400

ECHOES = (
    "HTTP/1.1 404 {0}\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 403 No\r\nContent-Length: 99\r\n\r\n{0:99}",
    "HTTP/1.1 200 OK\r\nContent-Encoding: gzip, {0}\r\nContent-Length: 9\r\n\r\n123456789",
    "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{0:99}",
    "HTTP/1.1 200 OK\r\nContent-Length: {0}\r\n\r\n",
    "HTTP/1.1 429 Later\r\nRetry-After: {0}\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 302 Away\r\nLocation: /status?{0}\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 302 Away\r\nLocation: gopher://a.example/?{0}\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 500 No\r\nSet-Cookie: {0}\r\nContent-Length: 0\r\n\r\n",
    "{0}\r\n\r\n",
)
"""Answers of a private host that repeat what it received."""

BROKEN: tuple[object, ...] = (
    CANARY,
    f'{{"bearer.example": {{"bearer": "{CANARY}',
    [CANARY],
    {},
    *(
        {"bearer.example": entry}
        for entry in (
            CANARY,
            {"bearer": f"Bearer {CANARY}"},
            {"bearer": f"{CANARY}\n"},
            {"basic": CANARY},
            {"headers": {CANARY: CANARY, CANARY.lower(): CANARY}},
            {"headers": {f"X {CANARY}": CANARY}},
            {"headers": {"Cookie": CANARY}},
            {"headers": {f"If-{CANARY}": CANARY}},
            {"headers": {"X-Key": f"{CANARY}\r\nX: y"}},
            {CANARY: CANARY},
        )
    ),
)
"""Values of the secret with which nothing may be sent to `bearer.example`."""


def _echo(template: str) -> Answer:
    def answer(received: Received) -> bytes:
        return template.format(received.headers["authorization"]).encode("latin-1")

    return answer


def _refuse_but(authorization: str) -> Answer:
    def answer(received: Received) -> bytes:
        found = received.headers["authorization"]
        status = "404 Not Here" if found == authorization else "401 Unauthorized"
        return response_with(b"", f"WWW-Authenticate: {found}", status=status)

    return answer


class Run:
    """The service in the namespace, and what it says."""

    def __init__(self, servers: Servers, manager: SecretsManager) -> None:
        self.servers = servers
        self.manager = manager
        self.answers: list[dict[str, Any]] = []

    def send(self, sent: list[str]) -> list[str]:
        """Send URLs through the HTTP handler; return the code or the source of each."""
        found = []
        for batch in batched(sent, _FILE_SIZE, strict=False):
            body = json.dumps({"id": f"file-{len(self.answers)}", "urls": list(batch)})
            event = {"httpMethod": "POST", "path": "/files", "headers": {}, "body": body, "isBase64Encoded": False}
            receipt = json.loads(http.handler(event, Context(60.0))["body"])
            self.answers.append(receipt)
            found += [image["error"]["code"] if "error" in image else image["source"] for image in receipt["images"]]
        return found

    def send_everything(self) -> dict[str, Any]:
        """Send URLs of every kind; return their results."""
        results: dict[str, Any] = {
            "same_origin": self.send(list(urls.SAME_ORIGIN)),
            "other_origin": self.send(list(urls.OTHER_ORIGIN)),
            "no_request": self.send(list(urls.NO_REQUEST)),
            "again": self.send(["https://bearer.example/image", "http://bearer.example/image"]),
            "redirects": self.send(list(self._redirects())),
            "echoes": self.send(list(self._echoes())),
        }
        items = [{"id": "bulk", "urls": ["https://bearer.example/image", f"https://{INSIDE}/"]}]
        self.answers.append(bulk.handler({"Items": items, "BatchInput": {"run": "r"}}, Context(60.0)))
        results["reads"] = len(self.manager.requests)
        return results

    def rotate(self) -> dict[str, Any]:
        """Change the secret while many images of its host are requested."""
        before = len(self.manager.requests)
        self.manager.put({**SECRET, "bearer.example": {"bearer": f"{CANARY}-new"}})
        self.servers.answers |= {f"/{n}": _refuse_but(f"Bearer {CANARY}-new") for n in range(100)}
        codes = self.send([f"https://bearer.example/{n}" for n in range(100)])
        return {"rotated": codes, "reads_of_rotation": len(self.manager.requests) - before}

    def break_secret(self) -> dict[str, Any]:
        """Replace the secret by values that cannot be used, then deny access to it."""
        source: Any = app.ingest_service()._images._downloader._sources["https://bearer.example"]  # type: ignore[attr-defined]  # a HttpDownloader
        source._credentials._reader._provider.clear_cache()  # as after five minutes
        received, broken = len(self.servers.received), []
        for value in BROKEN:
            self.manager.put(value)
            broken += self.send(["https://bearer.example/image"])
        self.manager.fail("AccessDeniedException", "no identity-based policy allows it")
        broken += self.send(["https://bearer.example/denied"])
        sent = len(self.servers.received) - received
        open_hosts = self.send(["https://other.example/denied", "http://bearer.example/denied"])
        return {"broken": broken, "sent_while_broken": sent, "open_hosts": open_hosts}

    def _redirects(self) -> Iterator[str]:
        for number, (start, status, location) in enumerate(urls.REDIRECTS):
            answer = redirect(location.encode().decode("latin-1"), status)
            self.servers.answers[f"/to/{number}"] = lambda _, answer=answer: answer  # type: ignore[misc]
            yield f"{start}/to/{number}"

    def _echoes(self) -> Iterator[str]:
        for number, template in enumerate(ECHOES):
            self.servers.answers[f"/echo/{number}"] = _echo(template)
            yield f"https://bearer.example/echo/{number}"


@contextmanager
def _service(store: FakeStore, logged: io.StringIO) -> Iterator[pytest.MonkeyPatch]:
    """Let the service use the store in memory, and log at level DEBUG, as LogLevel=DEBUG does."""
    logging.getLogger().addHandler(logging.StreamHandler(logged))
    logging.getLogger().setLevel(logging.DEBUG)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in _SETTINGS.items():
            patch.setenv(name, value)
        patch.setattr(app, "store", lambda: store)
        patch.setattr(telemetry.logger.registered_handler, "stream", logged)
        yield patch


def _run(authority: trustme.CA, work: Path) -> dict[str, Any]:
    bundle = work / "authority.pem"
    authority.cert_pem.write_to_path(str(bundle))
    trust(bundle)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*ADDRESSES).configure_cert(tls)
    store, logged = FakeStore(), io.StringIO()
    with (
        _service(store, logged) as patch,
        servers_in_thread(tls) as servers,
        secrets_manager(patch) as manager,
        redirect_stdout(logged),
    ):
        manager.put(SECRET)
        run = Run(servers, manager)
        results = run.send_everything()
        received = [asdict(each) for each in servers.received]
        results |= run.rotate()
        patch.setattr(host_credentials, "SECONDS_BETWEEN_READS", -1.0)
        results |= run.break_secret()
        results["denied_run"] = run_list([*urls.SAME_ORIGIN, "http://bearer.example/"], work / "denied")
        manager.put(SECRET)
        results["run"] = run_list([*urls.SAME_ORIGIN, *urls.OTHER_ORIGIN], work / "run")
        app.run(app.ingest_service()._images._downloader.aclose())  # type: ignore[attr-defined]  # a HttpDownloader
        app._runner.close()
    stored = {key: value.decode("latin-1") for key, value in store.objects.items() if not key.startswith("images/")}
    written = {"logged": logged.getvalue(), "stored": json.dumps(stored), "answers": json.dumps(run.answers)}
    return {"results": results, "received": received, "written": written}


def main() -> None:
    authority = trustme.CA()
    with tempfile.TemporaryDirectory() as work:
        namespace.set_up(Path(work))
        names: dict[str, dns_server.Answers] = {name: [address] for name, address in ADDRESSES.items()}
        dns_server.serve(dns_server.DnsTable({**names, INSIDE: ["10.0.0.5"]}), namespace.NAME_SERVER)
        json.dump(_run(authority, Path(work)), sys.stdout)


if __name__ == "__main__":
    main()
