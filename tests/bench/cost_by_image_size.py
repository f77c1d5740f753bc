"""What a million images cost by their size, from the times that were measured: Lambda's and S3's part of it."""

from collections.abc import Mapping
from statistics import median
from typing import Any

from bench.cases import OURS, WARM_48, Case
from bench.cost import FUNCTION_GB, IMAGES, LAMBDA_GB_SECOND, LAMBDA_REQUEST, S3_PUT

SIZES = (Case(48, size=20_000, standard=False), WARM_48, Case(48, size=2_000_000, standard=False))


def table(compared: Mapping[str, Any]) -> str:
    """Dollars per million images, each File of 48 with a receipt of its own, in Markdown; empty where none is known."""
    rows = [_row(case, compared[case.name]["is"][OURS]) for case in SIZES if case.name in compared]
    head = ["| dollars per million images | function, ms an image | Lambda | S3, PUT | both |", "|---|---|---|---|---|"]
    return "\n".join([*head, *rows]) if rows else ""


def _row(case: Case, runs: list[dict[str, float]]) -> str:
    seconds = median(run["wall"] for run in runs) / case.images
    time = IMAGES * seconds * FUNCTION_GB * LAMBDA_GB_SECOND + IMAGES / case.images * LAMBDA_REQUEST
    puts = (IMAGES + IMAGES / case.images) * S3_PUT
    size = f"{case.size // 1000} KB" if case.size < 1_000_000 else f"{case.size // 1_000_000} MB"
    return f"| {size} | {seconds * 1000:.1f} | {time:.2f} | {puts:.2f} | {time + puts:.2f} |"
