"""Runs of one File at the same moment, on a real S3 server: no write of one undoes that of another."""

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

NAMES = [f"https://a.example/{number}" for number in range(8)]
FILE = File.parse({"id": "lot-7", "urls": NAMES})
SINCE = datetime.now(UTC) - timedelta(seconds=5)


@pytest.fixture
async def store(s3: s3_server.S3Server, bucket: str, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[S3Store]:
    for name, value in s3.environment.items():
        monkeypatch.setenv(name, value)
    made = S3Store(app.s3_client(bucket))
    yield made
    await made.aclose()


async def run(store: S3Store, stored: int, seconds: float) -> Receipt:
    """One run, to which only one of the images is answered, and after so many seconds."""
    answers: dict[str, FakeResult] = {name: Delayed(seconds, ConnectFailed()) for name in NAMES}
    answers[NAMES[stored]] = Delayed(seconds, picture(4 + stored, 3, stored))
    intake = IngestService(FakeDownloader(answers), store, RecordingObserver(), Limits(), "bucket")
    return await intake.ingest(FILE, Deadline.after(60.0), submitted_at=SINCE)


@pytest.mark.parametrize("seed", range(5))
async def test_eight_runs_of_which_each_has_one_image_end_in_a_receipt_with_all(store: S3Store, seed: int) -> None:
    chance = random.Random(seed)
    receipts = await asyncio.gather(*(run(store, number, chance.uniform(0.05, 0.1)) for number in range(8)))
    document = await store.get_document("receipts/lot-7.json")
    assert document is not None
    kept = Receipt.model_validate_json(document.body)
    assert (kept.status, kept.counts.stored) == (Status.STORED, 8)
    assert {"receipts/lot-7.json"} == {receipt.receipt_key for receipt in receipts}
