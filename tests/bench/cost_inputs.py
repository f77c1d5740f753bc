"""Measures the inputs of cost.py on this machine: seconds of one invocation, bytes of the log.

.venv/bin/python tests/bench/cost_inputs.py [--runs 5]
"""

import argparse
import contextlib
import io
import os
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(TESTS), str(TESTS.parent / "functions"), str(TESTS.parent)]

from bench import cost  # noqa: E402 - the path comes first

_EVENT_OVERHEAD = 26
"""Bytes that CloudWatch adds to each line."""


def log_bytes() -> tuple[int, int]:
    """Return the bytes in the log for each stored image and for each File: lines and metrics."""
    one, ten = _logged(1), _logged(10)
    image = (ten - one) / 9
    return round(image), round(one - image)


def _logged(images: int) -> int:
    from intake import telemetry  # noqa: PLC0415 - only measuring needs the service

    file, outcomes, receipt = _ingested(images)
    out = io.StringIO()
    handler = telemetry.logger.registered_handler
    before = handler.stream  # type: ignore[attr-defined]  # it is a StreamHandler
    telemetry.logger.append_keys(request_id="c0ffee00-0000-4000-8000-000000000000")
    handler.stream = out  # type: ignore[attr-defined]
    try:
        with contextlib.redirect_stdout(out):
            telemetry.Telemetry().images_done(file, outcomes)
            telemetry.Telemetry().file_done(receipt, None)
    finally:
        handler.stream = before  # type: ignore[attr-defined]
        telemetry.logger.remove_keys(["request_id"])
    lines = out.getvalue().splitlines()
    return sum(len(line.encode()) + _EVENT_OVERHEAD for line in lines if line)


def _ingested(images: int) -> tuple[Any, Any, Any]:
    from intake.model.file import File  # noqa: PLC0415 - see above
    from intake.model.image_info import ImageInfo  # noqa: PLC0415
    from intake.model.outcome import FetchStats, Stored  # noqa: PLC0415
    from intake.model.receipt import Receipt  # noqa: PLC0415
    from intake.model.url import Url  # noqa: PLC0415

    urls = [f"https://images.example/2026/11/22/lot-0007/camera-02/{number:06}.jpg" for number in range(images)]
    file = File.parse({"urls": urls})
    outcomes = [
        Stored(
            ImageInfo("jpeg", 1000, 750, 1, "image/jpeg", "jpg"),
            f"images/3f/{number:064x}.jpg", f"{number:064x}", cost.IMAGE_BYTES,
            Url.parse(url), reused=False, stats=FetchStats(1, 120, 25),
        )
        for number, url in enumerate(urls)
    ]  # fmt: skip
    receipt = Receipt.of(file, outcomes, bucket="images", created_at=datetime.now(UTC), elapsed_ms=150)
    return file, outcomes, receipt


def measure(runs: int) -> dict[str, float]:
    """Return the median seconds of one invocation, on one processor, with the delays of the benchmark."""
    from bench.ground import ORIGIN_SECONDS, SINK_SECONDS  # noqa: PLC0415 - the arithmetic does not need them
    from bench.servers import running  # noqa: PLC0415

    number = cost.MANIFEST_FILES * cost.MANIFEST_IMAGES
    with (
        running("origin", delay=ORIGIN_SECONDS, size=cost.IMAGE_BYTES, number=64) as origin,
        running("sink", delay=SINK_SECONDS) as sink,
    ):
        os.environ |= {
            "AWS_ENDPOINT_URL_S3": sink, "AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench",
            "AWS_DEFAULT_REGION": "us-east-1", "IMAGE_BUCKET": "bench", "ALLOWED_NETWORKS": "127.0.0.0/8",
            "ALLOWED_PORTS": f"80,443,{origin.rsplit(':', 1)[1]}", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1769",
        }  # fmt: skip
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})  # 1769 MB is one processor
        return {name: _median(work, runs) for name, work in _works([f"{origin}/{n}" for n in range(number)]).items()}


def _works(urls: list[str]) -> dict[str, Callable[[], object]]:
    from bench.competitors import ours  # noqa: PLC0415 - the settings have to be there first
    from intake.handlers import bulk  # noqa: PLC0415
    from support.lambda_context import Context  # noqa: PLC0415

    groups = [urls[start : start + cost.MANIFEST_IMAGES] for start in range(0, len(urls), cost.MANIFEST_IMAGES)]
    batch = {"run": "bench", "startedAt": "2026-11-22T12:00:00.000Z"}  # so that the previous receipts are read

    def ingest(items: list[dict[str, Any]]) -> object:
        return bulk.handler({"Items": items, "BatchInput": batch}, Context(900))

    return {
        "HTTP_SECONDS": lambda: ours.run(urls[: cost.HTTP_IMAGES], "bench"),
        "MANIFEST_SECONDS": lambda: ingest([{"urls": group} for group in groups]),
        "BATCH_SECONDS": lambda: ingest([{"url": url} for url in urls[: cost.BATCH_FILES]]),
    }


def _median(work: Callable[[], object], runs: int) -> float:
    taken = []
    for turn in range(runs + 2):  # two to warm up
        begin = time.perf_counter()
        work()
        if turn > 1:
            taken.append(time.perf_counter() - begin)
    return statistics.median(taken)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--runs", type=int, default=5)
    chosen = options.parse_args()
    image, file = log_bytes()
    with os.fdopen(os.dup(sys.stdout.fileno()), "w") as shown:
        # Writing log lines is part of the work, so they go to the null device.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        for name, seconds in measure(chosen.runs).items():
            print(f"{name} = {seconds:.3f}", file=shown)
        print(f"IMAGE_LOG_BYTES = {image}\nFILE_LOG_BYTES = {file}", file=shown)
    os._exit(0)  # like Lambda: nothing is closed


if __name__ == "__main__":
    main()
