"""The rows of a bulk list, and the lines of `failed.jsonl` that the next run reads again."""

import json
from typing import Any

import pytest

from intake.model.bulk_item import MAX_LINE_BYTES, BulkItem, is_retryable, to_json_line
from intake.model.file import File, InvalidFile
from intake.model.manifest import read_document

FAILURE = {"row": 7, "errors": [{"path": "", "message": "is missing"}]}
FILE = {"id": "a", "urls": ["https://a.example/?sig=kept"]}


@pytest.mark.parametrize(
    ("expected", "item"),
    [
        (BulkItem(FILE, 1), {"index": 0, "item": FILE}),
        (BulkItem("text", 3), {"index": 2, "item": "text"}),
        (BulkItem(None, 8), {"index": 7, "item": None}),
        (BulkItem(FILE), FILE),
        (BulkItem(None), None),
        (BulkItem({"index": 7}), {"index": 7}),
        (BulkItem({"index": "7", "item": FILE}), {"index": "7", "item": FILE}),
        (BulkItem({"index": 7, "item": FILE, "more": 1}), {"index": 7, "item": FILE, "more": 1}),
    ],
)
def test_item_has_the_number_of_its_row_when_the_state_machine_says_it(expected: BulkItem, item: object) -> None:
    assert expected == BulkItem.read(item)


@pytest.mark.parametrize(
    "content", [FILE, {}, {"value": 7}, {"number": 1.0, "\ud83d": "\ud83d"}, "text", 7, None, [FILE]]
)
def test_next_run_reads_a_failed_row_as_it_was(content: object) -> None:
    line = BulkItem(content, 7).to_failed(FAILURE)
    assert isinstance(line, dict)
    assert line["intakeFailure"].items() >= FAILURE.items()
    again = BulkItem.read(json.loads(to_json_line(line)))
    assert again == BulkItem(content)
    assert again.to_failed(FAILURE) == line


def test_failed_row_that_is_no_object_is_the_value_of_its_failure() -> None:
    assert BulkItem("text").to_failed(FAILURE) == {"intakeFailure": FAILURE | {"value": "text"}}


def test_failed_row_of_csv_becomes_a_document() -> None:
    line: Any = BulkItem({"id": "a", "url": "https://a.example/1", "sha256": ""}).to_failed(FAILURE)
    assert line == {"urls": [{"url": "https://a.example/1"}], "id": "a", "intakeFailure": FAILURE}


ROW: dict[str, Any] = {
    "index": 3,
    "item": {"1": "a", "2": "https://a.example/?size=1", "3": "2", "4": ""},
    "header": [{"1": "\ufeffid", "2": "URL", "3": "", "4": ""}],
}


def test_row_of_step_functions_has_the_names_of_its_columns_and_its_number() -> None:
    item = BulkItem.read(ROW | {"item": {"1": "a", "2": "u", "3": "", "4": ""}})
    assert (item.row, item.document) == (3, {"urls": [{"url": "u"}], "id": "a"})


def test_row_with_too_many_cells_cannot_be_sent_again_by_mistake() -> None:
    item = BulkItem.read(ROW)
    with pytest.raises(InvalidFile, match="has 3 cells for 2 columns"):
        File.parse(item.document)
    again = BulkItem.read(item.to_failed({"status": "refused"}))
    assert again.document == {"id": "a", "URL": "https://a.example/?size=1", "extra": ["2"]}
    with pytest.raises(InvalidFile):
        File.parse(again.document)


@pytest.mark.parametrize(
    ("expected", "header"),
    [
        ({"url": "a", "url_2": "https://a.example/?size=1", "extra": ["2"]}, ["url", "url", "", ""]),
        ({"url": "a", "column_2": "https://a.example/?size=1", "Url": "2", "extra": []}, ["url", "", "Url", ""]),
        ({"url": "a", "fileUrl": "https://a.example/?size=1", "x": "2", "extra": []}, ["url", "fileUrl", "x", ""]),
        ({"id": "a", "url": "https://a.example/?size=1", "x": "2", "y": "", "extra": []}, ["id", "url", "x", "y"]),
    ],
)
def test_row_whose_columns_are_not_known_cannot_be_sent_again_by_mistake(expected: object, header: list[str]) -> None:
    """A list with a name in each column has more columns, which Step Functions has left out."""
    names = {str(number): name for number, name in enumerate(header, start=1)}
    item = BulkItem.read(ROW | {"header": [names]})
    again = BulkItem.read(item.to_failed({"status": "refused"}))
    assert again.document == expected
    with pytest.raises(InvalidFile):
        File.parse(again.document)


@pytest.mark.parametrize(
    "content",
    [
        {"urls": [{"url": "u", "note": {"a": 1.0}}], "note": {"lot": "7"}},
        {"id": "a", "url": "u", "lot": "7", "text": "x" * 9000},
        ROW
        | {"item": {"1": "7", "2": "u", "3": "0", "4": ""}, "header": [{"1": "lot", "2": "url", "3": "lot", "4": ""}]},
        {"fileUrl": "f", "baseUrls": "b " * 100_000, "lot": "7"},
    ],
)
def test_next_run_reads_the_notes_of_a_failed_row(content: object) -> None:
    item = BulkItem.read(content)
    again = BulkItem.read(json.loads(to_json_line(item.to_failed(FAILURE))))
    assert again.document == item.document
    assert "'lot': '7'" in str(again.document)


def test_first_row_is_left_out_wherever_it_is() -> None:
    first = {"1": '\ufeff"id"', "2": "URL ", "3": "", "4": ""}
    items = [ROW | {"index": 0, "item": ROW["header"][0]}, ROW, ROW | {"item": first}]
    assert BulkItem.read_all(items) == [BulkItem.read(ROW)]


def test_empty_rows_are_left_out() -> None:
    empty = {"1": "", "2": " ", "3": "\ufeff", "4": ""}
    items = [ROW, ROW | {"item": empty}, {"index": 0, "item": {}}]
    assert BulkItem.read_all(items) == [BulkItem.read(ROW), BulkItem({}, 1)]


def test_first_row_is_an_item_when_it_does_not_name_the_columns() -> None:
    names = {"1": "id;url", "2": ""}
    [item] = BulkItem.read_all([{"index": 0, "item": names, "header": [names]}])
    with pytest.raises(InvalidFile, match="separated by semicolons"):
        File.parse(item.document)


def long_line(size: int) -> dict[str, str]:
    return {"x": "y" * (size - len('{"x":""}'))}


@pytest.mark.parametrize(
    "content",
    [
        long_line(MAX_LINE_BYTES),
        long_line(MAX_LINE_BYTES - 20),
        "ä" * (MAX_LINE_BYTES // 2 - 1),
        {"fileUrl": "f", "baseUrls": "b " * 100_000},
        {"url": "u" * (MAX_LINE_BYTES - 20)},
    ],
)
def test_failed_row_is_short_enough_for_the_next_run_whatever_its_length(content: object) -> None:
    line = BulkItem(content, 7).to_failed(FAILURE)
    assert line == content
    assert len(to_json_line(line)) <= MAX_LINE_BYTES


def test_failed_row_has_its_failure_when_both_fit() -> None:
    added = len(to_json_line({"intakeFailure": FAILURE})) - len("{}") + len(",")
    content = long_line(MAX_LINE_BYTES - added)
    assert BulkItem(content).to_failed(FAILURE) == content | {"intakeFailure": FAILURE}


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        ("[1e999]", "[1e400]"),
        ("[-1e999,1.5]", "[-123456789E+999, 1.5]"),
        (r'{"note":{"1e999":"Infinity \" NaN","x":1e999}}', r'{"note": {"1e999": "Infinity \" NaN", "x": 2e308}}'),
        (r'{"id":1e999,"x":"\u00e4\\"}', r'{"id": 1e309, "x": "\u00e4\\"}'),
        ('["Infinity",null]', '["Infinity", null]'),
    ],
)
def test_number_that_is_too_large_is_as_large_when_its_row_is_sent_again(expected: str, text: str) -> None:
    document = json.loads(text)
    line = to_json_line(document)
    assert line == expected.encode()
    assert read_document(line) == document


def test_line_with_an_unpaired_surrogate_is_ascii_at_any_length() -> None:
    assert to_json_line(["\ud83d" * MAX_LINE_BYTES]).isascii()


@pytest.mark.parametrize(
    ("retryable", "line"),
    [
        (False, {"urls": ["x"], "intakeFailure": {"row": 1, "retryable": False}}),
        (True, {"urls": ["x"], "intakeFailure": {"row": 1, "retryable": True}}),
        (True, {"urls": ["x"], "intakeFailure": {"row": 1}}),  # a report of an earlier version
        (True, {"urls": ["x"]}),  # a line that is too long for a failure
        (True, ["x"]),
        (False, {"intakeFailure": {"row": 1, "retryable": False, "value": ["x"]}}),
    ],
)
def test_line_may_be_sent_again_unless_its_failure_says_no(*, retryable: bool, line: object) -> None:
    assert is_retryable(to_json_line(line)) is retryable
