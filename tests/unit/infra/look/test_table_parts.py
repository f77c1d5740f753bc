"""Parts of a table: whole, cut, damaged, not compressed."""

import gzip
import io
import json

import pytest
from infra.look.table_parts import MAX_LINE_BYTES, TableFault, read_part

from support.run_table import encode_part, stored_row

ROWS = [stored_row(number, id=f"lot-{number * 7919}") for number in range(1, 2001)]


def read(content: bytes) -> list[object]:
    return list(read_part(io.BytesIO(content), "the part"))


def test_part_gives_its_rows() -> None:
    assert read(encode_part(ROWS)) == ROWS


def test_part_without_compression_gives_its_rows() -> None:
    assert read(gzip.decompress(encode_part(ROWS))) == ROWS


def test_part_of_several_gzip_members_gives_all_rows() -> None:
    assert read(encode_part(ROWS[:1000]) + encode_part(ROWS[1000:])) == ROWS


@pytest.mark.parametrize("content", [b"", encode_part([])], ids=["no bytes", "compressed"])
def test_empty_part_gives_nothing(content: bytes) -> None:
    assert read(content) == []


@pytest.mark.parametrize("kept", [0.3, 0.5, 0.9])
def test_cut_part_gives_its_first_rows_and_a_fault(kept: float) -> None:
    content = encode_part(ROWS)

    *rows, fault = read(content[: int(kept * len(content))])

    assert rows == ROWS[: len(rows)]
    assert len(rows) > kept * 0.5 * len(ROWS)
    assert fault == TableFault("the part", "it ends early")


def test_part_cut_behind_its_last_row_gives_all_rows_and_a_fault() -> None:
    """The trailer of gzip, a checksum and a length of 8 bytes (RFC 1952, 2.3), is missing."""
    assert read(encode_part(ROWS)[:-8]) == [*ROWS, TableFault("the part", "it ends early")]


@pytest.mark.parametrize("position", [12, -6, 0.5])
def test_damaged_part_gives_a_fault(position: float) -> None:
    content = bytearray(encode_part(ROWS))
    start = int(position * len(content)) if isinstance(position, float) else position
    content[start : start + 4] = b"\xff\x00\xff\x01"

    fault = read(bytes(content))[-1]

    assert isinstance(fault, TableFault)
    assert (fault.part, fault.is_line) == ("the part", False)


@pytest.mark.parametrize(
    "line",
    ["{", "null,", "{'status': 'stored'}", "[" * 100_000, "\ufffe", '{"a": \x01}', "9" * 5000 + "x"],
    ids=["open", "comma", "quotes", "deep", "no character", "control", "digits"],
)
def test_line_that_is_not_json_is_a_fault_and_the_others_are_read(line: str) -> None:
    content = f"{json.dumps(ROWS[0])}\n{line}\n{json.dumps(ROWS[1])}\n".encode()

    first, fault, last = read(content)

    assert (first, last) == (ROWS[0], ROWS[1])
    assert isinstance(fault, TableFault)
    assert fault.is_line


def test_line_may_hold_an_unpaired_surrogate() -> None:
    assert read(b'{"status": "stored", "note": {"name": "\\ud800"}}') == [
        {"status": "stored", "note": {"name": "\ud800"}}
    ]


def test_empty_lines_are_skipped() -> None:
    assert read(b"\n\n" + json.dumps(ROWS[0]).encode() + b"\n\n") == ROWS[:1]


@pytest.mark.parametrize("end", ["\n", ""])
def test_long_line_is_one_fault(end: str) -> None:
    line = json.dumps({"status": "stored", "note": "x" * 3 * MAX_LINE_BYTES})

    read_lines = read(gzip.compress(f"{line}{end}{json.dumps(ROWS[0]) if end else ''}".encode(), 1))

    fault = TableFault("the part", "a line is longer than 1,048,576 bytes", is_line=True)
    assert read_lines == ([fault, ROWS[0]] if end else [fault])
