"""Concurrent runs of one File, on a real S3 server: the final receipt contains the images of every run."""

import asyncio
import random
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta

import pytest

from intake import app
from intake.ingest.deadline import Deadline
from intake.ingest.service import IngestService
from intake.model.errors import ConnectFailed
from intake.model.file import File
from intake.model.limits import Limits
from intake.model.receipt import Receipt, Status
from intake.s3.store import S3Store
from support import s3_server
from support.fakes import Delayed, FakeDownloader, FakeResult, RecordingObserver
from support.sample_images import picture

URLS = [f"https://a.example/{number}" for number in range(8)]
FILE = File.parse({"id": "lot-7", "urls": URLS})
SUBMITTED_AT = datetime.now(UTC) - timedelta(seconds=5)


@pytest.fixture
async def store(s3: s3_server.S3Server, bucket: str, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[S3Store]:
    for name, value in s3.environment.items():
        monkeypatch.setenv(name, value)
    opened = S3Store(app.s3_client(bucket))
    yield opened
    await opened.aclose()


async def run(store: S3Store, stored: int, seconds: float) -> Receipt:
    """Ingest the File with a downloader that delivers one image, after some seconds, and fails for the others."""
    results: dict[str, FakeResult] = {url: Delayed(seconds, ConnectFailed()) for url in URLS}
    results[URLS[stored]] = Delayed(seconds, picture(4 + stored, 3, stored))
    service = IngestService(FakeDownloader(results), store, RecordingObserver(), Limits(), "bucket")
    return await service.ingest(FILE, Deadline.after(60.0), submitted_at=SUBMITTED_AT)


@pytest.mark.parametrize("seed", range(5))
async def test_receipt_has_all_images_when_each_of_eight_concurrent_runs_stores_one(store: S3Store, seed: int) -> None:
    generator = random.Random(seed)
    receipts = await asyncio.gather(*(run(store, number, generator.uniform(0.05, 0.1)) for number in range(8)))
    document = await store.get_document("receipts/lot-7.json")
    assert document is not None
    stored = Receipt.model_validate_json(document.body)
    assert (stored.status, stored.counts.stored) == (Status.STORED, 8)
    assert {"receipts/lot-7.json"} == {receipt.receipt_key for receipt in receipts}
