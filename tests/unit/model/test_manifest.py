"""The documents in a manifest: JSON, JSON lines and plain lists of URLs."""

import pytest

from intake.model.invalid_file import InvalidFile
from intake.model.manifest import (
    MAX_DOCUMENT_BYTES,
    NotJson,
    read_document,
    read_file,
    read_url_line,
)

MARK = b"\xef\xbb\xbf"


@pytest.mark.parametrize(
    "text", [b"", b"{", b"NaN", b'{"a": 1} {"b": 2}', b"\xff", b"[" * 100_000, MARK, MARK + MARK + b"1"]
)
def test_document_is_refused_when_it_is_not_json(text: bytes) -> None:
    with pytest.raises(NotJson):
        read_document(text)


def test_byte_order_mark_before_a_document_is_skipped() -> None:
    assert read_document(MARK + b'{"id": "caf\xc3\xa9"}') == {"id": "caf\u00e9"}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("id", b'{"id": "a", "id": "b", "urls": ["u"]}'),
        ("url", b'{"urls": [{"url": "a"}, {"url": "b", "sha256": null, "url": "c"}]}'),
        ("urls", b'{"urls": [], "\\u0075rls": []}'),
        ("", b'[{"x": {"": 1, "": 1e999}}]'),
    ],
)
def test_document_is_refused_when_an_object_has_a_member_twice(name: str, text: bytes) -> None:
    with pytest.raises(InvalidFile, match=f"^has the member {name!r} twice in one object"):
        read_document(text)


def test_members_of_different_objects_may_have_one_name() -> None:
    assert read_document(b'{"a": {"a": [{"a": 1}, {"a": 2}]}, "b": 9}') is not None


def test_document_is_refused_when_it_is_too_long() -> None:
    with pytest.raises(NotJson, match="more than 1048576 bytes"):
        read_document(b'"' + b"x" * MAX_DOCUMENT_BYTES + b'"')


def test_read_file_reports_faults_when_document_is_not_a_file() -> None:
    with pytest.raises(InvalidFile, match="baseUrls: is missing"):
        read_file(b'{"fileUrl": "https://a.example/1"}', 100)


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        ("is JSON, not a URL: name a list of JSON lines .jsonl", b'{"urls": ["https://a.example/"]}'),
        ("begins with a quotation mark: expected a URL alone", b'"https://a.example/"'),
        ("is HTML or XML", b"<!DOCTYPE html>"),
        ("is UTF-16", "https://a.example/".encode("utf-16")),
        ("is UTF-16", "https://a.example/".encode("utf-16-be")),
        ("is not text in UTF-8: the byte 0xE4 at line 1 column 19", b"https://a.example/\xe4"),
        ("has more than 1048576 bytes", b"x" * (MAX_DOCUMENT_BYTES + 1)),
    ],
)
def test_line_of_a_plain_list_is_refused_when_it_is_something_else(expected: str, text: bytes) -> None:
    with pytest.raises(InvalidFile, match=f"^{expected}"):
        read_url_line(text, 100)
