"""The documents in a manifest, and the rows of a bulk list."""

from collections.abc import AsyncGenerator

import pytest

from intake.model.file import File, InvalidFile
from intake.model.manifest import (
    MAX_DOCUMENT_BYTES,
    NotJson,
    read_document,
    read_file,
    row_to_document,
    split_lines,
)


async def chunks(text: bytes, size: int) -> AsyncGenerator[bytes]:
    for start in range(0, len(text), size):
        yield text[start : start + size]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
@pytest.mark.parametrize(
    ("expected", "text"),
    [
        ([], b""),
        ([], b"\n\n  \n"),
        ([(1, b"one")], b"one"),
        ([(1, b"one"), (2, b"two")], b"one\ntwo\n"),
        ([(2, b"one\r"), (4, b"two")], b"\none\r\n \ntwo"),
    ],
)
async def test_lines_have_their_numbers_for_any_size_of_chunks(
    expected: list[tuple[int, bytes]], text: bytes, size: int
) -> None:
    assert expected == [pair async for pair in split_lines(chunks(text, size))]


async def test_line_is_shortened_when_it_is_too_long_for_a_document() -> None:
    text = b"x" * (3 * MAX_DOCUMENT_BYTES) + b"\nshort"
    [(_, first), second] = [pair async for pair in split_lines(chunks(text, 64 * 1024))]
    assert MAX_DOCUMENT_BYTES < len(first) < 2 * MAX_DOCUMENT_BYTES
    assert second == (2, b"short")


@pytest.mark.parametrize("text", [b"", b"{", b"NaN", b'{"a": 1} {"b": 2}', b"\xff", b"[" * 100_000])
def test_document_is_refused_when_it_is_not_json(text: bytes) -> None:
    with pytest.raises(NotJson):
        read_document(text)


def test_document_is_refused_when_it_is_too_long() -> None:
    with pytest.raises(NotJson, match="more than 1048576 bytes"):
        read_document(b'"' + b"x" * MAX_DOCUMENT_BYTES + b'"')


def test_read_file_reports_faults_when_document_is_not_a_file() -> None:
    with pytest.raises(InvalidFile, match="baseUrls: is missing"):
        read_file(b'{"fileUrl": "https://a.example/1"}', 100)


@pytest.mark.parametrize(
    ("expected", "row"),
    [
        ({"urls": ["u"]}, {"url": "u"}),
        ({"urls": ["u"], "id": "lot-7"}, {"url": "u", "id": "lot-7", "note": "ignored"}),
        ({"urls": ["u"]}, {"url": "u", "id": "", "sha256": ""}),
        ({"urls": ["u"]}, {"\ufeffurl": "u"}),
        ({"urls": [{"url": "u", "sha256": "ab" * 32}]}, {"url": "u", "sha256": "ab" * 32}),
        ({"fileUrl": "f", "baseUrls": [["a"], ["b"]]}, {"fileUrl": "f", "baseUrls": "a  b "}),
        ({"fileUrl": "f", "baseUrls": [["a"]], "id": "x"}, {"fileUrl": "f", "baseUrls": "a", "id": "x"}),
    ],
)
def test_row_becomes_a_file(expected: object, row: object) -> None:
    assert File.parse(expected) == File.parse(row_to_document(row))


@pytest.mark.parametrize(
    ("expected", "row"),
    [
        ({"urls": [{"url": "u"}]}, {"url": "u", "id": "", "sha256": "", "note": "ignored"}),
        ({"urls": [{"url": "u", "sha256": "ab"}], "id": "x"}, {"id": "x", "sha256": "ab", "url": "u"}),
        ({"fileUrl": "f", "baseUrls": [{"url": "a"}]}, {"fileUrl": "f", "baseUrls": "a", "id": ""}),
        ({"fileUrl": "f", "baseUrls": [], "sha256": "ab"}, {"fileUrl": "f", "baseUrls": "", "sha256": "ab"}),
    ],
)
def test_document_has_no_members_for_empty_cells(expected: object, row: object) -> None:
    assert expected == row_to_document(row)
    assert expected == row_to_document(row_to_document(row))


@pytest.mark.parametrize("item", [{"urls": ["u"]}, {"fileUrl": "f", "baseUrls": [["a"]]}, "text", None, {"url": 3}])
def test_item_is_returned_unchanged_when_it_is_not_a_row(item: object) -> None:
    assert row_to_document(item) is item


def test_row_is_refused_when_it_has_no_base_urls() -> None:
    with pytest.raises(InvalidFile, match="baseUrls"):
        File.parse(row_to_document({"fileUrl": "f", "baseUrls": " "}))
