"""A secret in the query of a URL, or before its @, is found again nowhere: no log, metric, receipt or problem has it.

The whole service but for the bucket, every door, and an origin that says the secret back in every place there is.
"""

import asyncio
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
from intake.config import Config
from intake.handlers import bulk, http, s3
from intake.ingest.manifest_service import ManifestService
from intake.ingest.service import IngestService
from intake.model.limits import Limits
from support.fakes import FakeInbox, FakeStore
from support.handler_fakes import IMAGES
from support.lambda_context import Context
from support.lambda_events import INBOX
from support.origin import IMAGE, Origin, in_a_thread
from support.origin.behaviour import Act, Reader, Request, Writer, chunks, head, send, sized
from support.origin.names import Names

CANARY = "Canary7f3a91"
QUERY = f"?X-Amz-Signature={CANARY}&response=%22{CANARY}%22"

SAYS_IT_BACK: dict[str, str] = {
    "in_the_reason_phrase": "HTTP/1.1 404 {0}\r\nContent-Length: 0\r\n\r\n",
    "in_no_status_line": "{0}\r\n\r\n",
    "in_a_bad_status_line": "HTTP/1.1 {0} OK\r\n\r\n",
    "in_the_version": "HTTP/{0} 200 OK\r\n\r\n",
    "in_a_header_without_a_colon": "HTTP/1.1 200 OK\r\n{0}\r\n\r\n",
    "in_a_bad_header_name": "HTTP/1.1 200 OK\r\n{0}\0: x\r\n\r\n",
    "in_the_encoding": "HTTP/1.1 200 OK\r\nContent-Encoding: {0}\r\nContent-Length: 9\r\n\r\n123456789",
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


def _says(template: str, said: str) -> Act:
    async def act(_: Reader, writer: Writer, __: Request) -> None:
        await send(writer, template.format(said).encode("latin-1"))
        writer.close()

    return act


async def _cut_in_chunks(_: Reader, writer: Writer, request: Request) -> None:
    await send(writer, head("Transfer-Encoding: chunked") + chunks([IMAGE]))
    await asyncio.sleep(0.02)
    await send(writer, request.target.encode())
    writer.close()


async def _image_that_holds_it(_: Reader, writer: Writer, request: Request) -> None:
    await send(writer, sized(IMAGE[:300] + request.target.encode()))


@dataclass
class World:
    """All that anybody may read afterwards.

    Attributes:
        logged: every line that was put out, metrics too.
    """

    origin: Origin
    store: FakeStore = field(default_factory=FakeStore)
    inbox: FakeInbox = field(default_factory=FakeInbox)
    logged: list[str] = field(default_factory=list)

    @property
    def urls(self) -> list[str]:
        """One of every kind, each with the secret where a secret may be."""
        at = self.origin.base
        taught = [f"{at}/{name}{QUERY}" for name in self.origin.taught]
        ends = [
            f"{at}/{name}{QUERY}"
            for name in ("length", "status_403", "half_png", "soft_404", "silent", "gzip", "noise")
        ]
        unreached = [
            *(
                f"http://{host}/x.jpg{QUERY}"
                for host in ("nowhere.example", "in.example", "10.0.0.1", "[::1]", "127.1")
            ),
            *(f"http://127.0.0.1:{port}/x.jpg{QUERY}" for port in (1, 22, 0, 65536)),
            *(f"{scheme}://a.example/x.jpg{QUERY}" for scheme in ("ftp", "file", "https2")),
            f"https://127.0.0.1:{self.origin.port}/{QUERY}",
        ]
        unread = [
            *(
                f"{start}{QUERY}"
                for start in ("", "x", "/x", "//a.example/x", "http:", "http://", "http:///x", "http://[::1")
            ),
            *(f"http://a.example{odd}{QUERY}" for odd in ("\\", "\n", "\t/", " ", "/\0", ":x", "..", "\u2028")),
            *(f"http://a.example/x#{CANARY}", f"{at}/length#{CANARY}", f"http://a.example/{'x' * 5000}{QUERY}"),
            *(f"http://user:{CANARY}{at_sign}a.example/x.jpg" for at_sign in ("@", "%40", "\uff20", "\ufe6b", "@b@")),
            *(
                f"{start}{CANARY}@a.example/x"
                for start in ("http:user:", "http:/", "http://", "//", "user:", "http:\\\\u:")
            ),
            *(f"http://{rest}" for rest in (f"a?{CANARY}@b/", f"u:{CANARY}?x@b/", f"u:{CANARY}#x@b/")),
        ]
        return [*taught, *ends, *unreached, *unread]


@pytest.fixture
def world(names: Names, dialled: list[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    names["in.example"] = ["10.0.0.1"]
    with in_a_thread() as origin, asyncio.Runner() as runner:
        for said, kind in ((CANARY, "alone"), (f"/x{QUERY}", "as_asked"), (f"X={CANARY};{CANARY}", "bare")):
            for name, template in SAYS_IT_BACK.items():
                origin.taught[f"{kind}_{name}"] = _says(template, said)
        origin.taught |= {"cut_in_chunks": _cut_in_chunks, "holds_it": _image_that_holds_it}
        limits = Limits(
            allowed_ports=(80, 443, 1, origin.port),
            allowed_networks=(ip_network("127.0.0.0/8"),),
            max_base_images=500,
            max_attempts=1,
            read_timeout=0.5,
        )
        config = Config(image_bucket=IMAGES, inbox_bucket=INBOX, limits=limits)
        world, fetcher = World(origin), app.downloader(config)
        service = IngestService(fetcher, world.store, telemetry.Telemetry(), limits, IMAGES)
        manifests = ManifestService(world.inbox, world.store, service, limits)
        monkeypatch.setattr(app, "_runner", runner)
        for name, built in (("config", config), ("ingest_service", service), ("manifest_service", manifests)):
            monkeypatch.setattr(app, name, lambda built=built: built)
        monkeypatch.setattr(app, "store", lambda: world.store)
        monkeypatch.setattr(app, "inbox", lambda: world.inbox)
        monkeypatch.setattr(
            telemetry.logger.registered_handler,
            "stream",
            SimpleNamespace(write=world.logged.append, flush=lambda: None),
        )
        yield world
        runner.run(fetcher.aclose())
    assert set(dialled) <= {"127.0.0.1"}


@pytest.fixture(autouse=True)
def everything_that_was_said(
    world: World, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> Iterator[None]:
    caplog.set_level(logging.DEBUG, logger="aiohttp")
    yield
    out, err = capfd.readouterr()
    # The documents of a run that failed are kept to be handed over again, as they came: docs/bulk.md says so.
    kept = [text.decode() for key, text in world.store.objects.items() if not key.startswith(("runs/", "images/"))]
    lines = [line for text in (*world.logged, out, err, caplog.text, *kept) for line in text.splitlines()]
    assert [line for line in lines if CANARY.lower() in line.lower()] == []
    assert len(world.logged) > 0
    assert world.store.objects


def _post(body: str) -> dict[str, Any]:
    event = {"httpMethod": "POST", "path": "/files", "headers": {}, "body": body, "isBase64Encoded": False}
    answer = http.handler(event, Context(60.0))
    document: dict[str, Any] = json.loads(answer["body"])
    return document


def test_a_file_of_every_kind_of_url(world: World) -> None:
    """The answer gives each URL back as it was sent, and has the secret nowhere else."""
    receipt = _post(json.dumps({"id": "lot-7", "urls": world.urls}))

    assert world.urls == [entry.pop("url") for entry in receipt["images"]]
    assert CANARY not in json.dumps(receipt)
    assert len({entry["error"]["code"] for entry in receipt["images"] if "error" in entry}) > 12


def test_a_manifest_and_what_is_wrong_with_it(world: World) -> None:
    lines = [
        {"id": "a", "urls": world.urls[:9]},
        {"fileUrl": world.urls[0], "baseUrls": 7},
        {"fileUrl": [world.urls[1]], "baseUrls": [{"url": {"x": CANARY}}], "sha256": CANARY, "id": f"?{CANARY}"},
        {f"fileUrl{QUERY}": 1},
        [world.urls[0]],
    ]
    text = "\n".join([*map(json.dumps, lines), f'{{"urls": ["{world.urls[0]}"', f'"{CANARY}"', f"{CANARY}"])
    world.inbox.objects["inbox/m.jsonl"] = text.encode()
    record = {
        "eventTime": datetime.now(UTC).isoformat(),
        "s3": {"bucket": {"name": INBOX}, "object": {"key": "inbox/m.jsonl"}},
    }

    with pytest.raises(s3.Unfinished) as caught:
        s3.handler({"Records": [record]}, Context(60.0))

    assert CANARY not in str(caught.value)
    assert b"errors" in world.store.objects["problems/m.json"]


@pytest.mark.parametrize("body", ['{{"urls": ["{0}"', '["{0}"]', '{{"fileUrl": "{0}", "baseUrls": ["{0}"]}}', "{0}"])
def test_a_problem_document(body: str, world: World) -> None:
    _post(json.dumps({"urls": [world.urls[0]]}))

    assert CANARY not in json.dumps(_post(body.format(world.urls[0])))


def test_a_batch_of_a_bulk_run(world: World) -> None:
    items = [{"id": "a", "urls": world.urls}, {"url": world.urls[0]}, {"x": QUERY}]

    counts = bulk.handler({"Items": items, "BatchInput": {"run": "r"}}, Context(60.0))

    assert CANARY not in json.dumps(counts)


def test_a_bug_in_the_middle_of_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its traceback is logged, with what the exception quotes."""

    async def broken(*_: object) -> object:
        message = f"cannot read {world.urls[0]}, nor //user:{CANARY}@a.example/"
        raise ZeroDivisionError(message)

    monkeypatch.setattr(app.ingest_service()._downloader, "_follow_redirects", broken)

    receipt = _post(json.dumps({"urls": [world.urls[0]]}))

    assert [entry["error"]["code"] for entry in receipt["images"]] == ["internal_error"]
