"""Many Files with one id, ingested at once: every run succeeds, and its receipt tells about its own File."""

import asyncio
import hashlib
import random
from datetime import UTC, datetime, timedelta

import pytest

from intake.ingest.deadline import Deadline
from intake.ingest.file_service import IngestService
from intake.model.error_codes import ConnectFailed, HttpServerError, NotFound, Throttled, Timeout
from intake.model.file import File
from intake.model.limits import Limits
from intake.model.receipt_merge import has_expected_bytes
from support.fake_ports import Delayed, FakeDownloader, RecordingObserver
from support.racing_store import RacingStore
from support.sample_images import picture

AT = "https://a.example/"
KEY = "receipts/lot-7.json"
ONE = picture(4, 3, 1)
SUBMITTED_AT = datetime.now(UTC) - timedelta(seconds=5)


def files_with_one_id(kind: str) -> list[File]:
    """Return 50 Files with the id lot-7."""
    digests = [hashlib.sha256(ONE).hexdigest(), "0" * 64]
    if kind == "other notes":
        return [File.parse({"id": "lot-7", "urls": [AT + "one"], "note": {"row": row}}) for row in range(50)]
    urls: dict[str, list[list[object]]] = {
        "other URLs": [[f"{AT}{number}"] for number in range(50)],
        "same URLs": [[AT + "one", AT + "two", AT + "3"]] * 50,
        "other digests": [[{"url": AT + "one", "sha256": digest}, AT + "two"] for digest in digests * 25],
        "pairs": [[f"{AT}{number // 2}", AT + "one"] for number in range(50)],
    }
    return [File.parse({"id": "lot-7", "urls": each}) for each in urls[kind]]


@pytest.mark.parametrize("kind", ["other URLs", "same URLs", "other digests", "pairs", "other notes"])
@pytest.mark.parametrize("seed", range(3))
async def test_every_run_succeeds_when_fifty_files_share_an_id(kind: str, seed: int) -> None:
    """Each run has its own results, so runs of the same File always have something to merge."""
    generator = random.Random(seed)
    store, observer = RacingStore(delay=0.001), RecordingObserver()
    results: list[bytes | Exception] = [ONE, ConnectFailed(), Timeout(), NotFound(), Throttled(), HttpServerError()]

    async def run(file: File) -> None:
        choices = {image.url: Delayed(0.001, generator.choice(results)) for image in file.images}
        service = IngestService(FakeDownloader(choices), store, observer, Limits(), "bucket")
        receipt = await service.ingest(file, Deadline.after(60.0), submitted_at=SUBMITTED_AT)
        assert (receipt.digest, has_expected_bytes(receipt, file), receipt.note) == (file.digest, True, file.note)

    await asyncio.gather(*map(run, files_with_one_id(kind)))

    assert [error for _, error in observer.receipts] == [None] * 50
    assert store.objects[KEY] in {receipt.to_stored_json() for receipt, _ in observer.receipts}
