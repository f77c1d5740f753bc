"""The check of a list before `make bulk` uploads it."""

from pathlib import Path

import pytest
from infra.bulk.check import HEADER_BYTES, LINE_BYTES, MAX_FAULTS, faults
from infra.local.ministack_patches.item_batcher import batches

NO_COLUMNS = "the first row has no column url, and not both columns fileUrl and baseUrls"
BATCHER = {"MaxItemsPerBatch": 50, "MaxInputBytesPerBatch": 220_000}


def write(tmp_path: Path, name: str, content: bytes) -> Path:
    path = tmp_path / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.jsonl", b'{"urls": ["https://a.example/"]}\n\n["no File"]\n7'),
        ("a.jsonl", b'{"id": "\\ud83d"}\r\n'),
        ("a.csv", b"url\nhttps://a.example/1\n"),
        ("a.CSV", b"\xef\xbb\xbfurl,id\r\nhttps://a.example/1,\r\n"),
        ("a.csv", b'id,baseUrls,fileUrl\na,"https://a.example/1 https://a.example/2",https://a.example/3\n'),
        ("a.csv", b"url\na,too,many,columns\n"),
    ],
)
def test_check_accepts_a_list_that_a_run_can_read(tmp_path: Path, name: str, content: bytes) -> None:
    assert faults(write(tmp_path, name, content)) == []


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        (
            "a.jsonl",
            b'{"id": 1}\n{no\n',
            "line 2 is not JSON: Expecting property name enclosed in double quotes (column 2)",
        ),
        ("a.jsonl", b'{"id": NaN}\n', "line 1 is not JSON: NaN is not a JSON value"),
        ("a.jsonl", b'"caf\xe9"\n', "line 1 is not JSON: "),
        ("a.jsonl", b"[" * 200_000, "line 1 is not JSON: maximum recursion depth exceeded"),
        ("a.jsonl", b"7\n" + b'"' + b"x" * LINE_BYTES + b'"', "line 2 has 219,902 bytes; at most 219,900 are possible"),
        ("a.jsonl", b"\n \n", "the list is empty: expected a File or a URL list on each line"),
        ("a.csv", b"url\n\n", "the list is empty: expected an image or a File in each row below the first"),
        ("a.csv", b"", "the first row has no column url, and not both columns fileUrl and baseUrls"),
        (
            "a.csv",
            b"fileUrl\nhttps://a.example/1\n",
            "the first row has no column url, and not both columns fileUrl and baseUrls",
        ),
        ("a.csv", b"url," + b"x" * HEADER_BYTES + b"\n1", "the first row has more than 10,240 bytes"),
        ("a.csv", b"url\n1\n" + b"x" * LINE_BYTES, "line 3 has 219,910 bytes; at most 219,900 are possible"),
        ("a.csv", b"url\n\xff\xfe\n", "the list is not CSV in UTF-8 after line 0: "),
    ],
)
def test_check_names_the_line_that_would_end_the_run(tmp_path: Path, name: str, content: bytes, expected: str) -> None:
    [fault] = faults(write(tmp_path, name, content))
    assert fault.startswith(expected)


def test_check_stops_after_ten_faults(tmp_path: Path) -> None:
    assert len(faults(write(tmp_path, "a.jsonl", b"no\n" * 1000))) == MAX_FAULTS


def test_longest_line_fits_into_a_batch_of_its_own() -> None:
    longest = "x" * (LINE_BYTES - 2)
    assert [batch["Items"] for batch in batches([longest, longest], BATCHER, None)] == [[longest], [longest]]
    with pytest.raises(ValueError, match="does not fit"):
        list(batches(["x" * 220_000], BATCHER, None))
