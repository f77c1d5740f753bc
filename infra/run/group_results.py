"""Checks that the stored results of a group are complete: its rows, its receipts and its images."""

import gzip
import json
import os
import zlib
from pathlib import Path
from typing import Any

from infra.run.open_files import measure
from intake.model.object_keys import receipt_key


def has_whole_results(out: Path, part: Path) -> bool:
    """Whether a part of the table can be read, and every receipt and image in it is in the folder, undamaged.

    A crash of the machine or the user may remove or damage files.

    Args:
        out: the folder of all images and receipts.
        part: the file with the rows of the group.
    """
    try:
        rows: list[dict[str, Any]] = list(map(json.loads, gzip.decompress(part.read_bytes()).splitlines()))
        receipts = {row["id"] for row in rows if row["id"]}
        images = {row["key"]: row["sha256"] for row in rows if row["key"]}
        for file_id in receipts:
            json.loads((out / receipt_key(file_id)).read_bytes())
        return bool(rows) and all(_measure_digest(out / key) == sha256 for key, sha256 in images.items())
    except (OSError, EOFError, zlib.error, ValueError, KeyError, TypeError):
        return False


def _measure_digest(path: Path) -> str:
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)  # does not wait for the writer of a FIFO
    try:
        return measure(file)[1]
    finally:
        os.close(file)
