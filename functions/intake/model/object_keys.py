"""Where every object is stored: the keys of both buckets.

Image bucket: `images/`, `receipts/`, `problems/` and `runs/`. Inbox bucket: `inbox/`, and `bulk/` for bulk lists.
"""

import hashlib
import json
import re

from intake.model.image_info import ImageInfo

_MANIFEST = re.compile(r"inbox/(.+)\.(jsonl?)")


def image_key(sha256: str, image: ImageInfo) -> str:
    """`images/{first two hex digits}/{sha256}.{ext}`.

    Digest and extension come from the bytes alone, so the same bytes are never stored twice.
    """
    return f"images/{sha256[:2]}/{sha256}.{image.extension}"


def receipt_key(file_id: str) -> str:
    """`receipts/{id}.json`. An id has no slash, so no id can name an object elsewhere."""
    return f"receipts/{file_id}.json"


def problem_key(name: str) -> str:
    """`problems/{name}.json`: the problem document of the manifest of that name, see `manifest_name`."""
    return f"problems/{name}.json"


def manifest_key(file_id: str) -> str:
    """`inbox/{id}.json`: the manifest of one File."""
    return f"inbox/{file_id}.json"


def manifest_name(key: str) -> tuple[str, bool] | None:
    """Return the name of a manifest and whether it has one File a line, or None for an object that is no manifest.

    Args:
        key: of the object, such as `inbox/lots/7.jsonl`; the name of that manifest is `lots/7`.
    """
    found = _MANIFEST.fullmatch(key)
    return None if found is None else (found[1], found[2] == "jsonl")


def batches_prefix(run: str) -> str:
    """`runs/{run}/batches/`: the reports of the batches of a bulk run."""
    return f"runs/{run}/batches/"


def batch_key(run: str, items: object, batch: str = "") -> str:
    """`runs/{run}/batches/{digest}.json`: the report of one batch. A repeated batch overwrites its report.

    Args:
        run: the name of the run.
        items: of the batch.
        batch: the name of the batch's execution; it makes equal batches of one list different.
    """
    digest = hashlib.sha256(json.dumps([batch, items], separators=(",", ":")).encode()).hexdigest()
    return f"{batches_prefix(run)}{digest}.json"


def broken_prefix(run: str) -> str:
    """`runs/{run}/broken/`: what the state machine writes about batches that failed as a whole."""
    return f"runs/{run}/broken/"


def summary_key(run: str) -> str:
    """`runs/{run}/summary.json`."""
    return f"runs/{run}/summary.json"


def failed_key(run: str) -> str:
    """`runs/{run}/failed.jsonl`: the lines of a run that failed, ready to be submitted again."""
    return f"runs/{run}/failed.jsonl"
