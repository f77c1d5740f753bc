"""Rows of a table that may have been edited by hand."""

import pytest
from infra.look.table_row import read_number, read_row

from support.run_table import failed_row, stored_row


def test_row_has_what_the_table_has() -> None:
    row = read_row(stored_row(7, warnings=["trailing_data"], note={"sku": "B-7"}))

    assert row is not None
    assert (row.row, row.status, row.bytes, row.width, row.elapsed_ms) == (7, "stored", 1000, 800, 100)
    assert (row.content_type, row.warnings, row.note, row.code) == ("image/jpeg", ["trailing_data"], {"sku": "B-7"}, "")


@pytest.mark.parametrize(
    "columns", [None, [], "stored", 7, {}, {"status": None}, {"status": ["stored"]}, {"status": "STORED"}, {"row": 1}]
)
def test_row_is_not_read_without_a_status_that_a_table_knows(columns: object) -> None:
    assert read_row(columns) is None


@pytest.mark.parametrize("wrong", [None, "7", [7], {"7": 7}, True, -1, float("nan"), 1e300, "<script>"])
def test_columns_of_a_wrong_type_count_as_empty(wrong: object) -> None:
    numbers = dict.fromkeys(["row", "index", "bytes", "width", "height", "attempts", "elapsedMs"], wrong)

    row = read_row(failed_row() | numbers | {"note": 7, "warnings": "none", "url": 7, "message": None, "reused": "yes"})

    assert row is not None
    assert {row.row, row.position, row.bytes, row.width, row.height, row.attempts, row.elapsed_ms} == {None}
    assert (row.note, list(row.warnings), row.url, row.message, row.reused) == (None, [], "", "", False)


def test_row_needs_its_status_alone() -> None:
    assert read_row({"status": "stored"}) is not None


def test_texts_of_a_row_are_bounded() -> None:
    row = read_row(stored_row(code="x" * 10_000, url="y" * 10_000, warnings=["z" * 1000] * 1000))

    assert row is not None
    assert (len(row.code), len(row.url), len(row.warnings), len(row.warnings[0])) == (100, 4096, 20, 100)


@pytest.mark.parametrize(
    ("expected", "value"), [(0, 0), (7, 7), (7, 7.0), (7, 7.9), (None, 2**53 + 1), (None, 10**400)]
)
def test_number_is_an_integer_that_json_keeps(expected: int | None, value: object) -> None:
    assert read_number(value) == expected
