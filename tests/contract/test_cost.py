"""docs/cost.md shows the prices of tests/bench/cost.py, and that file has the log sizes and counts of the service."""

import re
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from infra.build.template_file import ROOT

from bench import cost, cost_inputs
from intake.handlers import bulk
from intake.ingest.deadline import Deadline
from intake.ingest.file_service import IngestService
from intake.ingest.ports import DocumentFault
from intake.model.error_codes import LEAVES
from intake.model.file import File
from intake.model.limits import Limits
from support.alarms_and_dashboard import ALARMS, COST, Metric, metrics_of
from support.fake_ports import FakeDownloader, FakeStore, RecordingObserver
from support.handler_fakes import HandlerFakes
from support.lambda_context import Context
from support.sample_images import jpeg_of_size

PRICE = re.compile(r"^\| `([A-Z0-9_]+)` \| \$([\d.]+)(?: per (thousand|million))?", re.MULTILINE)
PER = {"": 1.0, "thousand": 1e3, "million": 1e6}


def test_page_shows_the_prices_of_the_program() -> None:
    shown = {name: float(price) / PER[per] for name, price, per in PRICE.findall(COST)}
    prices = (ROOT / "tests" / "bench" / "cost.py").read_text().split("# Prices", 1)[1].split("# The images")[0]
    expected = {name: getattr(cost, name) for name in re.findall(r"^([A-Z0-9_]+) = ", prices, re.MULTILINE)}
    assert shown == pytest.approx(expected)


def test_log_lines_have_the_size_that_the_cost_is_computed_from() -> None:
    expected = cost.IMAGE_LOG_BYTES, cost.FILE_LOG_BYTES, cost.METRICS_LOG_BYTES
    assert cost_inputs.log_bytes() == pytest.approx(expected, rel=0.02)


def test_cost_counts_every_metric_and_alarm(emitted: dict[Metric, str]) -> None:
    whole = [metric for metric in emitted if metric[2] == {"service"}]
    assert len(whole) + len(LEAVES) + len(DocumentFault) == cost.METRICS
    assert sum(len(metrics_of(alarm)) for alarm in ALARMS.values()) == cost.ALARM_METRICS


def file_of(*numbers: int) -> File:
    """Return a File whose first image is the one to inspect; a URL list if there is one image only."""
    first, *bases = (f"https://a.example/{number}.jpg" for number in numbers)
    return File.parse({"fileUrl": first, "baseUrls": [[url] for url in bases]} if bases else {"urls": [first]})


@pytest.mark.parametrize(
    ("work", "earlier", "later"),
    [
        (cost.new_images()["HTTP"], None, file_of(*range(cost.HTTP_IMAGES))),
        (cost.new_images()["S3"], None, file_of(*range(cost.MANIFEST_IMAGES))),
        (cost.new_images()["bulk"], None, file_of(0)),
        (cost.known_images()["HTTP"], file_of(*range(cost.HTTP_IMAGES)), file_of(99, *range(1, cost.HTTP_IMAGES))),
        (cost.known_images()["S3"], file_of(*range(cost.HTTP_IMAGES)), file_of(99, *range(1, cost.HTTP_IMAGES))),
        (cost.known_images()["bulk, the same list again"], file_of(0), file_of(0)),
    ],
    ids=["new, HTTP", "new, S3", "new, bulk", "known, HTTP", "known, S3", "known, bulk"],
)
async def test_cost_counts_the_requests_of_a_file(work: cost.Work, earlier: File | None, later: File) -> None:
    """Each File is ingested by a function instance that remembers nothing."""
    store, requests = FakeStore(), Counter[str]()
    # Over HTTP no earlier receipt is read. No receipt is as late as this time, so each File is ingested anew.
    submitted_at = None if work.calls else datetime.now(UTC) + timedelta(hours=1)
    for file in filter(None, (earlier, later)):
        store.requests.clear()
        await new_instance(store, file).ingest(file, Deadline.after(10), submitted_at=submitted_at)
        requests = Counter(request.partition(" ")[0] for request in store.requests.elements())

    per_file = [int(counted / work.files) for counted in (work.puts, work.reads - work.runs)]  # a run reads a cool-down
    assert per_file == [requests["PUT"], requests["GET"] + requests["HEAD"]]


def test_cost_counts_the_objects_that_a_batch_writes(fakes: HandlerFakes) -> None:
    run = {"run": "run-1", "startedAt": "2026-11-29T12:00:00Z"}
    urls = [[f"https://a.example/{number}"] for number in range(cost.BATCH_FILES)]
    bulk.handler({"Items": [{"urls": one} for one in urls], "BatchInput": run, "batch": "b"}, Context(60.0))
    written = [key for key in fakes.store.requests if key.startswith("PUT runs/")]
    assert len(written) == cost.PUTS_PER_BATCH


def new_instance(store: FakeStore, file: File) -> IngestService:
    """Return a service whose origins send images of their own, with an ETag."""
    urls = [request.url for request in file.images]
    bodies = {url: jpeg_of_size(2_000, seed=int(re.sub(r"\D", "", url))) for url in urls}
    downloader = FakeDownloader(bodies, headers={url: {"etag": f'"{url}"'} for url in urls})
    return IngestService(downloader, store, RecordingObserver(), Limits(), "images")
