"""`make bulk` as a program: what it prints, and its exit status, against a stack in memory."""

import gzip
import json
from pathlib import Path

import pytest
from boto3.exceptions import S3UploadFailedError
from infra.bulk import __main__ as command
from infra.bulk import list_check
from infra.bulk.progress import Progress

from support.bulk_stack import ARN, FakeStack, interrupt, run, summary


@pytest.mark.parametrize("name", ["run-1", ARN])
@pytest.mark.usefixtures("stack")
def test_bulk_follows_a_run_again_by_name_or_arn(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    assert run(monkeypatch, "--run", name) == 0

    out = capsys.readouterr().out
    assert "Uploading" not in out
    assert out.startswith("The run is run-1\n[########################] 100%  2 of 2 done")
    assert "2 Files in 3 s" in out
    assert "Results of the run: s3://the-images/runs/run-1/\n" in out
    assert "To see them as a page:\n  make look RUN=run-1\n" in out


@pytest.mark.usefixtures("stack")
def test_bulk_fails_when_the_run_is_unknown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "--run", "run-2") == 1
    assert capsys.readouterr().err == "make bulk: The stack dev has no run run-2. Check RUN and STACK.\n"


def test_bulk_fails_when_list_and_run_are_both_set(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], path: str
) -> None:
    assert run(monkeypatch, path, "--run", "run-1") == 1
    assert "LIST and RUN are both set" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("images", "status"), [({"stored": 1, "failed": 1}, 0), ({"reused": 2}, 0), ({"failed": 2}, 1), ({}, 1)]
)
def test_bulk_fails_when_no_image_was_stored(
    monkeypatch: pytest.MonkeyPatch, stack: FakeStack, path: str, images: dict[str, int], status: int
) -> None:
    stack.result = summary(images)

    assert status == run(monkeypatch, path)


def test_bulk_uploads_a_list_as_json_lines_and_names_what_the_run_will_refuse(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], stack: FakeStack, tmp_path: Path
) -> None:
    uploaded: list[bytes] = []
    stack.upload = lambda converted, _: uploaded.append(converted.read_bytes())
    path = tmp_path / "urls.csv"
    path.write_text("\ufeffURL,sha256\nhttps://a.example/1,\nhttps://a.example/2,no\n")

    assert run(monkeypatch, str(path)) == 0
    first, second = map(json.loads, uploaded[0].splitlines())
    assert first == {"urls": [{"url": "https://a.example/1"}]}
    assert second == {"urls": [{"url": "https://a.example/2", "sha256": "no"}]}
    assert capsys.readouterr().out.startswith(
        f"Checking urls.csv, {path.stat().st_size} bytes ...\n"
        "The run will refuse 1 of 2 lines:\n  line 3: urls[0].sha256: must match ^[0-9A-Fa-f]{64}$\n"
        f"Uploading urls.csv as JSON lines, {len(uploaded[0])} bytes ...\n"
    )


def test_bulk_does_not_upload_a_list_with_a_row_of_too_many_cells(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], stack: FakeStack, tmp_path: Path
) -> None:
    stack.upload = lambda *_: pytest.fail("uploaded")
    path = tmp_path / "urls.csv"
    path.write_text("url\nhttps://a.example/1\nhttps://a.example/?size=1,2\n")

    assert run(monkeypatch, str(path)) == 1
    assert capsys.readouterr().err.startswith(
        "make bulk: urls.csv was not uploaded:\n  line 3 has 2 cells for 1 column:"
    )


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("list.csv.gz", "list.csv.gz is gzip data, and not text in UTF-8: unpack it first.\n"),
        ("list.tsv", "list.tsv is not a list: its name must end in .jsonl"),
        ("x" * 300 + ".csv", ".csv cannot be read: File name too long.\n"),
    ],
)
@pytest.mark.usefixtures("stack")
def test_bulk_says_what_to_do_with_a_file_that_is_no_list(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str, expected: str
) -> None:
    (tmp_path / "list.csv.gz").write_bytes(gzip.compress(b"url\nhttps://a.example/1\n"))
    (tmp_path / "list.tsv").write_text("url\nhttps://a.example/1\n")

    assert run(monkeypatch, str(tmp_path / name)) == 1
    assert expected in capsys.readouterr().err


@pytest.mark.usefixtures("stack")
def test_bulk_reads_a_list_whose_name_is_no_unicode(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "caf\udce9.csv"
    path.write_text("url\nhttps://a.example/1\n")

    assert run(monkeypatch, str(path)) == 0
    assert capsys.readouterr().out.startswith("Checking caf\\udce9.csv, ")


def test_bulk_says_why_when_the_upload_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], stack: FakeStack, path: str
) -> None:
    def refuse(*_: object) -> None:
        raise S3UploadFailedError("Failed to upload: AccessDenied")

    stack.upload = refuse

    assert run(monkeypatch, path) == 1
    assert capsys.readouterr().err == "make bulk: a call to AWS failed: Failed to upload: AccessDenied\n"


def test_bulk_says_that_no_image_was_stored(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], stack: FakeStack, path: str
) -> None:
    stack.result = summary({"failed": 2})

    run(monkeypatch, path)

    assert capsys.readouterr().err == "No image was stored.\n"


def test_bulk_says_how_to_repeat_the_last_state_when_there_is_no_summary(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], stack: FakeStack, path: str
) -> None:
    stack.result, stack.ended = None, Progress("FAILED", 2, 2, error="States.Timeout: no")

    assert run(monkeypatch, path) == 1
    out, err = capsys.readouterr()
    assert f"  aws stepfunctions redrive-execution --execution-arn {ARN}\n" in out
    assert err == "The run ended as FAILED. States.Timeout: no\n"


def test_ctrl_c_before_the_upload_says_that_nothing_was_started(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], stack: FakeStack, path: str
) -> None:
    stack.upload, stack.is_uploaded = interrupt, False

    assert run(monkeypatch, path) == command.INTERRUPTED
    assert capsys.readouterr().err == "\nStopped. Nothing was uploaded, and no run was started.\n"


def test_ctrl_c_after_the_upload_says_how_to_find_the_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], stack: FakeStack, path: str
) -> None:
    stack.before_start = interrupt

    assert run(monkeypatch, path) == command.INTERRUPTED
    err = capsys.readouterr().err
    assert "Stopped. The list is uploaded; its run goes on in AWS." in err
    assert f"list-executions --state-machine-arn {stack.machine}" in err
    assert "make bulk RUN=NAME\n" in err


def test_ctrl_c_during_the_run_says_how_to_follow_it_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], stack: FakeStack, path: str
) -> None:
    stack.before_progress = interrupt

    assert run(monkeypatch, path, "--stack", "dev") == command.INTERRUPTED
    assert capsys.readouterr().err == (
        "\nStopped. The run goes on in AWS. To follow it again:\n  make bulk RUN=run-1 STACK=dev\n"
    )


def test_bulk_names_the_reason_when_a_list_cannot_be_read(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], path: str
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(list_check, "convert_list", refuse)  # root can read every file

    assert run(monkeypatch, path) == 1
    assert capsys.readouterr().err == f"make bulk: {path} cannot be read: Permission denied.\n"


def test_bulk_uploads_nothing_when_the_folder_cannot_be_written(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], stack: FakeStack, path: str
) -> None:
    stack.upload = lambda *_: pytest.fail("uploaded")

    assert run(monkeypatch, path, "--out", f"{path}/out") == 1
    assert capsys.readouterr().err == f"make bulk: OUT={path}/out cannot be written: Not a directory.\n"
