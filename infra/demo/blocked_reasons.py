"""Finds why URLs were blocked: the function logs the reason, which the receipt never contains."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

MESSAGE = "image failed"
CODE = "blocked"


def find_reasons(log: Iterable[str], file_id: str) -> dict[tuple[str, int], str]:
    """Return the reasons of the blocked images of a File, by role and index.

    Args:
        log: the log lines of the function. Lines that are not JSON objects are skipped.
        file_id: the id of the File.
    """
    records = [record for record in map(_parse, log) if record.get("message") == MESSAGE]
    blocked = [record for record in records if record.get("file_id") == file_id and record.get("code") == CODE]
    return {(str(record["role"]), int(record["index"])): str(record["reason"]) for record in blocked}


def _parse(line: str) -> Mapping[str, Any]:
    try:
        record = json.loads(line)
    except ValueError:
        return {}
    return record if isinstance(record, dict) else {}
