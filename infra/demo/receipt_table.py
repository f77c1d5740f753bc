"""Formats a receipt: a table of its images, and a summary in one line."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from infra.command.terminal import colorize

type Images = Sequence[Mapping[str, Any]]

_STATUS_COLORS = {
    **dict.fromkeys(("stored", "reused", "unchanged", "fresh", "known"), "green"),
    "partial": "yellow",
    "failed": "red",
}
_COLUMNS = ("role", "host", "what", "status", "type", "pixels", "bytes", "ms", "key or reason")
_RIGHT_ALIGNED = {"pixels", "bytes", "ms"}
_MAX_NAME = 22


def format_table(images: Images, reasons: Mapping[tuple[str, int], str], *, show_hosts: bool) -> list[str]:
    """Format images of a receipt in columns, one on each line.

    Args:
        images: of the receipt.
        reasons: what the log says of a failed image, by its role and index; shown in place of the public message.
        show_hosts: whether there is a column with the host of each URL.
    """
    rows = [dict(zip(_COLUMNS, _format_row(image, reasons), strict=True)) for image in images]
    columns = [name for name in _COLUMNS if show_hosts or name != "host"]
    widths = {name: max(len(name), *(len(row[name]) for row in rows)) for name in columns}
    head = "  ".join(_format_cell(name, name, widths[name]) for name in columns).rstrip()
    lines = ["  ".join(_format_cell(name, row[name], widths[name]) for name in columns) for row in rows]
    return [f"  {colorize(head, 'dim')}", *(f"  {line.rstrip()}" for line in lines)]


def _format_cell(column: str, text: str, width: int) -> str:
    aligned = text.rjust(width) if column in _RIGHT_ALIGNED else text.ljust(width)
    # Color the aligned text: escape codes have a length, but no width on the screen.
    is_status = column == "status" and text in _STATUS_COLORS
    return colorize(aligned, _STATUS_COLORS[text]) if is_status else aligned


def _format_row(image: Mapping[str, Any], reasons: Mapping[tuple[str, int], str]) -> Sequence[str]:
    role = image["role"] if image["role"] == "file" else f"{image['role']} {image['index']}"
    host, name = host_of(image["url"]), _shorten(_last_segment(image["url"]))
    elapsed = str(image["elapsedMs"])
    if image["status"] == "failed":
        error = image["error"]
        message = f"{error['code']}: {reasons.get((image['role'], image['index']), error['message'])}"
        return (role, host, name, "failed", "-", "-", "-", elapsed, message)
    kind = image["contentType"].removeprefix("image/")
    pixels = f"{image['width']} x {image['height']}"
    return (role, host, name, _status(image), kind, pixels, f"{image['bytes']:,}", elapsed, shorten_key(image["key"]))


def _status(image: Mapping[str, Any]) -> str:
    """Return how a stored image got there: its source unless it was downloaded; then whether it was in the bucket."""
    source = image.get("source", "fetched")
    return str(source) if source != "fetched" else "reused" if image.get("reused") else "stored"


def host_of(url: str) -> str:
    """Return host and port of a URL without credentials; "-" if it has no host."""
    try:
        return urlsplit(url).netloc.rpartition("@")[2] or "-"
    except ValueError:
        return "-"


def _last_segment(url: str) -> str:
    try:
        return urlsplit(url).path.rpartition("/")[2] or "/"
    except ValueError:
        return url


def _shorten(name: str) -> str:
    return name if len(name) <= _MAX_NAME else f"{name[: _MAX_NAME - 3]}..."


def shorten_key(key: str) -> str:
    """Omit the middle of the digest in an object key."""
    digest, dot, extension = key.rpartition("/")[2].partition(".")
    return f"{key.rpartition('/')[0]}/{digest[:12]}...{digest[-4:]}{dot}{extension}"


def format_summary(receipt: Mapping[str, Any]) -> str:
    """Format the status, the counts and the time of a receipt in one line."""
    counts, status = receipt["counts"], str(receipt["status"])
    parts = [f"{counts[name]} {name}" for name in ("stored", "reused", "failed") if counts[name]]
    return f"{colorize(status, _STATUS_COLORS[status])}: {', '.join(parts)}; the images took {receipt['elapsedMs']} ms"
