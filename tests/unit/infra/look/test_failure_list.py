"""The first failures of a run, and what is shown of them."""

import random

import pytest
from infra.look.failure_list import Failure, FirstFailures
from infra.look.table_row import TableRow, read_row

from support.run_table import SHA256, failed_row, refused_row


def row_of(columns: dict[str, object]) -> TableRow:
    row = read_row(columns)
    assert row is not None
    return row


@pytest.mark.parametrize("order", ["rising", "falling", "random"])
def test_failures_are_the_first_of_the_list_in_whatever_order_the_parts_are(order: str) -> None:
    rows = [failed_row(number) for number in range(1, 1001)]
    if order == "falling":
        rows.reverse()
    if order == "random":
        random.Random(1).shuffle(rows)
    failures = FirstFailures(limit=20)
    for row in rows:
        failures.add(row_of(row))

    assert [failure.row for failure in failures.in_order()] == list(range(1, 21))
    assert failures.total == 1000


def test_failures_of_one_row_keep_their_order_and_those_without_a_row_come_last() -> None:
    failures = FirstFailures(limit=4)
    for row, position in [(None, 0), (5, 0), (5, 1), (None, 1), (2, 0), (9, 0)]:
        failures.add(row_of(failed_row() | {"row": row, "index": position}))

    assert [(failure.row, failure.image) for failure in failures.in_order()] == [
        (2, "base 0"),
        (5, "base 0"),
        (5, "base 1"),
        (9, "base 0"),
    ]


@pytest.mark.parametrize(
    ("expected", "columns"),
    [
        ({"image": "file", "code": "timeout"}, {"role": "file", "index": 0, "code": "timeout"}),
        ({"image": "image 3"}, {"role": "image", "index": 3}),
        ({"image": "base"}, {"index": None}),
        ({"url": "https://a.example/x.jpg"}, {"url": "https://a.example/x.jpg?X-Amz-Signature=secret#f"}),
        ({"url": "https://a.example/"}, {"url": "https://user:secret@a.example/"}),
        (
            {"message": "Not https://a.example/x but that."},
            {"message": "Not https://u:p@a.example/x?secret=1 but that."},
        ),
        ({"id": "3f9a1c60d0a5…"}, {"id": SHA256}),
        ({"id": "\\u202eevil"}, {"id": "\u202eevil"}),
        (
            {"note": [("sku", "B-7"), ("count", "3"), ("tags", '["a"]')]},
            {"note": {"sku": "B-7", "count": 3, "tags": ["a"]}},
        ),
        ({"note": [("url", "https://a.example/")]}, {"note": {"url": "https://a.example/?token=secret"}}),
        ({"note": []}, {"note": None}),
    ],
)
def test_failure_shows_texts_without_secrets(expected: dict[str, object], columns: dict[str, object]) -> None:
    failure = Failure.of(row_of(failed_row() | columns))

    assert {name: getattr(failure, name) for name in expected} == expected


def test_failure_of_a_whole_row_has_its_status_as_reason() -> None:
    failure = Failure.of(row_of(refused_row(3)))

    assert (failure.reason, failure.message, failure.image) == ("refused", "fileUrl: is missing", "")


def test_failure_of_a_huge_note_is_small() -> None:
    note = {f"{number}" * 1000: "x" * 100_000 for number in range(1000)}

    assert len(str(Failure.of(row_of(failed_row() | {"note": note})))) < 3000
