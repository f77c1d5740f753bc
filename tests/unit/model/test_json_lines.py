"""The lines of manifests: their numbers, and files that have no documents in lines."""

import tracemalloc
from collections.abc import AsyncGenerator

import pytest

from intake.model.json_lines import read_lines
from intake.model.manifest import MAX_DOCUMENT_BYTES, read_url_line

MARK = b"\xef\xbb\xbf"


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
        ([(1, b"one"), (3, b"two\r")], b"one\r\rtwo\r"),
        ([(1, b"one\r"), (2, b"two\r"), (4, b"three")], b"one\r\ntwo\r\n\r\nthree"),
        ([(1, b"one"), (3, b"two")], MARK + b"one\n" + MARK + b"\n" + MARK + MARK + b" two\n"),
        ([(1, b"one" + MARK + b"two")], b"one" + MARK + b"two"),
    ],
)
async def test_lines_have_their_numbers_for_any_size_of_chunks(
    expected: list[tuple[int, bytes]], text: bytes, size: int
) -> None:
    assert expected == [pair async for pair in read_lines(chunks(text, size), are_urls=False)]


async def test_line_is_shortened_when_it_is_too_long_for_a_document() -> None:
    text = b"x" * (3 * MAX_DOCUMENT_BYTES) + b"\nshort"
    [(_, first), second] = [pair async for pair in read_lines(chunks(text, 64 * 1024), are_urls=False)]
    assert MAX_DOCUMENT_BYTES < len(first) < 2 * MAX_DOCUMENT_BYTES
    assert second == (2, b"short")


async def test_white_space_before_a_line_takes_no_more_memory_than_the_line() -> None:
    spaces = b" " * MAX_DOCUMENT_BYTES
    tracemalloc.start()
    assert [pair async for pair in read_lines(chunks(spaces + b"x", len(spaces)), are_urls=False)] == [(1, b"x")]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 * len(spaces)


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        (
            [
                "{",
            ],
            b'{\n "urls": [\n  "u"\n ]\n}\n',
        ),
        (["["], b'\n[\n{"urls": ["u"]},\n{"urls": ["v"]}\n]'),
        (['[{"urls": ["u"]},'], b'[{"urls": ["u"]},\n{"urls": ["v"]}]'),
        (["["], b'[\n"https://a.example/"\n]'),
        (['{"urls":'], b'{"urls":\n ["u"]}'),
        (["{", '{"urls": ["u"]}', "7"], b'{\n{"urls": ["u"]}\n7'),
        (["\x1f\ufffd\x08"], b"\x1f\x8b\x08\nabc\ndef"),
        (['{"urls": ["u"]}', "{", "]"], b'{"urls": ["u"]}\n{\n]'),
        (['{"urls": ["u"'], b'{"urls": ["u"\n'),
    ],
)
async def test_lines_are_not_read_further_when_the_first_shows_that_there_are_none(
    expected: list[str], text: bytes
) -> None:
    lines = [line async for _, line in read_lines(chunks(text, 5), are_urls=False)]
    assert expected == [line.decode(errors="replace") for line in lines]


async def test_plain_list_may_have_comments_and_empty_lines() -> None:
    text = MARK + b"# boards\r\nhttps://a.example/1 \r\n\r\n  #\n\thttps://a.example/\xc3\xa4,2#x\n"
    read = [(n, read_url_line(line, 100)) async for n, line in read_lines(chunks(text, 7), are_urls=True)]
    assert [(n, [image.url for image in file.images]) for n, file in read] == [
        (2, ["https://a.example/1"]),
        (5, ["https://a.example/\u00e4,2#x"]),
    ]
