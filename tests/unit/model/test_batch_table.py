"""The part of a run's table that one batch writes."""

import gzip
import json
from collections import Counter
from datetime import UTC, datetime
from typing import Any

from intake.model.batch_table import COLUMNS, BatchTable
from intake.model.bulk_item import BulkItem
from intake.model.bulk_report import BatchReport
from intake.model.error_codes import NotFound
from intake.model.file import Fault, File
from intake.model.image_info import ImageInfo
from intake.model.outcome import Failed, FetchStats, Stored
from intake.model.receipt import Receipt
from intake.model.url import Url

SHA256 = "3f9a" + "0" * 60
DOCUMENT = {
    "id": "lot-7",
    "fileUrl": "https://a.example/x.jpg?sig=secret",
    "baseUrls": [{"url": "https://a.example/y.png"}],
}


def read_rows(table: BatchTable) -> list[dict[str, Any]]:
    return [json.loads(line) for line in gzip.decompress(table.to_gzip()).splitlines()]


def ingested(file: File) -> Receipt:
    image = ImageInfo("jpeg", 1000, 750, 1, "image/jpeg", "jpg")
    stored = Stored(image, "images/3f/x.jpg", SHA256, 9, Url.parse("https://a.example/x.jpg"), False, FetchStats(1, 2))  # noqa: FBT003 - positional as in the class
    failed = Failed(NotFound("The origin answered 404."), FetchStats(1, 5))
    return Receipt.of(file, [stored, failed], bucket="b", created_at=datetime.now(UTC), elapsed_ms=1)


def test_table_has_a_row_for_every_image() -> None:
    table, file = BatchTable(), File.parse(DOCUMENT)
    table.add(BulkItem(DOCUMENT, 3), file, ingested(file).images)
    stored, failed = read_rows(table)
    assert stored == {
        "row": 3,
        "id": "lot-7",
        "role": "file",
        "index": 0,
        "url": "https://a.example/x.jpg",
        "status": "stored",
        "reused": False,
        "source": "fetched",
        "key": "images/3f/x.jpg",
        "sha256": SHA256,
        "contentType": "image/jpeg",
        "bytes": 9,
        "width": 1000,
        "height": 750,
        "frames": 1,
        "warnings": [],
        "attempts": 1,
        "elapsedMs": 2,
        "code": None,
        "message": None,
        "note": None,
    }
    assert {name: failed[name] for name in ("role", "status", "code", "message", "key")} == {
        "role": "base",
        "status": "failed",
        "code": "not_found",
        "message": "The origin answered 404.",
        "key": None,
    }


def test_every_row_has_every_column_and_the_rows_have_the_order_of_the_list() -> None:
    table, file = BatchTable(), File.parse(DOCUMENT)
    table.add_refused(BulkItem("x"), [Fault("", "expected an object")])
    table.add_broken(BulkItem(DOCUMENT, 4), "States.Timeout")
    table.add_broken(BulkItem({"urls": 1}, 3), "States.Timeout")
    table.add_skipped(BulkItem(DOCUMENT, 2), file)
    table.add_refused(BulkItem({}, 1), [Fault("fileUrl", "is missing: see https://a.example/?sig=secret")])
    rows = read_rows(table)
    assert {tuple(row) for row in rows} == {COLUMNS}
    assert [(row["row"], row["status"], row["code"]) for row in rows] == [
        (1, "refused", None),
        (2, "failed", "deadline_exceeded"),
        (2, "failed", "deadline_exceeded"),
        (3, "broken", None),
        (4, "broken", None),
        (4, "broken", None),
        (None, "refused", None),
    ]
    assert "secret" not in json.dumps(rows)


def test_row_of_a_refused_document_has_its_note() -> None:
    """So callers can join it with their own rows. A note that is a fault itself is left out."""
    table = BatchTable()
    contents = [
        {"id": "lot 7/3", "url": "u", "lot": "7"},
        {"urls": [], "note": {"lot": 7}},
        {"urls": [], "note": {"lot": "x" * 3000}},
        {"urls": [], "note": "lot 7"},
        {"url": "u", "extra": ["cut"]},
        "text",
    ]
    for row, content in enumerate(contents):
        table.add_refused(BulkItem(content, row), [Fault("", "x")])
        table.add_broken(BulkItem(content, row), "x")
    notes = [row["note"] for row in read_rows(table)]
    assert notes[::2] == notes[1::2] == [{"lot": "7"}, {"lot": 7}, None, None, None, None]


def test_table_has_the_notes_of_the_file_and_then_those_of_the_image() -> None:
    document = DOCUMENT | {"note": {"lot": 7, "of": "file"}, "baseUrls": [{"url": "u", "note": {"of": "base"}}]}
    table, file = BatchTable(), File.parse(document)
    table.add_skipped(BulkItem(document), file)
    assert [row["note"] for row in read_rows(table)] == [{"lot": 7, "of": "file"}, {"lot": 7, "of": "base"}]


def test_broken_batch_has_a_row_for_every_image_whatever_the_limit_of_a_file() -> None:
    header = {"1": "url", "2": "id", "3": ""}
    cells = [header, {"1": "https://a.example/1", "2": "a"}, {"1": " ", "2": "", "3": ""}, header]
    rows_of_csv = [{"index": index, "item": row, "header": [header]} for index, row in enumerate(cells)]
    many = {"fileUrl": "https://a.example/0", "baseUrls": [[f"https://a.example/{n}?s=secret"] for n in range(700)]}
    items = [*rows_of_csv, {"index": 7, "item": many}, {"index": 8, "item": ["no File"]}, {"urls": ["a", "a"]}]
    report = BatchReport(batch="b", error="States.Timeout", failed=items)
    rows = read_rows(BatchTable.of_broken(report))
    assert Counter(row["row"] for row in rows) == {1: 1, 8: 701, 9: 1, None: 2}
    assert {row["status"] for row in rows} == {"broken"}
    assert {row["message"] for row in rows} == {"The batch of this row broke: States.Timeout"}
    assert rows[0]["id"] == "a"
    assert "secret" not in json.dumps(rows)


def test_equal_rows_give_equal_bytes() -> None:
    tables = [BatchTable(), BatchTable()]
    for table in tables:
        table.add_broken(BulkItem(DOCUMENT, 1), "x")
    assert tables[0].to_gzip() == tables[1].to_gzip()
