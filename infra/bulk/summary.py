"""Formats the summary of a run as lines of text."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from infra.bulk.progress import format_duration


def format_summary(summary: Mapping[str, Any], bucket: str, total: int) -> list[str]:
    """Format a summary.

    Args:
        summary: the run's `summary.json`.
        bucket: the image bucket, which contains the summary.
        total: the number of Files that Step Functions read from the list; 0 if unknown.
    """
    is_complete = summary.get("complete", True)  # stacks of earlier versions do not write it
    lines = [] if is_complete else ["INCOMPLETE: the run stopped before the end of the list.", f"  {summary['error']}"]
    lines += _counts(summary)
    if summary.get("failedKey"):
        lines += ["A list of what failed, ready for another run:", f"  s3://{bucket}/{summary['failedKey']}"]
    if summary.get("retryableKey"):
        lines += ["The part of it that may succeed later:", f"  s3://{bucket}/{summary['retryableKey']}"]
    if summary.get("tablePrefix"):
        lines += ["The table, with a row for each image:", f"  s3://{bucket}/{summary['tablePrefix']}"]
    files = summary["counts"]["files"]
    if not is_complete:
        lines += [f"{files:,} of the {total:,} Files that were read from the list are counted here."] if total else []
        lines.append("Remove the cause, then send the whole list again. No image is stored twice.")
    elif files < total:
        lines.append(_describe_missing(total - files, str(summary.get("list"))))
    return lines


def _describe_missing(rows: int, source: str) -> str:
    if source.lower().endswith(".csv"):
        return f"{rows:,} rows are in no report: empty or repeated first rows, or rows of FAILED_*.json under map/."
    return f"{rows:,} Files are in no report: see FAILED_*.json under map/."


def _counts(summary: Mapping[str, Any]) -> Iterator[str]:
    counts = summary["counts"]
    yield f"{counts['files']:,} Files in {format_duration(summary['seconds'])}, batches: {summary['batches']:,}"
    yield f"  Files    {join_counts(counts['status'])}"
    yield f"  images   {join_counts(counts['images'])}; {counts['bytes']:,} bytes"
    if counts["codes"]:
        yield f"  failed   {join_counts(counts['codes'])}"
    if "refused" in summary:  # stacks of earlier versions do not write it
        yield from _refused(summary["refused"], counts["status"].get("refused", 0))


def _refused(rows: Sequence[Mapping[str, Any]], total: int) -> Iterator[str]:
    for row in rows:
        name = "a row" if row["row"] is None else f"row {row['row']:,}"
        errors = "; ".join(": ".join(filter(None, (error["path"], error["message"]))) for error in row["errors"])
        yield f"  refused  {name}: {errors}"
    if total > len(rows):
        yield f"  refused  {total - len(rows):,} more rows; failed.jsonl has their reasons"


def join_counts(counts: Mapping[str, int]) -> str:
    """Format counts, the largest first: "9,800 stored, 200 failed"."""
    ordered = sorted(counts.items(), key=lambda item: -item[1])
    return ", ".join(f"{number:,} {name}" for name, number in ordered) or "none"


def has_stored_images(summary: Mapping[str, Any]) -> bool:
    """Whether at least one image of the run is in the bucket, new or from before."""
    images = summary["counts"]["images"]
    return bool(images.get("stored") or images.get("reused"))
