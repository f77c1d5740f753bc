"""PageLab: receipts that the real service made of real pictures, in a real S3, and the server of the pictures."""

import io
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from infra.look.image_types import NOT_DRAWN
from infra.look.pages import write_receipt_page
from infra.look.sources import BucketSource
from infra.pictures.board import draw_pictures, encode
from infra.pictures.picture_server import OriginTraffic, serve_pictures
from PIL import Image

from intake.image.formats import FORMATS
from support import s3_server
from support.browser import hostile
from support.real_service import post_file, real_service
from support.sample_images import SAMPLES

_ORIENTATION = 0x0112
MANY = 30
"""Base images of a File whose page is far higher than a window."""


@dataclass(frozen=True)
class PageLab:
    """Receipts in a bucket.

    Attributes:
        s3: the server of the bucket.
        bucket: its name.
        site: the URL of the origin that served the pictures, without a slash at the end.
        traffic: what the origin has sent.
        receipts: the receipts by the id of their File.
    """

    s3: s3_server.S3Server
    bucket: str
    site: str
    traffic: OriginTraffic
    receipts: dict[str, dict[str, Any]] = field(repr=False)

    @property
    def source(self) -> BucketSource:
        return BucketSource(self.bucket, self.s3.url)

    def write_page(self, file_id: str, folder: Path, *, embed: bool = False) -> Path:
        """Write the page of a receipt into a folder, and return its path."""
        target = folder / f"{file_id}.html"
        write_receipt_page(self.source, file_id, target, embed=embed)
        return target

    def copy_images(self, folder: Path, keys: Iterable[str | None]) -> None:
        """Copy images of the bucket into a folder, as files named after their keys."""
        for key in filter(None, keys):
            path = folder / key
            path.parent.mkdir(parents=True, exist_ok=True)
            self.s3.client().download_file(self.bucket, key, str(path))

    def store_receipt(self, receipt: dict[str, Any]) -> None:
        """Put a receipt into the bucket, past the service."""
        key = f"receipts/{receipt['id']}.json"
        self.s3.client().put_object(Bucket=self.bucket, Key=key, Body=json.dumps(receipt).encode())
        self.receipts[receipt["id"]] = receipt


@contextmanager
def page_lab(s3: s3_server.S3Server) -> Iterator[PageLab]:
    """Ingest the Files. The environment has the credentials of a viewer until the end of the block."""
    bucket, traffic = s3.new_bucket(), OriginTraffic()
    pictures = _draw()
    with serve_pictures(pictures, delay=0, traffic=traffic) as port, pytest.MonkeyPatch.context() as patch:
        site = f"http://127.0.0.1:{port}"
        settings = {
            "IMAGE_BUCKET": bucket,
            "INBOX_BUCKET": s3.new_bucket(),
            "ALLOWED_NETWORKS": "127.0.0.1/32",
            "ALLOWED_HOSTS": "127.0.0.1",
            "ALLOWED_PORTS": f"80,443,{port}",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
            "IMAGE_TYPES": ",".join(FORMATS),
        }
        with real_service(patch, s3.environment | settings):
            receipts = {file["id"]: post_file(file)[1] for file in _files(site, list(pictures))}
        lab = PageLab(s3, bucket, site, traffic, receipts)
        lab.store_receipt(hostile.with_hostile_text(receipts["demo"] | {"id": "hostile-text"}, site))
        yield lab


def _draw() -> dict[str, bytes]:
    """Return the pictures of the demo, a BMP, a photo that its Exif data rotates, and every sample."""
    drawn = draw_pictures()
    with Image.open(io.BytesIO(drawn["inspect.jpg"])) as board:
        more = {
            "board.bmp": encode(board.resize((400, 300)), "BMP"),
            "upright.jpg": _upright(board),
            "strip.png": encode(board.resize((40, 4000)), "PNG"),
            "speck.png": encode(board.resize((2, 40)), "PNG"),
            "drawing.png": encode(_draw_on_nothing(), "PNG"),
            **{f"part-{number}.jpg": encode(board.rotate(number), "JPEG") for number in range(MANY - 2)},
        }
    return drawn | more | {name: sample.data for name, sample in SAMPLES.items()}


def _upright(picture: Image.Image) -> bytes:
    """Encode a photo as a camera does that was held upright: its Exif data says how to rotate it."""
    exif, out = Image.Exif(), io.BytesIO()
    exif[_ORIENTATION] = 6
    picture.save(out, "JPEG", exif=exif)
    return out.getvalue()


def _draw_on_nothing() -> Image.Image:
    """Return a black and a white bar on transparent pixels."""
    drawing = Image.new("RGBA", (300, 200))
    drawing.paste((0, 0, 0, 255), (40, 40, 140, 160))
    drawing.paste((255, 255, 255, 255), (160, 40, 260, 160))
    return drawing


def _files(site: str, names: list[str]) -> Iterator[dict[str, Any]]:
    demo = [name for name in names[: len(draw_pictures())] if name != "inspect.jpg"]
    parts = [name for name in names if name.startswith("part-")]
    yield _file("demo", site, "inspect.jpg", *demo, "missing.png")
    yield _file("many", site, "inspect.jpg", *parts, "missing.png", "half.jpg")
    yield _file("inspect-failed", site, "half.jpg", "golden.png", "golden.webp")
    yield _file("all-failed", site, "half.jpg", "missing.png")
    for type_, row in FORMATS.items():
        samples = {name: sample for name, sample in SAMPLES.items() if sample.type == type_}
        shown = [name for name, sample in samples.items() if sample.decodes or row.extension in NOT_DRAWN]
        yield {"id": f"samples-{type_}", "urls": [f"{site}/{quote(name)}" for name in shown]}
    yield {"id": "list", "urls": [f"{site}/{name}" for name in ("board.bmp", "earlier.gif", "golden.avif")]}
    yield _file("strip", site, "strip.png", "drawing.png", "speck.png", "golden.png", "earlier.tiff")
    yield {"id": "upright", "urls": [f"{site}/upright.jpg"]}
    note = {text: text for text in hostile.MARKUP}
    others = [{"url": url, "note": {"text": url[:500]}} for url in hostile.urls(site)]
    yield {**_file("hostile", site, "inspect.jpg"), "baseUrls": others, "note": note}


def _file(name: str, site: str, inspected: str, *bases: str) -> dict[str, Any]:
    return {"id": name, "fileUrl": f"{site}/{inspected}", "baseUrls": [{"url": f"{site}/{base}"} for base in bases]}
