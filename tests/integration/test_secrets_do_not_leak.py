"""A secret in the query or the user information of a URL is in no log line, metric, receipt or problem.

A secret in a note is in the receipt, where its caller wants it, and in no log line, metric or problem.

The whole service runs, with the buckets in memory, through every handler, against an origin that repeats the secret in
every part of its responses.
"""

import asyncio
import gzip
import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import ip_network
from types import SimpleNamespace
from typing import Any

import pytest

from intake import app, telemetry
from intake.handlers import bulk, http, s3
from intake.ingest.file_service import IngestService
from intake.ingest.manifest_service import ManifestService
from intake.model.limits import Limits
from intake.settings.config import Config
from support.fake_inbox import FakeInbox
from support.fake_ports import FakeStore
from support.handler_fakes import IMAGES
from support.lambda_context import Context
from support.lambda_events import INBOX
from support.origin import IMAGE, Origin, origin_in_thread
from support.origin.behaviour import Reader, Request, Responder, Writer, chunks, head, response_with, send
from support.origin.fake_dns import FakeDns

SECRET = "Secret7f3a91"
NOTED_SECRET = "Noted5c20de"
NOTE = {NOTED_SECRET: f"https://a.example/?token={NOTED_SECRET}"}
QUERY = f"?X-Amz-Signature={SECRET}&response=%22{SECRET}%22"

RESPONSES: dict[str, str] = {
    "in_the_reason_phrase": "HTTP/1.1 404 {0}\r\nContent-Length: 0\r\n\r\n",
    "in_no_status_line": "{0}\r\n\r\n",
    "in_a_bad_status_line": "HTTP/1.1 {0} OK\r\n\r\n",
    "in_the_version": "HTTP/{0} 200 OK\r\n\r\n",
    "in_a_header_without_a_colon": "HTTP/1.1 200 OK\r\n{0}\r\n\r\n",
    "in_a_bad_header_name": "HTTP/1.1 200 OK\r\n{0}\0: x\r\n\r\n",
    "in_the_encoding": "HTTP/1.1 200 OK\r\nContent-Encoding: {0}\r\nContent-Length: 9\r\n\r\n123456789",
    "beside_an_encoding": "HTTP/1.1 200 OK\r\nContent-Encoding: gzip, {0}\r\nContent-Length: 9\r\n\r\n123456789",
    "in_the_transfer": "HTTP/1.1 200 OK\r\nTransfer-Encoding: {0}\r\n\r\n123456789",
    "in_the_length": "HTTP/1.1 200 OK\r\nContent-Length: {0}\r\n\r\n",
    "in_retry_after": "HTTP/1.1 429 Later\r\nRetry-After: {0}\r\nContent-Length: 0\r\n\r\n",
    "in_the_type": "HTTP/1.1 200 OK\r\nContent-Type: {0}\r\nContent-Length: 9\r\n\r\n123456789",
    "in_a_chunk_size": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{0}\r\nabc\r\n",
    "in_a_page": "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{0:99}",
    "in_a_cookie": "HTTP/1.1 500 No\r\nSet-Cookie: {0}={0}\r\nContent-Length: 0\r\n\r\n",
    "in_a_challenge": 'HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm="{0}"\r\nContent-Length: 0\r\n\r\n',
    **{
        f"in_a_location_{number}": f"HTTP/1.1 302 Away\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"
        for number, location in enumerate(
            (
                "/length?{0}",
                "/status_404?{0}",
                "http://10.0.0.1/?{0}",
                "http://127.0.0.1:22/?{0}",
                "http://nowhere.example/?{0}",
                "http://user:{0}@127.0.0.1/",
                "http://0177.0.0.1/?{0}",
                "gopher://a.example/?{0}",
                "http://[/?{0}",
                "/a\0?{0}",
            )
        )
    },
}


def _reply_with(template: str, secret: str) -> Responder:
    async def respond(_: Reader, writer: Writer, __: Request) -> None:
        await send(writer, template.format(secret).encode("latin-1"))
        writer.close()

    return respond


async def _break_chunks(_: Reader, writer: Writer, request: Request) -> None:
    await send(writer, head("Transfer-Encoding: chunked") + chunks([IMAGE]))
    await asyncio.sleep(0.02)
    await send(writer, request.target.encode())
    writer.close()


async def _reply_with_image(_: Reader, writer: Writer, request: Request) -> None:
    await send(writer, response_with(IMAGE[:300] + request.target.encode()))


@dataclass
class Setup:
    """An origin, the stored objects, and the output of the service.

    Attributes:
        logged: every line of the log, with the metrics.
    """

    origin: Origin
    store: FakeStore = field(default_factory=FakeStore)
    inbox: FakeInbox = field(default_factory=FakeInbox)
    logged: list[str] = field(default_factory=list)

    @property
    def urls(self) -> list[str]:
        """URLs of every kind, each with the secret."""
        at = self.origin.base
        repeated = [f"{at}/{name}{QUERY}" for name in self.origin.responders]
        results = [
            f"{at}/{name}{QUERY}"
            for name in ("length", "status_403", "half_png", "soft_404", "silent", "gzip", "random_bytes")
        ]
        unreachable = [
            *(
                f"http://{host}/x.jpg{QUERY}"
                for host in ("nowhere.example", "in.example", "10.0.0.1", "[::1]", "127.1")
            ),
            *(f"http://127.0.0.1:{port}/x.jpg{QUERY}" for port in (1, 22, 0, 65536)),
            *(f"{scheme}://a.example/x.jpg{QUERY}" for scheme in ("ftp", "file", "https2")),
            f"https://127.0.0.1:{self.origin.port}/{QUERY}",
        ]
        unparseable = [
            *(
                f"{start}{QUERY}"
                for start in ("", "x", "/x", "//a.example/x", "http:", "http://", "http:///x", "http://[::1")
            ),
            *(f"http://a.example{odd}{QUERY}" for odd in ("\\", "\n", "\t/", " ", "/\0", ":x", "..", "\u2028")),
            *(f"http://a.example/x#{SECRET}", f"{at}/length#{SECRET}", f"http://a.example/{'x' * 5000}{QUERY}"),
            *(f"http://user:{SECRET}{at_sign}a.example/x.jpg" for at_sign in ("@", "%40", "\uff20", "\ufe6b", "@b@")),
            *(
                f"{start}{SECRET}@a.example/x"
                for start in ("http:user:", "http:/", "http://", "//", "user:", "http:\\\\u:")
            ),
            *(f"http://{rest}" for rest in (f"a?{SECRET}@b/", f"u:{SECRET}?x@b/", f"u:{SECRET}#x@b/")),
        ]
        return [*repeated, *results, *unreachable, *unparseable]


@pytest.fixture
def setup(dns: FakeDns, connected_addresses: list[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Setup]:
    dns["in.example"] = ["10.0.0.1"]
    with origin_in_thread() as origin, asyncio.Runner() as runner:
        for said, kind in ((SECRET, "alone"), (f"/x{QUERY}", "target"), (f"X={SECRET};{SECRET}", "pair")):
            for name, template in RESPONSES.items():
                origin.responders[f"{kind}_{name}"] = _reply_with(template, said)
        origin.responders |= {"broken_chunks": _break_chunks, "in_image": _reply_with_image}
        limits = Limits(
            allowed_ports=(80, 443, 1, origin.port),
            allowed_networks=(ip_network("127.0.0.0/8"),),
            max_base_images=500,
            max_attempts=1,
            read_timeout=0.5,
        )
        config = Config(image_bucket=IMAGES, inbox_bucket=INBOX, limits=limits)
        setup, downloader = Setup(origin), app.downloader(config)
        service = IngestService(downloader, setup.store, telemetry.Telemetry(), limits, IMAGES)
        manifests = ManifestService(setup.inbox, setup.store, service, limits)
        monkeypatch.setattr(app, "_runner", runner)
        for name, built in (("config", config), ("ingest_service", service), ("manifest_service", manifests)):
            monkeypatch.setattr(app, name, lambda built=built: built)
        monkeypatch.setattr(app, "store", lambda: setup.store)
        monkeypatch.setattr(app, "inbox", lambda: setup.inbox)
        monkeypatch.setattr(
            telemetry.logger.registered_handler,
            "stream",
            SimpleNamespace(write=setup.logged.append, flush=lambda: None),
        )
        yield setup
        runner.run(downloader.aclose())
    assert set(connected_addresses) <= {"127.0.0.1"}


@pytest.fixture(autouse=True)
def _assert_no_secret(
    setup: Setup, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> Iterator[None]:
    caplog.set_level(logging.DEBUG, logger="aiohttp")
    yield
    out, err = capfd.readouterr()
    # The failed Files of a bulk run are stored as they came, so that they can be sent again (docs/bulk.md).
    stored = [text.decode() for key, text in setup.store.objects.items() if not key.startswith(("runs/", "images/"))]
    tables = [body for key, body in setup.store.objects.items() if key.endswith(".jsonl.gz")]
    stored += [gzip.decompress(body).decode() for body in tables]
    problems = [text.decode() for key, text in setup.store.objects.items() if key.startswith("problems/")]
    lines = [line for text in (*setup.logged, out, err, caplog.text, *stored) for line in text.splitlines()]
    assert [line for line in lines if SECRET.lower() in line.lower()] == []
    assert NOTED_SECRET not in "".join([*setup.logged, out, err, caplog.text, *problems])
    assert len(setup.logged) > 0
    assert setup.store.objects


def _post(body: str) -> dict[str, Any]:
    event = {"httpMethod": "POST", "path": "/files", "headers": {}, "body": body, "isBase64Encoded": False}
    response = http.handler(event, Context(60.0))
    document: dict[str, Any] = json.loads(response["body"])
    return document


def test_response_to_a_file_has_the_secret_in_its_urls_only(setup: Setup) -> None:
    """The response repeats each URL as it was sent."""
    urls = [{"url": url, "note": NOTE} for url in setup.urls]
    receipt = _post(json.dumps({"id": "lot-7", "urls": urls, "note": NOTE}))

    assert [receipt.pop("note"), *(entry.pop("note") for entry in receipt["images"])] == [NOTE] * (len(urls) + 1)
    assert setup.urls == [entry.pop("url") for entry in receipt["images"]]
    assert SECRET not in json.dumps(receipt)
    assert len({entry["error"]["code"] for entry in receipt["images"] if "error" in entry}) > 12


def test_faults_of_a_manifest_do_not_contain_the_secret(setup: Setup) -> None:
    lines = [
        {"id": "a", "urls": setup.urls[:9], "note": NOTE},
        {"id": "b", "urls": [{"url": 7, "note": NOTE}], "note": [NOTE]},
        {"id": "c", "urls": ["x"], "note": {**NOTE, "x": "x" * 3000}},
        {"fileUrl": setup.urls[0], "baseUrls": 7},
        {"fileUrl": [setup.urls[1]], "baseUrls": [{"url": {"x": SECRET}}], "sha256": SECRET, "id": f"?{SECRET}"},
        {f"fileUrl{QUERY}": 1},
        [setup.urls[0]],
    ]
    text = "\n".join([*map(json.dumps, lines), f'{{"urls": ["{setup.urls[0]}"', f'"{SECRET}"', f"{SECRET}"])
    setup.inbox.objects["inbox/m.jsonl"] = text.encode()
    record = {
        "eventTime": datetime.now(UTC).isoformat(),
        "s3": {"bucket": {"name": INBOX}, "object": {"key": "inbox/m.jsonl"}},
    }

    with pytest.raises(s3.Unfinished) as caught:
        s3.handler({"Records": [record]}, Context(60.0))

    assert SECRET not in str(caught.value)
    assert b"errors" in setup.store.objects["problems/m.json"]


@pytest.mark.parametrize("body", ['{{"urls": ["{0}"', '["{0}"]', '{{"fileUrl": "{0}", "baseUrls": ["{0}"]}}', "{0}"])
def test_problem_does_not_contain_the_secret(body: str, setup: Setup) -> None:
    _post(json.dumps({"urls": [setup.urls[0]]}))

    assert SECRET not in json.dumps(_post(body.format(setup.urls[0])))


def test_counts_of_a_batch_do_not_contain_the_secret(setup: Setup) -> None:
    items = [{"id": "a", "urls": setup.urls, "note": NOTE}, {"url": "x", **NOTE}, {"url": setup.urls[0]}, {"x": QUERY}]

    counts = bulk.handler({"Items": items, "BatchInput": {"run": "r"}}, Context(60.0))

    assert SECRET not in json.dumps(counts)
    assert NOTED_SECRET not in json.dumps(counts)


def test_logged_traceback_does_not_contain_the_secret(setup: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    """The exception's message quotes URLs."""

    async def broken(*_: object) -> object:
        message = f"cannot read {setup.urls[0]}, nor //user:{SECRET}@a.example/"
        raise ZeroDivisionError(message)

    monkeypatch.setattr(app.ingest_service()._images._downloader, "_follow_redirects", broken)

    receipt = _post(json.dumps({"urls": [{"url": setup.urls[0], "note": NOTE}], "note": NOTE}))

    assert [entry["error"]["code"] for entry in receipt["images"]] == ["internal_error"]
