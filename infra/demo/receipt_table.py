"""What the demo shows of a receipt: a table of its images, and one line."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from infra.command.terminal import coloured

_STATUS = {"stored": "green", "reused": "green", "partial": "yellow", "failed": "red"}
_HEAD = ("role", "what", "status", "type", "pixels", "bytes", "ms", "key or reason")
_RIGHT = {"pixels", "bytes", "ms"}
_LONGEST = 22


def table(receipt: Mapping[str, Any]) -> list[str]:
    """The images of a receipt, one a line, in columns."""
    rows = [dict(zip(_HEAD, _row(image), strict=True)) for image in receipt["images"]]
    width = {head: max(len(head), *(len(row[head]) for row in rows)) for head in _HEAD}
    head = "  ".join(_cell(name, name, width[name]) for name in _HEAD).rstrip()
    lines = ["  ".join(_cell(name, row[name], width[name]) for name in _HEAD) for row in rows]
    return [f"  {coloured(head, 'dim')}", *(f"  {line.rstrip()}" for line in lines)]


def _cell(head: str, words: str, width: int) -> str:
    aligned = words.rjust(width) if head in _RIGHT else words.ljust(width)
    # Coloured once it is aligned: what colours a word has a length, but no width on the screen.
    return coloured(aligned, _STATUS[words]) if head == "status" and words in _STATUS else aligned


def _row(image: Mapping[str, Any]) -> Sequence[str]:
    role = image["role"] if image["role"] == "file" else f"{image['role']} {image['index']}"
    what = _short(urlsplit(str(image["url"])).path.rpartition("/")[2] or "/")
    took = str(image["elapsedMs"])
    if image["status"] == "failed":
        error = image["error"]
        return (role, what, "failed", "-", "-", "-", took, f"{error['code']}: {error['message']}")
    status = "reused" if image.get("reused") else "stored"
    kind = image["contentType"].removeprefix("image/")
    size = f"{image['width']} x {image['height']}"
    return (role, what, status, kind, size, f"{image['bytes']:,}", took, shortened(image["key"]))


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 3]}..."


def shortened(key: str) -> str:
    """A key with the middle of its digest left out."""
    digest, dot, extension = key.rpartition("/")[2].partition(".")
    return f"{key.rpartition('/')[0]}/{digest[:12]}...{digest[-4:]}{dot}{extension}"


def summary(receipt: Mapping[str, Any]) -> str:
    """What a receipt amounts to, in one line."""
    counts, status = receipt["counts"], str(receipt["status"])
    parts = [f"{counts[name]} {name}" for name in ("stored", "reused", "failed") if counts[name]]
    return f"{coloured(status, _STATUS[status])}: {', '.join(parts)}, within {receipt['elapsedMs']} ms"
