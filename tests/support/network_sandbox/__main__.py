"""Becomes the island, lets the service loose on it, and tells what happened."""

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
from intake.config import Config
from intake.http_client import resolver as lookups
from intake.ingest.deadline import Deadline
from intake.ingest.service import IngestService
from intake.model.file import File
from support.fakes import FakeStore, RecordingObserver
from support.network_sandbox import dns_server, namespace, url_spellings
from support.network_sandbox.packet_capture import Wire
from support.network_sandbox.url_spellings import PUBLIC, PUBLIC_6
from support.sample_images import picture

OPEN, CLOSED = 80, 81
"""Ports that may be asked, everywhere on the island: on one somebody listens, on the other nobody does."""

_SETTINGS = {
    "IMAGE_BUCKET": "images",
    "INBOX_BUCKET": "inbox",
    "ALLOWED_PORTS": f"{OPEN},{CLOSED},443",
    "MAX_BASE_IMAGES": "500",
    "MAX_ATTEMPTS": "2",
}
_AT_ONCE = 400
_MANY = [f"93.184.{number >> 8}.{number & 255}" for number in range(2000)]
_SECRET = "10.9.8.7"

GOOD_NAMES: dict[str, dns_server.Answers] = {
    "public.example": [PUBLIC, PUBLIC_6],
    "a_b.public.example": [PUBLIC],
    "xn--bcher-kva.example": ["=public.example", PUBLIC],
    "many.example": [PUBLIC, *_MANY],
    "six.example": [PUBLIC_6],
}
_THIRTY = [f"93.184.216.{number}" for number in range(30)]
BAD_NAMES: dict[str, dns_server.Answers] = {
    **{f"single-{n}.example": [address] for n, address in enumerate(url_spellings.INSIDE)},
    **{f"mixed-{n}.example": [PUBLIC, address] for n, address in enumerate(url_spellings.INSIDE)},
    **{f"last-{n}.example": [*_THIRTY[:n], _SECRET, *_THIRTY[n:]] for n in (0, 1, 15, 29)},
    **{
        f"wraps-{n}.example": [PUBLIC, address]
        for n, address in enumerate(
            ("::ffff:10.9.8.7", "64:ff9b::a09:807", "64:ff9b:1::a09:807", "2002:a09:807::1", "2001:0:1::f5f6:f7f8")
        )
    },
    "alias.example": ["=internal.corp.example"],
    "alias-of-a-good-one.example": [PUBLIC, "=internal.corp.example"],
    "internal.corp.example": [_SECRET],
    "thousands.example": [*_MANY, _SECRET],
    "nothing.example": [],
    "ring.example": ["=ring.example"],
}
TURNING_NAMES: dict[str, dns_server.Answers] = {
    f"turns-{n}.example": lambda nth, n=n: [PUBLIC] if nth <= n else [_SECRET]  # type: ignore[misc]
    for n in (1, 2, 3)
}
"""Which lead outside, the first so many times that they are looked up."""

NAMED_ODDLY = (
    "localhost",
    "localhost.",
    "LOCALHOST",
    "ip6-localhost",
    "localhost.localdomain",
    "0.example",
    "x.internal",
)

_places: dict[str, tuple[str, int]] = {}
_numbers = count()


def _led_to(url: str, status: int) -> str:
    place = f"/to/{next(_numbers)}"
    _places[place] = (url, status)
    return f"http://{PUBLIC}{place}"


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Lead to where the path is registered, or answer with an image; hint at the inside in every other way."""
    image = picture(8, 8, seed=1)
    with_hints = (
        f'Alt-Svc: http/1.1="{_SECRET}:80"\r\nRefresh: 0; url=http://{_SECRET}/\r\n'
        f"Link: <http://{_SECRET}/>; rel=preload\r\nContent-Location: http://{_SECRET}/\r\nConnection: close\r\n"
    ).encode()
    path = (await reader.readuntil(b"\r\n\r\n")).split(b" ")[1].decode()
    if path in _places:
        location, status = _places[path]
        target = location.encode("utf-8", "surrogatepass").replace(b"\n", b"").replace(b"\r", b"")
        writer.write(b"HTTP/1.1 %d Away\r\nLocation: %b\r\n%bContent-Length: 0\r\n\r\n" % (status, target, with_hints))
    else:
        writer.write(b"HTTP/1.1 200 OK\r\n%bContent-Length: %d\r\n\r\n%b" % (with_hints, len(image), image))
    writer.close()


async def _ask(intake: IngestService, urls: list[str]) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = []
    for some in batched(urls, _AT_ONCE, strict=False):
        receipt = await intake.ingest(File.parse({"urls": list(some)}, max_base_images=500), Deadline.after(60.0, 1.0))
        entries += json.loads(receipt.to_json())["images"]
    return entries


async def _turn(intake: IngestService) -> list[dict[str, Any]]:
    """Ask names that turn inwards between an attempt and the next, between a hop and the next, between two Files."""
    asked = []
    for name in TURNING_NAMES:
        once_more = _led_to(f"http://{name}/", 302).replace(PUBLIC, name)
        asked += await _ask(intake, [once_more])
        asked += await _ask(intake, [f"http://{name}/again"])
        asked += await _ask(intake, [f"http://{name}/more"])
    return asked


async def _times(intake: IngestService) -> dict[str, float]:
    """Milliseconds, at the median, that a refusal takes."""
    taken: dict[str, list[float]] = {}
    for _ in range(40):
        for kind, url in (("open", f"http://10.0.0.1:{OPEN}/"), ("closed", f"http://10.0.0.1:{CLOSED}/")):
            begin = time.perf_counter()
            await _ask(intake, [url])
            taken.setdefault(kind, []).append(1000 * (time.perf_counter() - begin))
    return {kind: median(times) for kind, times in taken.items()}


async def _live() -> dict[str, Any]:
    for host in ("0.0.0.0", "::"):  # noqa: S104 - every address of the island
        await asyncio.start_server(_answer, host, OPEN)
    fetcher = app.downloader(Config.from_environment(os.environ | _SETTINGS))
    limits = fetcher._limits
    intake = IngestService(fetcher, FakeStore(), RecordingObserver(), limits, "images")
    wire = Wire()
    direct = url_spellings.forbidden()
    bad_names = [f"http://{name}{rest}" for name in [*BAD_NAMES, *NAMED_ODDLY] for rest in ("/", ":81/", "./")]
    legitimate = [*url_spellings.LEGITIMATE, *(f"http://{name}/x" for name in GOOD_NAMES)]
    told: dict[str, Any] = {
        "forbidden": await _ask(intake, direct),
        "forbidden_hops": await _ask(intake, [_led_to(url, status) for url, status in url_spellings.rotation(direct)]),
        "bad_names": await _ask(intake, bad_names),
        "bad_hops": await _ask(intake, [_led_to(url, status) for url, status in url_spellings.rotation(bad_names)]),
        "turning": await _turn(intake),
        "legitimate": await _ask(intake, legitimate),
        "legitimate_hops": await _ask(intake, [_led_to(url, 302) for url in legitimate]),
        "alike": await _ask(intake, ALIKE),
        "times": await _times(intake),
    }
    await fetcher.aclose()
    return told | {"dialled": [asdict(found) for found in await asyncio.to_thread(wire.dialled)], "lost": wire.lost}


ALIKE = [
    f"http://10.0.0.1:{OPEN}/",
    f"http://10.0.0.1:{CLOSED}/",
    "http://10.0.0.1:22/",
    "http://169.254.169.254/latest/meta-data/",
    "http://[::1]/",
    "http://internal.corp.example/",
    "ftp://a.example/",
    f"http://{PUBLIC}:22/",
]


def main() -> None:
    with tempfile.TemporaryDirectory() as work:
        namespace.settle(Path(work))
    dns_server.serve(dns_server.Names(GOOD_NAMES | BAD_NAMES | TURNING_NAMES), namespace.NAME_SERVER)
    # Every hop and every attempt looks its name up anew, as if much time went by between them.
    lookups._CACHE_SECONDS = -1
    json.dump(asyncio.run(_live()), sys.stdout)


if __name__ == "__main__":
    main()
