"""Messages about text that is not one JSON document, and the limit of levels."""

import json

import pytest
from pydantic_core import to_json

from intake.model.bulk_report import BatchReport
from intake.model.invalid_file import InvalidFile
from intake.model.json_faults import MAX_NESTING, check_nesting
from intake.model.manifest import NotJson, read_document

WHOLE = "before the document is whole. A File that takes several lines belongs in a .json object"
SECOND = "send one, or many in a .jsonl object, one on each line"


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        ("is not JSON: it is empty", b""),
        ("is not JSON: it is empty", b"\xef\xbb\xbf\r\n"),
        (f"is not JSON: it ends at line 1 column 1, {WHOLE}", b"{"),
        (f"is not JSON: it ends at line 2 column 9, {WHOLE}", b'{\n "urls": '),
        (f"has a second document at line 1 column 4: {SECOND}", b'{} {"a": 1}'),
        (f"has a second document at line 3 column 1: {SECOND}", b'{"a": 1}\n\n[2]'),
        (f"has a second document at line 1 column 9: {SECOND}", b'{"a": 1}{}'),
        ("is not JSON: a comma follows the document at line 1 column 9", b'{"a": 1},'),
        (f"has a second document at line 1 column 3: {SECOND}", b"{}\xef\xbb\xbf{}"),
        ("is not JSON: more text follows the document at line 1 column 3", b"{}\xef\xbb\xbf"),
        ("is not JSON: trailing comma at line 1 column 9", b'{"a": 1,}'),
        ("is not JSON: trailing comma at line 2 column 2", b"[1,\n ]"),
        ("is not JSON: key must be a string at line 1 column 2; strings need straight double quotes", b"{'a': 1}"),
        ("is not JSON: expected value at line 1 column 7; strings need straight double quotes", b"{\"a\": 'b'}"),
        ("is not JSON: key must be a string at line 1 column 2; strings need", "{\u201ca\u201d: 1}".encode()),
        ("is not JSON: expected value at line 1 column 7; NaN and Infinity are not JSON", b'{"a": NaN}'),
        ("is not JSON: invalid number at line 1 column 8; NaN and Infinity are not JSON", b'{"a": -Infinity}'),
        ("is not JSON: expected value at line 2 column 5; write null, true or false", b'{\n"a":None}'),
        ("is not JSON: expected value at line 1 column 1; JSON has no comments", b"// lot 7\n{}"),
        ("is not JSON: key must be a string at line 1 column 2; names and strings need double quotes", b"{urls: []}"),
        ("is not JSON: expected `:` at line 1 column 6", b'{"a" 1}'),
        ("is not text in UTF-8: the byte 0xE9 at line 2 column 11; save it as UTF-8", b'{\n"id": "caf\xe9"}'),
        ("is UTF-16, and not text in UTF-8: save it as text in UTF-8", '{"a": 1}'.encode("utf-16")),
        ("is UTF-16, and not text in UTF-8", '{"a": 1}'.encode("utf-16-le")),
        ("is UTF-32, and not text in UTF-8", '{"a": 1}'.encode("utf-32")),
        ("is gzip data, and not text in UTF-8: unpack it first", b"\x1f\x8b\x08\x00"),
        ("is HTML or XML, and not text in UTF-8: send the list itself", b"\n<html><body>Not found"),
        ("is nested too deeply at line 1 column 202: at most 200 levels are possible", b"[" * 300),
    ],
)
def test_message_says_what_was_found_where_and_what_to_do(expected: str, text: bytes) -> None:
    with pytest.raises(NotJson) as caught:
        read_document(text)
    assert str(caught.value).startswith(expected)


def nest(levels: int) -> object:
    document: object = "x"
    for _ in range(levels):
        document = {"x": [document]} if levels % 2 else {"x": document}
    return document


def test_document_that_is_accepted_can_be_written_again() -> None:
    deepest = nest(MAX_NESTING)
    assert read_document(json.dumps(deepest).encode()) == deepest
    check_nesting(deepest)
    assert json.loads(to_json({"images": [{"note": deepest}]})) == {"images": [{"note": deepest}]}


@pytest.mark.parametrize("levels", [MAX_NESTING + 2, 300, 5000])
def test_document_with_more_levels_is_refused_and_its_report_can_be_written(levels: int) -> None:
    document = nest(levels)
    with pytest.raises(InvalidFile, match="at most 200 levels"):
        check_nesting(document)
    with pytest.raises(NotJson, match="at most 200 levels"):
        read_document(json.dumps(document).encode())
    assert json.dumps(document, separators=(",", ":")).encode() in BatchReport(failed=[document]).to_json()
