"""Measures the inputs of cost.py on this machine: seconds of one run at each entry point, and bytes of log.

    .venv/bin/python tests/bench/cost_inputs.py [--runs 5]

Prints the constants of cost.py. Runs use one processor, as a function of 1769 MB has, and the delays of the benchmark.
"""

import argparse
import contextlib
import io
import itertools
import os
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(TESTS), str(TESTS.parent / "functions"), str(TESTS.parent)]

from bench.cost import (  # noqa: E402 - the path comes first
    BATCH_FILES,
    HTTP_IMAGES,
    IMAGE_BYTES,
    KNOWN_IMAGES,
    MANIFEST_FILES,
)
from bench.nginx_lab import ORIGIN_SECONDS, S3_SECONDS  # noqa: E402
from bench.python_servers import start_server  # noqa: E402

_EVENT_OVERHEAD = 26
"""Bytes that CloudWatch adds to each line."""


def log_bytes() -> tuple[int, int, int]:
    """Return the bytes in the log for each image, each File and each invocation, all without failures."""
    one, ten, two_files = _count_log_bytes(1), _count_log_bytes(10), _count_log_bytes(1, files=2)
    image = (ten - one) / 9
    return round(image), round(two_files - one - image), round(2 * one - two_files)


def _count_log_bytes(images: int, files: int = 1) -> int:
    from intake import telemetry  # noqa: PLC0415 - reads the settings when it is imported

    with contextlib.redirect_stdout(io.StringIO()):
        telemetry.flush_metrics()  # of whatever this process has done before
    file, outcomes, receipt = _file_with_receipt(images)
    out = io.StringIO()
    handler = telemetry.logger.registered_handler
    before = handler.stream  # type: ignore[attr-defined]  # it is a StreamHandler
    telemetry.logger.append_keys(request_id="c0ffee00-0000-4000-8000-000000000000")
    handler.stream = out  # type: ignore[attr-defined]
    try:
        with contextlib.redirect_stdout(out):
            for _ in range(files):
                telemetry.Telemetry().images_done(file, outcomes)
                telemetry.Telemetry().file_done(receipt, None)
            telemetry.flush_metrics()
    finally:
        handler.stream = before  # type: ignore[attr-defined]
        telemetry.logger.remove_keys(["request_id"])
    lines = out.getvalue().splitlines()
    return sum(len(line.encode()) + _EVENT_OVERHEAD for line in lines if line)


def _file_with_receipt(images: int) -> tuple[Any, Any, Any]:
    from intake.model.file import File  # noqa: PLC0415 - reads the settings
    from intake.model.image_info import ImageInfo  # noqa: PLC0415
    from intake.model.outcome import FetchStats, Stored  # noqa: PLC0415
    from intake.model.receipt import Receipt  # noqa: PLC0415
    from intake.model.url import Url  # noqa: PLC0415

    urls = [f"https://images.example/2026/11/22/lot-0007/camera-02/{number:06}.jpg" for number in range(images)]
    file = File.parse({"urls": urls})
    info, stats = ImageInfo("jpeg", 1000, 750, 1, "image/jpeg", "jpg"), FetchStats(1, 120, 25)
    digests = [f"{number:064x}" for number in range(images)]
    outcomes = [
        Stored(info, f"images/3f/{digest}.jpg", digest, IMAGE_BYTES, Url.parse(url), reused=False, stats=stats)
        for digest, url in zip(digests, urls, strict=True)
    ]
    receipt = Receipt.of(file, outcomes, bucket="images", created_at=datetime.now(UTC), elapsed_ms=150)
    return file, outcomes, receipt


def measure(runs: int) -> dict[str, float]:
    """Return the median seconds of one run, by the name of the constant."""
    with (
        start_server("origin", delay=ORIGIN_SECONDS, size=IMAGE_BYTES, number=64) as origin,
        start_server("s3", delay=S3_SECONDS) as s3,
    ):
        os.environ |= {
            "AWS_ENDPOINT_URL_S3": s3, "AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench",
            "AWS_DEFAULT_REGION": "us-east-1", "IMAGE_BUCKET": "bench", "ALLOWED_NETWORKS": "127.0.0.0/8",
            "ALLOWED_PORTS": f"80,443,{origin.rsplit(':', 1)[1]}", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1769",
        }  # fmt: skip
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})  # 1769 MB is one processor
        return {name: _median_seconds(work, runs) for name, work in _work_by_constant(NewUrls(origin)).items()}


class NewUrls:
    """Makes URLs of images that were never requested. The origin has an image of its own for each number."""

    def __init__(self, origin: str) -> None:
        """Use an origin, given by its URL without a slash at the end."""
        self._origin = origin
        self._numbers = itertools.count()

    def take(self, number: int) -> list[str]:
        return [f"{self._origin}/{next(self._numbers)}" for _ in range(number)]

    def file(self, bases: list[str] | None = None) -> dict[str, Any]:
        """Return a File of HTTP_IMAGES new images, apart from the base images that are given."""
        file_url, *others = self.take(HTTP_IMAGES - len(bases or ()))
        return {"fileUrl": file_url, "baseUrls": [{"url": url} for url in [*others, *(bases or ())]]}


def _work_by_constant(urls: NewUrls) -> dict[str, Callable[[], object]]:
    """Return one run by constant. Known images were downloaded by an earlier run, in another function instance."""
    bases = [urls.take(KNOWN_IMAGES) for _ in range(MANIFEST_FILES)]
    lines = [{"url": url} for url in urls.take(BATCH_FILES)]
    new = {
        "MANIFEST_SECONDS": lambda: _run_batch([urls.file() for _ in range(MANIFEST_FILES)]),
        "BATCH_SECONDS": lambda: _run_batch([{"url": url} for url in urls.take(BATCH_FILES)]),
        # The last one: after many Files of which nothing is known, no File waits for its document.
        "HTTP_SECONDS": lambda: _post(urls.file()),
    }
    known = {
        "MANIFEST_KNOWN_SECONDS": lambda: _run_batch([urls.file(of_one_file) for of_one_file in bases]),
        "BATCH_KNOWN_SECONDS": lambda: _run_batch(lines),
        "HTTP_KNOWN_SECONDS": lambda: _post(urls.file(bases[0])),
    }
    return {**new, **{name: _in_another_instance(work) for name, work in known.items()}}


def _post(file: dict[str, Any]) -> None:
    from bench.competitors import ours  # noqa: PLC0415 - reads the settings

    ours.send(file)


def _run_batch(items: list[dict[str, Any]]) -> None:
    from intake.handlers import bulk  # noqa: PLC0415 - reads the settings
    from support.lambda_context import Context  # noqa: PLC0415

    # The handler looks for earlier receipts. None is as late as this time, so none replaces the run.
    started_at = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    counts = bulk.handler({"Items": items, "BatchInput": {"run": "bench", "startedAt": started_at}}, Context(900))
    if counts["status"] != {"stored": len(items)}:
        raise RuntimeError(counts)


def _in_another_instance(work: Callable[[], object]) -> Callable[[], object]:
    """Return the work for a function instance that remembers no image. Its connections are open."""
    from intake import app  # noqa: PLC0415 - reads the settings

    def run() -> None:
        known_images = app.ingest_service()._known_images
        documents = known_images._documents
        assert documents is not None  # KNOWN_IMAGES is on by default
        for remembered in (known_images.memory._known, known_images.memory._seen, documents._used_at):
            remembered.clear()
        work()

    return run


def _median_seconds(work: Callable[[], object], runs: int) -> float:
    seconds = []
    for turn in range(runs + 2):  # two warm-ups
        begin = time.perf_counter()
        work()
        if turn > 1:
            seconds.append(time.perf_counter() - begin)
    return statistics.median(seconds)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--runs", type=int, default=5)
    runs = options.parse_args().runs
    image, file, invocation = log_bytes()
    with os.fdopen(os.dup(sys.stdout.fileno()), "w") as shown:
        # The measured work includes writing log lines; the lines themselves are discarded.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        for name, seconds in measure(runs).items():
            print(f"{name} = {seconds:.3f}", file=shown)
        print(f"IMAGE_LOG_BYTES = {image}\nFILE_LOG_BYTES = {file}", file=shown)
        print(f"METRICS_LOG_BYTES = {invocation}", file=shown)
    os._exit(0)  # Lambda ends a process without closing anything either


if __name__ == "__main__":
    main()
