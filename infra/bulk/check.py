"""A list, looked through before it is uploaded: one line that cannot be read ends the run of all the others."""

import csv
import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import NoReturn

from infra.bulk.item_size import size_of

LINE_BYTES = 219_900
"""What fits into a batch of 220,000 bytes, which has brackets and commas too."""

HEADER_BYTES = 10 * 1024
"""What the first row of a CSV may have (AWS Step Functions, ItemReader)."""

SHOWN = 10


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is no value of JSON")


_DECODER = json.JSONDecoder(parse_constant=_refuse)


def faults(path: Path) -> list[str]:
    """Say what would end a run of this list, or leave it nothing to do; the first faults only.

    What is no File ends nothing.
    """
    found = _of_rows(path) if path.suffix.lower() == ".csv" else _of_lines(path)
    return list(islice(found, SHOWN))


def _of_lines(path: Path) -> Iterator[str]:
    files = 0
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            text = line.strip()
            files += bool(text)
            if len(text) > LINE_BYTES:
                yield _too_long(number, len(text))
            elif text:
                try:
                    _DECODER.decode(text.decode())
                except json.JSONDecodeError as error:
                    yield f"line {number:,} is not JSON: {error.msg} (column {error.colno})"
                except (ValueError, RecursionError) as error:
                    yield f"line {number:,} is not JSON: {error}"
    if not files:
        yield "it is empty: each of its lines has to be a File or a URL list"


def _of_rows(path: Path) -> Iterator[str]:
    csv.field_size_limit(2**31 - 1)  # the length of a row is judged here
    with path.open(encoding="utf-8-sig", newline="") as text:
        rows = csv.reader(text)
        try:
            header = next(rows, [])
            if not ("url" in header or {"fileUrl", "baseUrls"} <= set(header)):
                yield "the first row names no column url, nor fileUrl and baseUrls"
            if size_of(header) > HEADER_BYTES:
                yield f"the first row has more than {HEADER_BYTES:,} bytes"
            files = 0
            for row in rows:
                files += bool(row)
                size = sum(map(len, row))
                if size > LINE_BYTES // 6 and (size := size_of(dict(zip(header, row, strict=False)))) > LINE_BYTES:
                    yield _too_long(rows.line_num, size)
            if header and not files:
                yield "it is empty: each row below the first has to be an image or a File"
        except (UnicodeDecodeError, csv.Error) as error:
            yield f"after line {rows.line_num:,} it is no CSV in UTF-8: {error}"


def _too_long(number: int, size: int) -> str:
    return f"line {number:,} has {size:,} bytes; a line may have {LINE_BYTES:,}"
