"""Sets up the sandbox, lets the service download every URL of `url_spellings`, and prints what happened."""

import asyncio
import json
import os
import sys
import tempfile
import time
from dataclasses import asdict
from itertools import batched, count
from pathlib import Path
from statistics import median
from typing import Any

from intake import app
from intake.http_client import resolver
from intake.ingest.deadline import Deadline
from intake.ingest.file_service import IngestService
from intake.model.file import File
from intake.settings.config import Config
from support.fake_ports import FakeStore, RecordingObserver
from support.network_sandbox import dns_server, namespace, url_spellings
from support.network_sandbox.packet_capture import PacketCapture
from support.network_sandbox.url_spellings import PUBLIC, PUBLIC_6
from support.sample_images import picture

OPEN, CLOSED = 80, 81
"""Two allowed ports. On every address, a server listens on the first one and nothing on the second."""

_SETTINGS = {
    "IMAGE_BUCKET": "images",
    "INBOX_BUCKET": "inbox",
    "ALLOWED_PORTS": f"{OPEN},{CLOSED},443",
    "MAX_BASE_IMAGES": "500",
    "MAX_ATTEMPTS": "2",
}
_FILE_SIZE = 400
_MANY = [f"93.184.{number >> 8}.{number & 255}" for number in range(2000)]
_PRIVATE = "10.9.8.7"

PUBLIC_NAMES: dict[str, dns_server.Answers] = {
    "public.example": [PUBLIC, PUBLIC_6],
    "a_b.public.example": [PUBLIC],
    "xn--bcher-kva.example": ["=public.example", PUBLIC],
    "my_shop.xn--bcher-kva.example": [PUBLIC],
    "r3---sn.xn--bcher-kva.example": [PUBLIC],
    "xn--n3h.example": [PUBLIC],
    "many.example": [PUBLIC, *_MANY],
    "six.example": [PUBLIC_6],
}
_THIRTY = [f"93.184.216.{number}" for number in range(30)]
INTERNAL_NAMES: dict[str, dns_server.Answers] = {
    **{f"single-{n}.example": [address] for n, address in enumerate(url_spellings.INTERNAL)},
    **{f"mixed-{n}.example": [PUBLIC, address] for n, address in enumerate(url_spellings.INTERNAL)},
    **{f"last-{n}.example": [*_THIRTY[:n], _PRIVATE, *_THIRTY[n:]] for n in (0, 1, 15, 29)},
    **{
        f"wraps-{n}.example": [PUBLIC, address]
        for n, address in enumerate(
            ("::ffff:10.9.8.7", "64:ff9b::a09:807", "64:ff9b:1::a09:807", "2002:a09:807::1", "2001:0:1::f5f6:f7f8")
        )
    },
    "alias.example": ["=internal.corp.example"],
    "alias-of-a-good-one.example": [PUBLIC, "=internal.corp.example"],
    "internal.corp.example": [_PRIVATE],
    "thousands.example": [*_MANY, _PRIVATE],
    "nothing.example": [],
    "ring.example": ["=ring.example"],
}
CHANGING_NAMES: dict[str, dns_server.Answers] = {
    f"changes-{n}.example": lambda nth, n=n: [PUBLIC] if nth <= n else [_PRIVATE]  # type: ignore[misc]
    for n in (1, 2, 3)
}
"""Names with a public address in the first 1, 2 or 3 lookups, and an internal one afterwards."""

LOCAL_NAMES = (
    "localhost",
    "localhost.",
    "LOCALHOST",
    "ip6-localhost",
    "localhost.localdomain",
    "0.example",
    "x.internal",
)

REFUSED_URLS = [
    f"http://10.0.0.1:{OPEN}/",
    f"http://10.0.0.1:{CLOSED}/",
    "http://10.0.0.1:22/",
    "http://169.254.169.254/latest/meta-data/",
    "http://[::1]/",
    "http://internal.corp.example/",
    "ftp://a.example/",
    f"http://{PUBLIC}:22/",
]
"""URLs that are refused for different reasons."""

_redirects: dict[str, tuple[str, int]] = {}
_numbers = count()


def _redirect_to(url: str, status: int) -> str:
    """Return a URL that redirects to another one."""
    path = f"/to/{next(_numbers)}"
    _redirects[path] = (url, status)
    return f"http://{PUBLIC}{path}"


def _redirects_to(urls: list[str]) -> list[str]:
    return [_redirect_to(url, status) for url, status in url_spellings.with_redirect_status(urls)]


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Redirect if the path is registered, or send an image; other headers name an internal address."""
    image = picture(8, 8, seed=1)
    hints = (
        f'Alt-Svc: http/1.1="{_PRIVATE}:80"\r\nRefresh: 0; url=http://{_PRIVATE}/\r\n'
        f"Link: <http://{_PRIVATE}/>; rel=preload\r\nContent-Location: http://{_PRIVATE}/\r\nConnection: close\r\n"
    ).encode()
    path = (await reader.readuntil(b"\r\n\r\n")).split(b" ")[1].decode()
    if path in _redirects:
        location, status = _redirects[path]
        target = location.encode("utf-8", "surrogatepass").replace(b"\n", b"").replace(b"\r", b"")
        writer.write(b"HTTP/1.1 %d Away\r\nLocation: %b\r\n%bContent-Length: 0\r\n\r\n" % (status, target, hints))
    else:
        writer.write(b"HTTP/1.1 200 OK\r\n%bContent-Length: %d\r\n\r\n%b" % (hints, len(image), image))
    writer.close()


async def _ingest(service: IngestService, urls: list[str]) -> list[dict[str, Any]]:
    """Return the receipt's entries of all URLs."""
    entries: list[dict[str, Any]] = []
    for batch in batched(urls, _FILE_SIZE, strict=False):
        file = File.parse({"urls": list(batch)}, max_base_images=500)
        receipt = await service.ingest(file, Deadline.after(60.0, 1.0))
        entries += json.loads(receipt.to_json())["images"]
    return entries


async def _ingest_changing_names(service: IngestService) -> list[dict[str, Any]]:
    """Download from names that become internal between two hops and between two Files."""
    entries = []
    for name in CHANGING_NAMES:
        redirect = _redirect_to(f"http://{name}/", 302).replace(PUBLIC, name)
        entries += await _ingest(service, [redirect])
        entries += await _ingest(service, [f"http://{name}/again"])
        entries += await _ingest(service, [f"http://{name}/more"])
    return entries


async def _measure_refusals(service: IngestService) -> dict[str, float]:
    """Return the median duration of a refusal, in milliseconds, for an open and a closed port."""
    durations: dict[str, list[float]] = {}
    for _ in range(40):
        for kind, url in (("open", f"http://10.0.0.1:{OPEN}/"), ("closed", f"http://10.0.0.1:{CLOSED}/")):
            begin = time.perf_counter()
            await _ingest(service, [url])
            durations.setdefault(kind, []).append(1000 * (time.perf_counter() - begin))
    return {kind: median(times) for kind, times in durations.items()}


async def _run() -> dict[str, Any]:
    for host in ("0.0.0.0", "::"):  # noqa: S104 - every address of the sandbox
        await asyncio.start_server(_answer, host, OPEN)
    downloader = app.downloader(Config.from_environment(os.environ | _SETTINGS))
    service = IngestService(downloader, FakeStore(), RecordingObserver(), downloader._limits, "images")
    capture = PacketCapture()
    direct = url_spellings.forbidden()
    internal_names = [
        f"http://{name}{rest}" for name in [*INTERNAL_NAMES, *LOCAL_NAMES] for rest in ("/", ":81/", "./")
    ]
    public = [*url_spellings.LEGITIMATE, *(f"http://{name}/x" for name in PUBLIC_NAMES)]
    results: dict[str, Any] = {
        "forbidden": await _ingest(service, direct),
        "forbidden_redirects": await _ingest(service, _redirects_to(direct)),
        "internal_names": await _ingest(service, internal_names),
        "internal_name_redirects": await _ingest(service, _redirects_to(internal_names)),
        "changing_names": await _ingest_changing_names(service),
        "public": await _ingest(service, public),
        "public_redirects": await _ingest(service, [_redirect_to(url, 302) for url in public]),
        "refused": await _ingest(service, REFUSED_URLS),
        "refusal_ms": await _measure_refusals(service),
    }
    await downloader.aclose()
    connections = await asyncio.to_thread(capture.connections)
    return results | {"connections": [asdict(found) for found in connections], "lost_packets": capture.lost}


def main() -> None:
    with tempfile.TemporaryDirectory() as work:
        namespace.set_up(Path(work))
    dns_server.serve(dns_server.DnsTable(PUBLIC_NAMES | INTERNAL_NAMES | CHANGING_NAMES), namespace.NAME_SERVER)
    # Cache no lookup: every hop and every attempt looks up its name again, as after a long time.
    resolver._CACHE_SECONDS = -1
    json.dump(asyncio.run(_run()), sys.stdout)


if __name__ == "__main__":
    main()
