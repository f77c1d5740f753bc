"""What a million images cost by their size, computed from the measured times: the parts of Lambda and S3."""

from collections.abc import Mapping
from typing import Any

from bench.cases import LARGE_48, OURS, WARM_48, Case
from bench.cost import FUNCTION_GB, IMAGES, LAMBDA_GB_SECOND, LAMBDA_REQUEST, S3_PUT

SIZES = (Case(48, size=20_000, standard=False), WARM_48, LARGE_48)


def table(compared: Mapping[str, Any]) -> str:
    """Return dollars per million new images in Markdown, with 48 images per File; empty without figures.

    Each File stores a receipt and a known document.

    Args:
        compared: the cases of the summary, by name.
    """
    rows = [_row(case, compared[case.name]["programs"][OURS]) for case in SIZES if case.name in compared]
    head = [
        "| dollars per million images | function, ms per image | Lambda | S3, PUT | both |",
        "|---|---|---|---|---|",
    ]
    return "\n".join([*head, *rows]) if rows else ""


def _row(case: Case, ours: Mapping[str, float]) -> str:
    seconds = ours["wall_ms"] / 1000 / case.images
    time = IMAGES * seconds * FUNCTION_GB * LAMBDA_GB_SECOND + IMAGES / case.images * LAMBDA_REQUEST
    puts = (IMAGES + 2 * IMAGES / case.images) * S3_PUT
    size = f"{case.size // 1000} KB" if case.size < 1_000_000 else f"{case.size // 1_000_000} MB"
    return f"| {size} | {seconds * 1000:.1f} | {time:.2f} | {puts:.2f} | {time + puts:.2f} |"
