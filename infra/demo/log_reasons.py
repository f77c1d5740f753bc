"""Why an image failed: the function logs the reason of a blocked URL, which the receipt never tells."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

MESSAGE = "image failed"
CODE = "blocked"


def find_reasons(log: Iterable[str], file_id: str) -> dict[tuple[str, int], str]:
    """The reasons of the blocked images of a File, by role and index.

    Args:
        log: the lines of the function. Those that are not JSON objects are skipped.
        file_id: the id of the File.
    """
    records = [record for record in map(_parse, log) if record.get("message") == MESSAGE]
    mine = [record for record in records if record.get("file_id") == file_id and record.get("code") == CODE]
    return {(str(record["role"]), int(record["index"])): str(record["reason"]) for record in mine}


def _parse(line: str) -> Mapping[str, Any]:
    try:
        record = json.loads(line)
    except ValueError:
        return {}
    return record if isinstance(record, dict) else {}
