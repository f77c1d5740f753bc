"""What a manifest is called, how it is split, and what the rows of a list stand for."""

from collections.abc import AsyncGenerator

import pytest

from intake.model.file import File, InvalidFile
from intake.model.manifest import (
    MAX_DOCUMENT_BYTES,
    NotJson,
    lines,
    manifest_key,
    manifest_name,
    read_document,
    read_file,
    row_to_document,
)


@pytest.mark.parametrize(
    ("expected", "key"),
    [
        (("lot-7", False), "inbox/lot-7.json"),
        (("lots", True), "inbox/lots.jsonl"),
        (("2026/11/lots.v2", True), "inbox/2026/11/lots.v2.jsonl"),
        (("a b", False), "inbox/a b.json"),
        (None, "inbox/lots.csv"),
        (None, "inbox/lots.JSON"),
        (None, "inbox/.json"),
        (None, "bulk/lots.jsonl"),
        (None, "elsewhere/inbox/lots.jsonl"),
    ],
)
def test_a_manifest_is_called_as_its_key_says(expected: tuple[str, bool] | None, key: str) -> None:
    assert expected == manifest_name(key)


def test_the_manifest_of_an_id_is_called_by_it() -> None:
    assert manifest_name(manifest_key("lot-7")) == ("lot-7", False)


async def pieces(text: bytes, size: int) -> AsyncGenerator[bytes]:
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
async def test_lines_have_their_numbers_wherever_the_pieces_end(
    expected: list[tuple[int, bytes]], text: bytes, size: int
) -> None:
    assert expected == [pair async for pair in lines(pieces(text, size))]


async def test_a_line_that_is_too_long_shows_and_is_not_held_whole() -> None:
    text = b"x" * (3 * MAX_DOCUMENT_BYTES) + b"\nshort"
    [(_, first), second] = [pair async for pair in lines(pieces(text, 64 * 1024))]
    assert MAX_DOCUMENT_BYTES < len(first) < 2 * MAX_DOCUMENT_BYTES
    assert second == (2, b"short")


@pytest.mark.parametrize("text", [b"", b"{", b"NaN", b'{"a": 1} {"b": 2}', b"\xff", b"[" * 100_000])
def test_what_is_no_json_says_so(text: bytes) -> None:
    with pytest.raises(NotJson):
        read_document(text)


def test_a_document_that_is_too_long_is_not_read() -> None:
    with pytest.raises(NotJson, match="more than 1048576 bytes"):
        read_document(b'"' + b"x" * MAX_DOCUMENT_BYTES + b'"')


def test_what_is_no_file_names_its_faults() -> None:
    with pytest.raises(InvalidFile, match="baseUrls: is missing"):
        read_file(b'{"fileUrl": "https://a.example/1"}', 100)


@pytest.mark.parametrize(
    ("expected", "row"),
    [
        ({"urls": ["u"]}, {"url": "u"}),
        ({"urls": ["u"], "id": "lot-7"}, {"url": "u", "id": "lot-7", "note": "kept by the caller"}),
        ({"urls": ["u"]}, {"url": "u", "id": "", "sha256": ""}),
        ({"urls": ["u"]}, {"\ufeffurl": "u"}),
        ({"urls": [{"url": "u", "sha256": "ab" * 32}]}, {"url": "u", "sha256": "ab" * 32}),
        ({"fileUrl": "f", "baseUrls": [["a"], ["b"]]}, {"fileUrl": "f", "baseUrls": "a  b "}),
        ({"fileUrl": "f", "baseUrls": [["a"]], "id": "x"}, {"fileUrl": "f", "baseUrls": "a", "id": "x"}),
    ],
)
def test_a_row_of_a_list_stands_for_a_file(expected: object, row: object) -> None:
    assert File.parse(expected) == File.parse(row_to_document(row))


@pytest.mark.parametrize(
    ("expected", "row"),
    [
        ({"urls": [{"url": "u"}]}, {"url": "u", "id": "", "sha256": "", "note": "kept by the caller"}),
        ({"urls": [{"url": "u", "sha256": "ab"}], "id": "x"}, {"id": "x", "sha256": "ab", "url": "u"}),
        ({"fileUrl": "f", "baseUrls": [{"url": "a"}]}, {"fileUrl": "f", "baseUrls": "a", "id": ""}),
        ({"fileUrl": "f", "baseUrls": [], "sha256": "ab"}, {"fileUrl": "f", "baseUrls": "", "sha256": "ab"}),
    ],
)
def test_what_a_row_does_not_give_is_not_in_its_document(expected: object, row: object) -> None:
    assert expected == row_to_document(row)
    assert expected == row_to_document(row_to_document(row))


@pytest.mark.parametrize("item", [{"urls": ["u"]}, {"fileUrl": "f", "baseUrls": [["a"]]}, "text", None, {"url": 3}])
def test_what_is_no_row_is_left_as_it_is(item: object) -> None:
    assert row_to_document(item) is item


def test_a_row_without_base_urls_is_no_file() -> None:
    with pytest.raises(InvalidFile, match="baseUrls"):
        File.parse(row_to_document({"fileUrl": "f", "baseUrls": " "}))
