"""Checks a list before it is uploaded: one line that Step Functions cannot read fails the run of the whole list."""

import csv
import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import NoReturn

from infra.bulk.input_limit import size_of

LINE_BYTES = 219_900
"""The longest line that fits into a batch of 220,000 bytes, with the JSON around it."""

HEADER_BYTES = 10 * 1024
"""The limit of the first row of a CSV list (AWS Step Functions, ItemReader)."""

MAX_FAULTS = 10
"""The limit of reported faults. After it, the rest of the list is not read."""


def _reject_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON value")


_DECODER = json.JSONDecoder(parse_constant=_reject_constant)


def find_faults(path: Path) -> list[str]:
    """Return why a run of this list would fail, or have nothing to do: at most MAX_FAULTS faults.

    A line that is JSON but not a File does not fail a run, so it is not a fault here.
    """
    faults = _find_csv_faults(path) if path.suffix.lower() == ".csv" else _find_jsonl_faults(path)
    return list(islice(faults, MAX_FAULTS))


def _find_jsonl_faults(path: Path) -> Iterator[str]:
    files = 0
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if text := line.strip():
                files += 1
                if fault := _find_line_fault(number, text):
                    yield fault
    if not files:
        yield "the list is empty: expected a File or a URL list on each line"


def _find_line_fault(number: int, text: bytes) -> str | None:
    if len(text) > LINE_BYTES:
        return _describe_long_line(number, len(text))
    try:
        _DECODER.decode(text.decode())
    except json.JSONDecodeError as error:
        return f"line {number:,} is not JSON: {error.msg} (column {error.colno})"
    except (ValueError, RecursionError) as error:
        return f"line {number:,} is not JSON: {error}"
    return None


def _find_csv_faults(path: Path) -> Iterator[str]:
    csv.field_size_limit(2**31 - 1)  # the length of a row is checked below
    with path.open(encoding="utf-8-sig", newline="") as text:
        rows = csv.reader(text)
        try:
            header = next(rows, [])
            if not ("url" in header or {"fileUrl", "baseUrls"} <= set(header)):
                yield "the first row has no column url, and not both columns fileUrl and baseUrls"
            if size_of(header) > HEADER_BYTES:
                yield f"the first row has more than {HEADER_BYTES:,} bytes"
            files = 0
            for row in rows:
                files += bool(row)
                size = sum(map(len, row))
                # A character has at most 6 bytes in JSON: only long rows are measured exactly.
                if size > LINE_BYTES // 6 and (size := size_of(dict(zip(header, row, strict=False)))) > LINE_BYTES:
                    yield _describe_long_line(rows.line_num, size)
            if header and not files:
                yield "the list is empty: expected an image or a File in each row below the first"
        except (UnicodeDecodeError, csv.Error) as error:
            yield f"the list is not CSV in UTF-8 after line {rows.line_num:,}: {error}"


def _describe_long_line(number: int, size: int) -> str:
    return f"line {number:,} has {size:,} bytes; at most {LINE_BYTES:,} are possible"
