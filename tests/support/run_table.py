"""Rows, parts and summaries of runs, as tests of their page need them."""

import gzip
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from intake.model.batch_table import COLUMNS
from intake.model.object_keys import summary_key, table_key

SHA256 = "3f9a1c60d0a5b2e47f8893c1de02746bb5a9e8d1f64c0372e1b85d9ac7f03e12"
RUN = "run-1"


def stored_row(row: int = 1, **columns: object) -> dict[str, Any]:
    """The row of an image that is stored."""
    stored = {
        "id": "lot-7",
        "role": "image",
        "index": 0,
        "url": "https://images.example/a.jpg",
        "status": "stored",
        "reused": False,
        "source": "fetched",
        "key": f"images/3f/{SHA256}.jpg",
        "sha256": SHA256,
        "contentType": "image/jpeg",
        "bytes": 1000,
        "width": 800,
        "height": 600,
        "frames": 1,
        "warnings": [],
        "attempts": 1,
        "elapsedMs": 100,
    }
    return dict.fromkeys(COLUMNS) | stored | {"row": row} | columns


def failed_row(row: int = 1, code: str = "not_found", **columns: object) -> dict[str, Any]:
    """The row of an image that failed."""
    failed = {
        "id": "lot-7",
        "role": "base",
        "index": 2,
        "url": "https://images.example/gone.jpg",
        "status": "failed",
        "attempts": 1,
        "elapsedMs": 30,
        "code": code,
        "message": "The origin answered 404.",
    }
    return dict.fromkeys(COLUMNS) | failed | {"row": row} | columns


def refused_row(row: int = 1) -> dict[str, Any]:
    """The row of a document that is no File."""
    return dict.fromkeys(COLUMNS) | {"row": row, "status": "refused", "message": "fileUrl: is missing"}


def encode_part(rows: Iterable[object]) -> bytes:
    return gzip.compress("".join(json.dumps(row) + "\n" for row in rows).encode(), 1, mtime=0)


def write_part(folder: Path, rows: Iterable[object], name: str = "part", run: str = RUN) -> Path:
    """Write a part of a table below the folder of `make run`."""
    path = folder / table_key(run, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encode_part(rows))
    return path


def write_summary(folder: Path, run: str = RUN, **members: object) -> None:
    """Write the summary of a run that is complete and took 10 seconds."""
    path = folder / summary_key(run)
    path.parent.mkdir(parents=True, exist_ok=True)
    summary = {"run": run, "list": "boards.csv", "startedAt": "2026-11-22T16:01:03Z", "seconds": 10, "complete": True}
    path.write_text(json.dumps(summary | members))
