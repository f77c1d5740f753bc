"""Tables in a folder and in a bucket."""

import io
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from infra.look import table_source
from infra.look.errors import LookError
from infra.look.read_ahead import read_ahead
from infra.look.table_parts import TableFault
from infra.look.table_source import read_bucket, read_folder

from support.process_memory import traced_peak
from support.run_table import encode_part, stored_row, write_part

PREFIX = "runs/run-1/images/"


class FakeS3:
    """A bucket whose listing has two keys a page."""

    def __init__(self, parts: Mapping[str, bytes | Exception], listing: Exception | None = None) -> None:
        self.parts: dict[str, bytes | Exception] = {f"{PREFIX}{name}": content for name, content in parts.items()}
        self.listing = listing

    def get_paginator(self, _: str) -> "FakeS3":
        return self

    def paginate(self, **parameters: str) -> Iterator[dict[str, Any]]:
        assert parameters == {"Bucket": "the-images", "Prefix": PREFIX}
        if self.listing:
            raise self.listing
        keys = sorted(self.parts)
        for start in range(0, len(keys) or 1, 2):
            page = [{"Key": key} for key in keys[start : start + 2]]
            yield {"Contents": page} if page else {}

    def get_object(self, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803 - the names of boto3
        assert Bucket == "the-images"
        content = self.parts[Key]
        if isinstance(content, Exception):
            raise content
        return {"Body": io.BytesIO(content)}


def read(s3: FakeS3) -> list[object]:
    return list(read_bucket(s3, "the-images", PREFIX))  # type: ignore[arg-type] # a part of a client


def part(first: int, number: int = 2) -> bytes:
    return encode_part(stored_row(row) for row in range(first, first + number))


def rows_of(lines: list[object]) -> list[int]:
    return [line["row"] for line in lines if isinstance(line, dict)]


def denied() -> Exception:
    return ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "GetObject")


def test_folder_gives_its_parts_in_the_order_of_their_names(tmp_path: Path) -> None:
    for name, first in [("b", 3), ("a", 1), ("c", 5)]:
        folder = write_part(tmp_path, [stored_row(first), stored_row(first + 1)], name).parent
    (folder / "d.jsonl").write_bytes(b'{"status": "stored", "row": 7}\n')
    (folder / "notes.txt").write_text("not a part")
    (folder / ".tmp-1").write_bytes(b"\x1f\x8b half")
    (folder / "e.jsonl.gz").mkdir()

    assert rows_of(list(read_folder(folder))) == [1, 2, 3, 4, 5, 6, 7]


@pytest.mark.parametrize("make", [lambda _: None, Path.mkdir, Path.touch], ids=["missing", "empty", "a file"])
def test_folder_without_a_table_gives_nothing(make: Callable[[Path], None], tmp_path: Path) -> None:
    make(tmp_path / "images")

    assert list(read_folder(tmp_path / "images")) == []


def test_folder_takes_less_than_two_hundred_bytes_a_part(tmp_path: Path) -> None:
    """Ten million rows of `make run` have about 130,000 parts."""
    peaks = []
    for parts in (range(1), range(1, 3001)):
        for number in parts:
            (tmp_path / f"{number:08d}.jsonl").write_bytes(b"{}\n")
        peaks.append(traced_peak(lambda: next(read_folder(tmp_path))))
    assert peaks[1] - peaks[0] < 200 * 3000


def test_folder_goes_on_behind_a_damaged_part(tmp_path: Path) -> None:
    damaged = write_part(tmp_path, [stored_row(1)] * 100, "a")
    damaged.write_bytes(damaged.read_bytes()[:-20])
    write_part(tmp_path, [stored_row(2)], "b")

    lines = list(read_folder(damaged.parent))

    assert TableFault(str(damaged), "it ends early") in lines
    assert rows_of(lines)[-1] == 2


@pytest.mark.parametrize("number", [0, 1, 2, 3, 30])
def test_bucket_gives_all_parts_of_all_pages_in_order(number: int) -> None:
    s3 = FakeS3({f"{index:02}.jsonl.gz": part(2 * index) for index in range(number)} | {"x.txt": b"not a part"})

    assert rows_of(read(s3)) == list(range(2 * number))


@pytest.mark.parametrize("error", [denied(), EndpointConnectionError(endpoint_url="http://127.0.0.1")])
def test_bucket_goes_on_behind_a_part_that_cannot_be_read(error: Exception) -> None:
    s3 = FakeS3({"a.jsonl.gz": part(1), "b.jsonl.gz": error, "c.jsonl.gz": part(3)})

    lines = read(s3)

    assert rows_of(lines) == [1, 2, 3, 4]
    assert lines[2] == TableFault(f"s3://the-images/{PREFIX}b.jsonl.gz", str(error))


def test_bucket_reads_a_bounded_number_of_bytes_of_a_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_source, "MAX_PART_BYTES", 100)

    *_, early, large, row = read(FakeS3({"a.jsonl": b'{"row": 1}\n' * 10, "b.jsonl": b'{"row": 2}'}))

    assert early == TableFault(f"s3://the-images/{PREFIX}a.jsonl", "a line is not JSON", is_line=True)
    assert large == TableFault(f"s3://the-images/{PREFIX}a.jsonl", "it is larger than 100 bytes")
    assert row == {"row": 2}


def test_bucket_that_cannot_be_listed_ends_the_command() -> None:
    with pytest.raises(LookError, match=r"s3://the-images/runs/run-1/images/ cannot be listed: .*AccessDenied"):
        read(FakeS3({}, listing=denied()))


def test_reading_ahead_runs_calls_at_once_and_never_more_than_it_has_threads() -> None:
    meeting, started = threading.Barrier(4, timeout=10), []

    def call(item: int) -> int:
        started.append(item)
        meeting.wait()
        return item

    results = read_ahead(call, range(100), threads=4)

    assert next(results) == 0
    assert sorted(started)[:4] == [0, 1, 2, 3]
    assert len(started) <= 5
    meeting.abort()
    results.close()  # type: ignore[attr-defined] # a generator
