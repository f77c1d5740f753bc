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
MANIFEST_SECONDS = 1.4
BATCH_SECONDS = 0.17

# Measured: bytes in the log, with the 26 that CloudWatch adds to each line (cost_inputs.py).
IMAGE_LOG_BYTES = 292
FILE_LOG_BYTES = 1344

# The shape of the work.
HTTP_IMAGES = 10
MANIFEST_FILES, MANIFEST_IMAGES = 100, 10
BATCH_FILES = 50
EXPRESS_GB = 64 / 1024

# Billed each month: the metrics of the service, one for every reason of an unread known document and every error code
# that occurred, and the metrics of alarms.
UNREAD_REASONS = 4
METRICS = 8 + UNREAD_REASONS + 32
ALARM_METRICS = 23

_GB = 1e9


@dataclass(frozen=True, slots=True)
class Work:
    """What a million images need at one entry point; each attribute is a count for all of them."""

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
        """Return dollars by item."""
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


def entry_points() -> dict[str, Work]:
    """Return the work at each entry point, with the usual shape of a File there."""
    files = IMAGES / HTTP_IMAGES
    manifests = IMAGES / MANIFEST_FILES / MANIFEST_IMAGES
    batches = IMAGES / BATCH_FILES
    return {
        # One receipt for each File.
        "HTTP": Work(files, files, HTTP_SECONDS, puts=IMAGES + files, gets=0, calls=files),
        # The manifest is stored and read twice. Each File reads its previous receipt, then stores its own.
        "S3": Work(
            IMAGES / MANIFEST_IMAGES, manifests, MANIFEST_SECONDS,
            puts=IMAGES + IMAGES / MANIFEST_IMAGES + manifests, gets=IMAGES / MANIFEST_IMAGES + 2 * manifests,
            events=manifests,
        ),
        # A line is a File of one image. Each batch writes a report, and the summary reads it.
        "bulk": Work(
            IMAGES, batches, BATCH_SECONDS,
            puts=2 * IMAGES + batches, gets=IMAGES + batches, transitions=batches, expresses=batches,
        ),
    }  # fmt: skip


def tables() -> str:
    """Return the dollars per million images and per month, in Markdown."""
    costs = {name: work.costs() for name, work in entry_points().items()}
    lines = ["| dollars per million images | HTTP | S3 | bulk |", "|---|---|---|---|"]
    lines += [_row(item, [cost[item] for cost in costs.values()]) for item in costs["bulk"]]
    lines.append(_row("**all**", [sum(cost.values()) for cost in costs.values()]))
    stored = IMAGES * IMAGE_BYTES / _GB * S3_GB_MONTH
    lines += ["", "| dollars per month | |", "|---|---|"]
    lines.append(_row(f"a million images of {IMAGE_BYTES // 1000} KB in S3", [stored]))
    logged_gb = entry_points()["bulk"].log_bytes() / _GB
    lines.append(_row("the log of a million images (bulk), uncompressed", [logged_gb * LOG_GB_MONTH]))
    lines.append(_row(f"{METRICS} metrics, if every error code occurs", [METRICS * METRIC_MONTH]))
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
        "IMAGE_LOG_BYTES": f"{IMAGE_LOG_BYTES}, a stored image in a log line",
        "FILE_LOG_BYTES": f"{FILE_LOG_BYTES}, the log lines and the metrics of a File",
    }
    return "\n".join(["| input | value |", "|---|---|", *(f"| `{name}` | {value} |" for name, value in values.items())])


if __name__ == "__main__":
    print(f"{tables()}\n\n{inputs()}")
