"""`make bulk` looks through a list before it uploads it, and says after Ctrl-C what has happened."""

from pathlib import Path

import pytest
from infra.bulk import __main__ as command
from infra.bulk.check import HEADER_BYTES, LINE_BYTES, SHOWN, faults
from infra.local.ministack_patches.item_batcher import batches

BATCHER = {"MaxItemsPerBatch": 50, "MaxInputBytesPerBatch": 220_000}


def written(tmp_path: Path, name: str, content: bytes) -> Path:
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
def test_a_list_that_a_run_can_go_through_has_no_fault(tmp_path: Path, name: str, content: bytes) -> None:
    assert faults(written(tmp_path, name, content)) == []


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        (
            "a.jsonl",
            b'{"id": 1}\n{no\n',
            "line 2 is not JSON: Expecting property name enclosed in double quotes (column 2)",
        ),
        ("a.jsonl", b'{"id": NaN}\n', "line 1 is not JSON: NaN is no value of JSON"),
        ("a.jsonl", b'"caf\xe9"\n', "line 1 is not JSON: "),
        ("a.jsonl", b"[" * 200_000, "line 1 is not JSON: maximum recursion depth exceeded"),
        ("a.jsonl", b"7\n" + b'"' + b"x" * LINE_BYTES + b'"', "line 2 has 219,902 bytes; a line may have 219,900"),
        ("a.jsonl", b"\n \n", "it is empty: each of its lines has to be a File or a URL list"),
        ("a.csv", b"url\n\n", "it is empty: each row below the first has to be an image or a File"),
        ("a.csv", b"", "the first row names no column url, nor fileUrl and baseUrls"),
        ("a.csv", b"fileUrl\nhttps://a.example/1\n", "the first row names no column url, nor fileUrl and baseUrls"),
        ("a.csv", b"url," + b"x" * HEADER_BYTES + b"\n1", "the first row has more than 10,240 bytes"),
        ("a.csv", b"url\n1\n" + b"x" * LINE_BYTES, "line 3 has 219,910 bytes; a line may have 219,900"),
        ("a.csv", b"url\n\xff\xfe\n", "after line 0 it is no CSV in UTF-8: "),
    ],
)
def test_what_would_end_a_run_is_said_with_its_line(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    [fault] = faults(written(tmp_path, name, content))
    assert fault.startswith(said)


def test_a_list_that_is_something_else_altogether_is_not_told_line_by_line(tmp_path: Path) -> None:
    assert len(faults(written(tmp_path, "a.jsonl", b"no\n" * 1000))) == SHOWN


def test_the_longest_line_fits_into_a_batch_beside_nothing_else() -> None:
    longest = "x" * (LINE_BYTES - 2)
    assert [batch["Items"] for batch in batches([longest, longest], BATCHER, None)] == [[longest], [longest]]
    with pytest.raises(ValueError, match="does not fit"):
        list(batches(["x" * 220_000], BATCHER, None))


class Interrupted:
    """A stack whose upload is stopped by Ctrl-C, before or after the list has arrived."""

    inbox, images = "the-inbox", "the-images"

    def __init__(self, *, arrived: bool) -> None:
        self._arrived = arrived

    def key_for(self, path: Path) -> str:
        return f"bulk/{path.name}"

    def upload(self, _path: Path, _key: str) -> None:
        raise KeyboardInterrupt

    def has(self, _key: str) -> bool:
        return self._arrived


@pytest.mark.parametrize(
    ("stack", "said"),
    [
        (Interrupted(arrived=False), "Stopped. Nothing was uploaded, and nothing was started."),
        (Interrupted(arrived=True), "The list is uploaded. The run goes on."),
    ],
)
def test_ctrl_c_during_the_upload_says_whether_the_list_has_arrived(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], stack: Interrupted, said: str
) -> None:
    monkeypatch.setattr(command, "Stack", lambda *_: stack)
    monkeypatch.setattr("sys.argv", ["bulk", str(written(tmp_path, "a.jsonl", b"{}"))])

    assert command.main() == command.INTERRUPTED
    assert said in capsys.readouterr().err


def test_a_list_that_may_not_be_read_is_said_in_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused(_: Path) -> list[str]:
        raise PermissionError(13, "Permission denied")

    path = written(tmp_path, "a.jsonl", b"{}")
    monkeypatch.setattr(command, "faults", refused)  # root, as whom tests may run, reads everything
    monkeypatch.setattr("sys.argv", ["bulk", str(path)])

    assert command.main() == 1
    assert capsys.readouterr().err == f"{path} cannot be read: Permission denied.\n"
