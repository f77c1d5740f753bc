"""What a million images cost, by door: prices, measured inputs, the arithmetic. Prints the tables of docs/cost.md.

    .venv/bin/python tests/bench/cost.py              the tables
    .venv/bin/python tests/bench/cost.py --measure    the times of runs, on this machine

Change what is in capitals to your own figures.
"""

import argparse
import contextlib
import io
import math
import os
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(TESTS), str(TESTS.parent / "functions"), str(TESTS.parent)]

# Prices in dollars, region us-east-1, the first tier of each, nothing free. docs/cost.md says where they are from.
LAMBDA_GB_SECOND = 0.0000133334
LAMBDA_REQUEST = 0.20 / 1e6
API_CALL = 3.50 / 1e6
S3_PUT = 0.005 / 1e3
S3_GET = 0.0004 / 1e3
S3_GB_MONTH = 0.023
STATE_TRANSITION = 0.025 / 1e3
EXPRESS_REQUEST = 1.00 / 1e6
EXPRESS_GB_SECOND = 0.00001667
EVENT = 1.00 / 1e6
LOG_GB = 0.50
LOG_GB_MONTH = 0.03
METRIC_MONTH = 0.30
ALARM_MONTH = 0.10
DASHBOARD_MONTH = 3.00

# What is stored and how the functions are set.
IMAGES = 1_000_000
IMAGE_BYTES = 150_000
FUNCTION_GB = 1769 / 1024

# Measured: seconds of one run, warm, median (--measure).
HTTP_SECONDS = 0.10
MANIFEST_SECONDS = 1.4
BATCH_SECONDS = 0.17

# Measured: bytes in the log (`log_bytes`), with the 26 that CloudWatch adds to each line.
IMAGE_LOG_BYTES = 564
FILE_LOG_BYTES = 994

# The shape of the work.
HTTP_IMAGES = 10
MANIFEST_FILES, MANIFEST_IMAGES = 100, 10
BATCH_FILES = 50
EXPRESS_GB = 64 / 1024

# What stands by: metrics of the service, and of every error code that came up in the month; what alarms look at.
METRICS = 7 + 29
ALARM_METRICS = 20

_EVENT_OVERHEAD = 26
_GB = 1e9


@dataclass(frozen=True, slots=True)
class Work:
    """What a million images need at one door: how many of each, all together."""

    files: float
    runs: float
    run_seconds: float
    puts: float
    gets: float
    calls: float = 0
    transitions: float = 0
    expresses: float = 0
    events: float = 0

    def costs(self) -> dict[str, float]:
        """Dollars, by what they are for."""
        express_seconds = math.ceil(self.run_seconds * 10) / 10  # billed in steps of 100 ms
        return {
            "Lambda, time": self.runs * self.run_seconds * FUNCTION_GB * LAMBDA_GB_SECOND,
            "Lambda, requests": self.runs * LAMBDA_REQUEST,
            "S3, PUT": self.puts * S3_PUT,
            "S3, GET": self.gets * S3_GET,
            "API Gateway": self.calls * API_CALL,
            "Step Functions": self.transitions * STATE_TRANSITION
            + self.expresses * (EXPRESS_REQUEST + express_seconds * EXPRESS_GB * EXPRESS_GB_SECOND),
            "EventBridge": self.events * EVENT,
            "Logs": self.log_bytes() / _GB * LOG_GB,
        }

    def log_bytes(self) -> float:
        return IMAGES * IMAGE_LOG_BYTES + self.files * FILE_LOG_BYTES


def doors() -> dict[str, Work]:
    """The three ways in, each with the shape of work that it is for."""
    files = IMAGES / HTTP_IMAGES
    manifests = IMAGES / MANIFEST_FILES / MANIFEST_IMAGES
    batches = IMAGES / BATCH_FILES
    return {
        # A receipt for each File.
        "HTTPS": Work(files, files, HTTP_SECONDS, puts=IMAGES + files, gets=0, calls=files),
        # The manifest is put and read twice; a File's earlier receipt is looked for, then the receipt stored.
        "S3": Work(
            IMAGES / MANIFEST_IMAGES, manifests, MANIFEST_SECONDS,
            puts=IMAGES + IMAGES / MANIFEST_IMAGES + manifests, gets=IMAGES / MANIFEST_IMAGES + 2 * manifests,
            events=manifests,
        ),
        # A line is a File of one image. A batch writes a report, and the summary reads it.
        "bulk": Work(
            IMAGES, batches, BATCH_SECONDS,
            puts=2 * IMAGES + batches, gets=IMAGES + batches, transitions=batches, expresses=batches,
        ),
    }  # fmt: skip


def tables() -> str:
    """The tables of docs/cost.md."""
    costs = {door: work.costs() for door, work in doors().items()}
    lines = ["| dollars per million images | HTTPS | S3 | bulk |", "|---|---|---|---|"]
    lines += [_row(item, [cost[item] for cost in costs.values()]) for item in costs["bulk"]]
    lines.append(_row("**all**", [sum(cost.values()) for cost in costs.values()]))
    stored = IMAGES * IMAGE_BYTES / _GB * S3_GB_MONTH
    lines += ["", "| dollars per month | |", "|---|---|"]
    lines.append(_row(f"a million images of {IMAGE_BYTES // 1000} KB in S3", [stored]))
    logged_gb = doors()["bulk"].log_bytes() / _GB
    lines.append(_row("the log of a million images, not compressed (bulk)", [logged_gb * LOG_GB_MONTH]))
    lines.append(_row(f"{METRICS} metrics, when every code has come up", [METRICS * METRIC_MONTH]))
    lines.append(_row(f"alarms, which look at {ALARM_METRICS} metrics", [ALARM_METRICS * ALARM_MONTH]))
    lines.append(_row("the dashboard", [DASHBOARD_MONTH]))
    return "\n".join(lines)


def _row(name: str, values: list[float]) -> str:
    shown = [f"{value:.2f}" if value else "-" for value in values]
    return f"| {name} | {' | '.join(shown)} |"


def log_bytes() -> tuple[int, int]:
    """Bytes in the log for each image and for each File, when all is well: lines and metrics."""
    one, ten = _logged(1), _logged(10)
    image = (ten - one) / 9
    return round(image), round(one - image)


def _logged(images: int) -> int:
    from intake import telemetry  # noqa: PLC0415 - only who measures needs the service

    file, outcomes, receipt = _taken(images)
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


def _taken(images: int) -> tuple[Any, Any, Any]:
    from intake.model.file import File  # noqa: PLC0415 - see above
    from intake.model.image_info import ImageInfo  # noqa: PLC0415
    from intake.model.outcome import FetchStats, Stored  # noqa: PLC0415
    from intake.model.receipt import Receipt  # noqa: PLC0415
    from intake.model.url import Url  # noqa: PLC0415

    urls = [f"https://images.example/2026/11/22/lot-0007/camera-02/{number:06}.jpg" for number in range(images)]
    file = File.parse({"urls": urls})
    outcomes = [
        Stored(
            ImageInfo("jpeg", 1000, 750, 1), f"images/3f/{number:064x}.jpg", f"{number:064x}", IMAGE_BYTES, Url.parse(url),
            reused=False, stats=FetchStats(1, 120, 25),
        )
        for number, url in enumerate(urls)
    ]  # fmt: skip
    receipt = Receipt.of(file, outcomes, bucket="images", created_at=datetime.now(UTC), elapsed_ms=150)
    return file, outcomes, receipt


def measure(runs: int) -> dict[str, float]:
    """Seconds of one run at each door, medians, on one processor, with the delays of the benchmark."""
    from bench.ground import ORIGIN_SECONDS, SINK_SECONDS  # noqa: PLC0415 - only who measures needs them
    from bench.servers import running  # noqa: PLC0415

    number = MANIFEST_FILES * MANIFEST_IMAGES
    with (
        running("origin", delay=ORIGIN_SECONDS, size=IMAGE_BYTES, number=64) as origin,
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

    groups = [urls[start : start + MANIFEST_IMAGES] for start in range(0, len(urls), MANIFEST_IMAGES)]
    batch = {"run": "bench", "startedAt": "2026-11-22T12:00:00.000Z"}  # so that earlier receipts are looked for

    def take(items: list[dict[str, Any]]) -> object:
        return bulk.handler({"Items": items, "BatchInput": batch}, Context(900))

    return {
        "HTTP_SECONDS": lambda: ours.run(urls[:HTTP_IMAGES], "bench"),
        "MANIFEST_SECONDS": lambda: take([{"urls": group} for group in groups]),
        "BATCH_SECONDS": lambda: take([{"url": url} for url in urls[:BATCH_FILES]]),
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
    options.add_argument("--measure", action="store_true")
    options.add_argument("--runs", type=int, default=5)
    chosen = options.parse_args()
    if not chosen.measure:
        print(tables())
        return
    image, file = log_bytes()
    with os.fdopen(os.dup(sys.stdout.fileno()), "w") as shown:
        # Writing log lines is part of the work; where they end up is not.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        for name, seconds in measure(chosen.runs).items():
            print(f"{name} = {seconds:.3f}", file=shown)
        print(f"IMAGE_LOG_BYTES = {image}\nFILE_LOG_BYTES = {file}", file=shown)
    os._exit(0)  # as Lambda ends: nothing is closed


if __name__ == "__main__":
    main()
