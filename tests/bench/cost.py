"""What a million images cost at each entry point: prices, measured inputs and the arithmetic.

    .venv/bin/python tests/bench/cost.py              prints the tables of docs/cost.md
    .venv/bin/python tests/bench/cost_inputs.py       measures the inputs on this machine

Change the names in capitals to your own figures; `report.py --write` puts the tables into docs/cost.md.
"""

import math
from dataclasses import dataclass

# Prices in dollars, region us-east-1, the first tier of each, without the free tier. docs/cost.md names their sources.
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

# The images and the size of the functions.
IMAGES = 1_000_000
IMAGE_BYTES = 150_000
FUNCTION_GB = 1769 / 1024

# Measured: seconds of one invocation, warm, median (cost_inputs.py).
HTTP_SECONDS = 0.10
MANIFEST_SECONDS = 1.3
BATCH_SECONDS = 0.17
HTTP_KNOWN_SECONDS = 0.12
MANIFEST_KNOWN_SECONDS = 1.0
BATCH_KNOWN_SECONDS = 0.14

# Measured: bytes in the log, with the 26 that CloudWatch adds to each line (cost_inputs.py).
IMAGE_LOG_BYTES = 292
FILE_LOG_BYTES = 677
METRICS_LOG_BYTES = 667

# The shape of the work.
HTTP_IMAGES = 10
MANIFEST_FILES, MANIFEST_IMAGES = 100, 10
KNOWN_IMAGES = 9  # of the ten, where the others are new
BATCH_FILES = 50
PUTS_PER_BATCH = 2  # its part of the run's table, its report
EXPRESS_GB = 64 / 1024

# Billed each month: the metrics of the service, one for every error code and every fault of a known document that
# occurred, and the metrics of alarms.
METRICS = 8 + 35 + 6
ALARM_METRICS = 31

_GB = 1e9


@dataclass(frozen=True, slots=True)
class Work:
    """What a million images need at one entry point; each attribute is a count for all of them.

    Attributes:
        files: Files, each with its log lines.
        runs: invocations of the function, each with the metrics of its Files.
        run_seconds: the time of one.
        puts: PUT requests to S3.
        reads: GET and HEAD requests to S3, which have one price.
        calls: of the API.
        transitions: of the state machine.
        expresses: its express executions.
        events: of EventBridge.
    """

    files: float
    runs: float
    run_seconds: float
    puts: float
    reads: float
    calls: float = 0
    transitions: float = 0
    expresses: float = 0
    events: float = 0

    def costs(self) -> dict[str, float]:
        """Return dollars by item."""
        express_seconds = math.ceil(self.run_seconds * 10) / 10  # billed in steps of 100 ms
        return {
            "Lambda, time": self.runs * self.run_seconds * FUNCTION_GB * LAMBDA_GB_SECOND,
            "Lambda, requests": self.runs * LAMBDA_REQUEST,
            "S3, PUT": self.puts * S3_PUT,
            "S3, GET and HEAD": self.reads * S3_GET,
            "API Gateway": self.calls * API_CALL,
            "Step Functions": self.transitions * STATE_TRANSITION
            + self.expresses * (EXPRESS_REQUEST + express_seconds * EXPRESS_GB * EXPRESS_GB_SECOND),
            "EventBridge": self.events * EVENT,
            "Logs": self.log_bytes() / _GB * LOG_GB,
        }

    def log_bytes(self) -> float:
        return IMAGES * IMAGE_LOG_BYTES + self.files * FILE_LOG_BYTES + self.runs * METRICS_LOG_BYTES


def new_images() -> dict[str, Work]:
    """Return the work by entry point where nothing is known, with the usual shape of a File there."""
    return {
        # A File reads its known document, which is missing, and stores it.
        "HTTP": _http(HTTP_SECONDS, puts_per_file=HTTP_IMAGES + 1, reads_per_file=1),
        "S3": _manifests(MANIFEST_SECONDS, puts_per_file=MANIFEST_IMAGES + 1, reads_per_file=1),
        # The receipt of a list of URLs is its known document.
        "bulk": _bulk(BATCH_SECONDS, puts_per_file=1, reads_per_file=0),
    }


def known_images() -> dict[str, Work]:
    """Return the work by entry point where images are known to another function instance.

    Each known image costs a HEAD, and each File the GET of its known document. Both are upper limits: an instance does
    not ask for what it stored or found itself.
    """
    new = HTTP_IMAGES - KNOWN_IMAGES
    return {
        "HTTP": _http(HTTP_KNOWN_SECONDS, puts_per_file=new, reads_per_file=1 + KNOWN_IMAGES),
        "S3": _manifests(MANIFEST_KNOWN_SECONDS, puts_per_file=new, reads_per_file=1 + KNOWN_IMAGES),
        "bulk, the same list again": _bulk(BATCH_KNOWN_SECONDS, puts_per_file=0, reads_per_file=1),
    }


# Each invocation reads the cool-down of one origin.


def _http(seconds: float, *, puts_per_file: float, reads_per_file: float) -> Work:
    files = IMAGES / HTTP_IMAGES
    # One receipt for each File.
    return Work(
        files, files, seconds, puts=(puts_per_file + 1) * files, reads=(reads_per_file + 1) * files, calls=files
    )


def _manifests(seconds: float, *, puts_per_file: float, reads_per_file: float) -> Work:
    files = IMAGES / MANIFEST_IMAGES
    manifests = files / MANIFEST_FILES
    # The manifest is stored and read twice. Each File reads its previous receipt, then stores its own.
    puts = (puts_per_file + 1) * files + manifests
    reads = (reads_per_file + 1) * files + (2 + 1) * manifests
    return Work(files, manifests, seconds, puts=puts, reads=reads, events=manifests)


def _bulk(seconds: float, *, puts_per_file: float, reads_per_file: float) -> Work:
    batches = IMAGES / BATCH_FILES
    # A line is a File of one image, with receipts as in a manifest. Each batch writes its part of the run's table and a
    # report; the summary reads the report.
    puts = (puts_per_file + 1) * IMAGES + PUTS_PER_BATCH * batches
    reads = (reads_per_file + 1) * IMAGES + (1 + 1) * batches
    return Work(IMAGES, batches, seconds, puts=puts, reads=reads, transitions=batches, expresses=batches)


def tables() -> str:
    """Return the dollars per million images, new and known, and per month, in Markdown."""
    return "\n\n".join([_by_entry_point("new", new_images()), _by_entry_point("known", known_images()), _by_month()])


def _by_entry_point(images: str, work_by_name: dict[str, Work]) -> str:
    costs = {name: work.costs() for name, work in work_by_name.items()}
    items = next(iter(costs.values()))
    lines = [f"| dollars per million images, {images} | {' | '.join(costs)} |", f"|---{'|---' * len(costs)}|"]
    lines += [_row(item, [cost[item] for cost in costs.values()]) for item in items]
    return "\n".join([*lines, _row("**all**", [sum(cost.values()) for cost in costs.values()])])


def _by_month() -> str:
    stored = IMAGES * IMAGE_BYTES / _GB * S3_GB_MONTH
    logged_gb = new_images()["bulk"].log_bytes() / _GB
    lines = ["| dollars per month | |", "|---|---|"]
    lines.append(_row(f"a million images of {IMAGE_BYTES // 1000} KB in S3", [stored]))
    lines.append(_row("the log of a million images (bulk), uncompressed", [logged_gb * LOG_GB_MONTH]))
    lines.append(_row(f"{METRICS} metrics, if every error code and fault occurs", [METRICS * METRIC_MONTH]))
    lines.append(_row(f"alarms on {ALARM_METRICS} metrics", [ALARM_METRICS * ALARM_MONTH]))
    lines.append(_row("the dashboard", [DASHBOARD_MONTH]))
    return "\n".join(lines)


def _row(name: str, values: list[float]) -> str:
    shown = [f"{value:.2f}" if value else "-" for value in values]
    return f"| {name} | {' | '.join(shown)} |"


def inputs() -> str:
    """Return the measured inputs, in Markdown."""
    values = {
        "HTTP_SECONDS": f"{HTTP_SECONDS:.2f} s for a File of {HTTP_IMAGES} images",
        "MANIFEST_SECONDS": f"{MANIFEST_SECONDS:.1f} s for {MANIFEST_FILES} Files of {MANIFEST_IMAGES} images",
        "BATCH_SECONDS": f"{BATCH_SECONDS:.2f} s for {BATCH_FILES} Files of one image",
        "HTTP_KNOWN_SECONDS": f"{HTTP_KNOWN_SECONDS:.2f} s for such a File, {KNOWN_IMAGES} of its images known",
        "MANIFEST_KNOWN_SECONDS": f"{MANIFEST_KNOWN_SECONDS:.1f} s for {MANIFEST_FILES} such Files",
        "BATCH_KNOWN_SECONDS": f"{BATCH_KNOWN_SECONDS:.2f} s for {BATCH_FILES} Files of one known image",
        "IMAGE_LOG_BYTES": f"{IMAGE_LOG_BYTES}, a stored image in a log line",
        "FILE_LOG_BYTES": f"{FILE_LOG_BYTES}, the log lines of a File and its values in the metrics",
        "METRICS_LOG_BYTES": f"{METRICS_LOG_BYTES}, the metrics of an invocation",
    }
    return "\n".join(["| input | value |", "|---|---|", *(f"| `{name}` | {value} |" for name, value in values.items())])


if __name__ == "__main__":
    print(f"{tables()}\n\n{inputs()}")
