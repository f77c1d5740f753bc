"""Files that share an id, on a real S3 server: all are ingested and counted, and one receipt stands."""

import asyncio
import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from intake import app
from intake.handlers import summary
from intake.ingest.deadline import Deadline
from intake.ingest.file_service import IngestService
from intake.model.error_codes import ConnectFailed, NotFound, Timeout
from intake.model.file import File
from intake.model.limits import Limits
from intake.model.receipt import Receipt
from intake.s3.bulk_results import BulkResults
from intake.s3.store import S3Store
from support import s3_server
from support.fake_ports import Delayed, FakeDownloader, RecordingObserver
from support.lambda_context import Context
from support.origin import Origin, origin_in_thread
from support.real_service import invoke_bulk, real_service, send_s3_event
from support.sample_images import picture

ROWS = 50
RECEIPT = "receipts/lot-7.json"
MANIFEST = "inbox/lots.jsonl"


@pytest.fixture
def origin() -> Iterator[Origin]:
    with origin_in_thread() as running:
        yield running


@pytest.fixture
def inbox(s3: s3_server.S3Server, bucket: str, origin: Origin, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    created = s3.new_bucket()
    settings = {
        "IMAGE_BUCKET": bucket,
        "INBOX_BUCKET": created,
        "ALLOWED_NETWORKS": "127.0.0.0/8",
        "ALLOWED_PORTS": f"80,443,{origin.port}",
    }
    with real_service(monkeypatch, s3.environment | settings):
        results = BulkResults(bucket)
        monkeypatch.setattr(app, "bulk_results", lambda: results)
        yield created
        results._client.close()


def rows_of(origin: Origin, kind: str) -> list[dict[str, Any]]:
    """Return rows of a list with one id."""
    paths = {
        "images": [[f"whole_png/{n}"] for n in range(ROWS)],
        "equal": [["whole_png/1", "length/2"]] * ROWS,
        "missing": [[f"{'whole_png' if n % 2 else 'status_404'}/{n}"] for n in range(ROWS)],
    }
    return [{"id": "lot-7", "urls": [origin.url(path) for path in row]} for row in paths[kind]]


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("images", {"stored": ROWS}),
        ("equal", {"stored": ROWS}),
        ("missing", {"stored": ROWS // 2, "failed": ROWS // 2}),
    ],
)
def test_batch_of_rows_with_one_id_succeeds_and_each_row_is_counted_once(
    *, kind: str, status: dict[str, int], inbox: str, origin: Origin, s3: s3_server.S3Server, bucket: str
) -> None:
    del inbox
    rows = rows_of(origin, kind)

    counts = invoke_bulk([{"index": index, "item": row} for index, row in enumerate(rows)])

    assert (counts["files"], counts["status"]) == (ROWS, status)
    run = summary.handler({"run": "run-1", "startedAt": "2026-11-22T12:00:00.123Z"}, Context(60.0))
    assert run["counts"] == counts
    [receipt] = s3.objects(bucket, "receipts/").values()
    digests = {File.parse(row).digest for row in rows}
    assert Receipt.model_validate_json(receipt).digest in digests
    failed = s3.objects(bucket, "runs/run-1/failed").get("runs/run-1/failed.jsonl", b"").splitlines()
    assert [json.loads(line)["intakeFailure"]["errors"][0]["code"] for line in failed] == ["not_found"] * len(failed)
    assert len(failed) == status.get("failed", 0)


@pytest.mark.parametrize("kind", ["images", "equal"])
def test_manifest_of_files_with_one_id_is_not_sent_to_the_failure_queue(
    kind: str, inbox: str, origin: Origin, s3: s3_server.S3Server, bucket: str
) -> None:
    """The handler raises for what has to be retried, and then ends in the queue."""
    lines = b"\n".join(json.dumps(row).encode() for row in rows_of(origin, kind))
    s3.client().put_object(Bucket=inbox, Key=MANIFEST, Body=lines)

    send_s3_event(inbox, MANIFEST)

    assert list(s3.objects(bucket, "receipts/")) == [RECEIPT]
    assert s3.objects(bucket, "problems/") == {}


async def test_receipts_of_concurrent_batches_with_one_id_are_all_stored(
    s3: s3_server.S3Server, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four batches of 25 rows; every fifth row is in all of them, with other results in each."""
    for name, value in s3.environment.items():
        monkeypatch.setenv(name, value)
    generator, observer = random.Random(7), RecordingObserver()
    results: list[bytes | Exception] = [picture(4, 3, 1), ConnectFailed(), Timeout(), NotFound()]
    submitted_at = datetime.now(UTC) - timedelta(seconds=5)

    async def run(store: S3Store, batch: int, row: int) -> None:
        url = f"https://a.example/{row if row % 5 == 0 else f'{batch}-{row}'}"
        downloader = FakeDownloader({url: Delayed(0.001, generator.choice(results))})
        service = IngestService(downloader, store, observer, Limits(), bucket)
        await service.ingest(
            File.parse({"id": "lot-7", "urls": [url]}), Deadline.after(60.0), submitted_at=submitted_at
        )

    stores = [S3Store(app.s3_client(bucket)) for _ in range(4)]
    await asyncio.gather(*(run(store, batch, row) for batch, store in enumerate(stores) for row in range(25)))
    await asyncio.gather(*(store.aclose() for store in stores))

    assert [error for _, error in observer.receipts] == [None] * 100
    stored = {receipt.to_stored_json() for receipt, _ in observer.receipts}
    assert s3.objects(bucket, "receipts/")[RECEIPT] in stored
