"""The key of every object in both buckets.

Image bucket: `images/`, `receipts/`, `problems/`, `runs/`, `known/` and `origins/`. Inbox bucket: `inbox/`, and `bulk/`
for bulk lists.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from typing import Protocol

from intake.model.url import Url

_IMAGE = re.compile(r"images/([0-9a-f]{2})/(\1[0-9a-f]{62})\.([a-z0-9]+)")
_MANIFEST = re.compile(r"inbox/(.+)\.(jsonl?|txt)", re.DOTALL)


class HasExtension(Protocol):
    """An image or a format, with the extension of its objects, without the dot."""

    @property
    def extension(self) -> str: ...


def image_key(sha256: str, image: HasExtension) -> str:
    """`images/{first two hex digits}/{sha256}.{ext}`.

    Digest and extension depend on the bytes alone, so the same bytes are never stored twice.
    """
    return f"images/{sha256[:2]}/{sha256}.{image.extension}"


def parse_image_key(key: str) -> tuple[str, str] | None:
    """Return the digest and the extension in the key of an image; None if it is not such a key."""
    match = _IMAGE.fullmatch(key)
    return None if match is None else (match[2], match[3])


def receipt_key(file_id: str) -> str:
    """`receipts/{id}.json`. An id has no slash, so every receipt is directly below `receipts/`."""
    return f"receipts/{file_id}.json"


def problem_key(name: str) -> str:
    """`problems/{name}.json`: the problem document of the manifest with this name, see `parse_manifest_key`."""
    return f"problems/{name}.json"


def known_document_key(url_keys: Iterable[bytes]) -> str:
    """`known/{digest}.json`: what is known of a set of URLs, in whatever order and however often each is named.

    The digest is the SHA-256 of their sorted `url_key`.
    """
    return f"known/{hashlib.sha256(b''.join(sorted(set(url_keys)))).hexdigest()}.json"


def cool_down_key(url: Url) -> str:
    """`origins/{digest}.json`: until when no function sends a request to the origin of the URL.

    The digest is the SHA-256 of `scheme://host:port`. The port is always there, and an IPv6 address has brackets.
    """
    host = f"[{url.host}]" if ":" in url.host else url.host
    digest = hashlib.sha256(f"{url.scheme}://{host}:{url.port}".encode("ascii")).hexdigest()
    return f"origins/{digest}.json"


def manifest_key(file_id: str) -> str:
    """`inbox/{id}.json`: the manifest of one File."""
    return f"inbox/{file_id}.json"


def parse_manifest_key(key: str) -> tuple[str, bool] | None:
    """Return the name of a manifest and whether each line is a File or URL; None if the key is not of a manifest.

    Args:
        key: for example `inbox/lots/7.jsonl`, the key of the manifest `lots/7`.
    """
    match = _MANIFEST.fullmatch(key)
    return None if match is None else (match[1], match[2] != "json")


def batches_prefix(run: str) -> str:
    """`runs/{run}/batches/`: the reports of the batches of a bulk run."""
    return f"runs/{run}/batches/"


def batch_name(items: Sequence[object], batch: str = "") -> str:
    """Return the name of a batch, which is the same when the batch is repeated, in whatever execution.

    Args:
        items: the items of the batch, as the state machine passed them. The numbers of their rows give equal batches of
            one list different names.
        batch: the name of the batch's execution. It counts only if items have no numbers: a run that was stopped and
            is continued repeats a batch in a new execution (AWS Step Functions, RedriveExecution).
    """
    identity = items if all(map(_has_number, items)) else [batch, items]
    return hashlib.sha256(json.dumps(identity, separators=(",", ":")).encode()).hexdigest()


def _has_number(item: object) -> bool:
    return isinstance(item, dict) and isinstance(item.get("index"), int) and "item" in item


def report_key(run: str, batch: str) -> str:
    """`runs/{run}/batches/{batch}.json`: the report of one batch. A repeated batch overwrites its report."""
    return f"{batches_prefix(run)}{batch}.json"


def table_prefix(run: str) -> str:
    """`runs/{run}/images/`: the table of a run, one part for each batch."""
    return f"runs/{run}/images/"


def table_key(run: str, batch: str) -> str:
    """`runs/{run}/images/{batch}.jsonl.gz`: the rows of one batch. A repeated batch overwrites its rows."""
    return f"{table_prefix(run)}{batch}.jsonl.gz"


def broken_prefix(run: str) -> str:
    """`runs/{run}/broken/`: the reports that the state machine writes for batches that failed as a whole."""
    return f"runs/{run}/broken/"


def summary_key(run: str) -> str:
    """`runs/{run}/summary.json`."""
    return f"runs/{run}/summary.json"


def failed_key(run: str) -> str:
    """`runs/{run}/failed.jsonl`: the documents of a run that failed, one on each line, ready to be submitted again."""
    return f"runs/{run}/failed.jsonl"


def retryable_key(run: str) -> str:
    """`runs/{run}/retryable.jsonl`: the lines of `failed.jsonl` that may succeed when they are submitted again."""
    return f"runs/{run}/retryable.jsonl"
