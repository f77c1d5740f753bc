"""A manifest of nothing but faults takes little memory, however many faults it has."""

import asyncio
import json
import multiprocessing
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from typing import Any

import pytest

from intake.ingest.deadline import Deadline
from intake.ingest.file_service import IngestService
from intake.ingest.manifest_service import ManifestService
from intake.model.limits import Limits
from support.fake_inbox import FakeInbox
from support.fake_ports import FakeDownloader, FakeStore, RecordingObserver
from support.process_memory import peak_mib

LINES = 2000
LINES_OF_FAULTS: dict[str, Any] = {
    "faults in each image": {"fileUrl": 7, "baseUrls": [{"url": 1, "sha256": "x"}] * 100},
    "faults in each item": {"urls": [[n] for n in range(101)], "id": "?"},
    "faults in the first items": {"fileUrl": 7, "baseUrls": [[n] for n in range(400)]},
}


async def _ingest(line: object) -> tuple[str, float]:
    """Ingest a manifest of such lines; return the problem's detail, and the growth of memory at the peak in MiB."""
    store, inbox = FakeStore(), FakeInbox(chunk_size=1 << 20)
    service = IngestService(FakeDownloader(), store, RecordingObserver(), Limits(), "bucket")
    manifests = ManifestService(inbox, store, service, Limits())
    inbox.objects["inbox/a.jsonl"] = (json.dumps(line).encode() + b"\n") * LINES
    before = peak_mib()
    await manifests.ingest("inbox/a.jsonl", submitted_at=datetime.now(UTC), deadline=Deadline.after(600.0, 1.0))
    problem = json.loads(store.objects["problems/a.json"])
    return problem["detail"], peak_mib() - before


def _run(line: object, result: Connection) -> None:
    result.send(asyncio.run(_ingest(line)))


@pytest.mark.parametrize("line", LINES_OF_FAULTS.values(), ids=LINES_OF_FAULTS)
def test_memory_does_not_grow_with_the_faults_of_a_manifest(line: object) -> None:
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_run, args=(line, theirs))
    process.start()
    theirs.close()
    detail, grown_mib = ours.recv()
    process.join()
    ours.close()

    assert detail.endswith("more faults are not listed.")
    assert grown_mib < 24
