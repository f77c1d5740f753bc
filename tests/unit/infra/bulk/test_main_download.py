"""`make bulk OUT=folder`: what it downloads when the run has ended."""

from pathlib import Path
from typing import Any

import pytest
from infra.bulk import __main__ as command
from infra.bulk.progress import Progress

from support.bulk_stack import FakeStack, run, summary


class FakeDownload:
    """A download that finds some parts of a table."""

    def __init__(self, parts: int, *, is_stopped: bool = False) -> None:
        self.parts, self.files, self.unchanged = parts, parts, 1
        self._is_stopped = is_stopped

    def __call__(self, _s3: object, bucket: str, run: str, folder: Path) -> "FakeDownload":
        assert bucket == "the-images"
        self.path = folder / "runs" / run
        return self

    def download(self) -> None:
        if self._is_stopped:
            raise KeyboardInterrupt


def test_bulk_says_where_the_results_are_and_how_to_download_them(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], stack: FakeStack, path: str
) -> None:
    lists = {"failedKey": "f.jsonl", "retryableKey": "r.jsonl", "tablePrefix": "runs/run-1/images/"}
    stack.result = summary({"stored": 2}) | lists

    assert run(monkeypatch, path, "--stack", "dev") == 0
    out = capsys.readouterr().out
    for line in ("f.jsonl", "r.jsonl", "runs/run-1/images/"):
        assert f"  s3://the-images/{line}\n" in out
    assert out.endswith("  make bulk RUN=run-1 STACK=dev OUT=folder\n")


def test_bulk_downloads_the_results_when_the_run_has_ended(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], stack: FakeStack, tmp_path: Path
) -> None:
    stack.ended = Progress("FAILED", 2, 2, error="States.Timeout: no")
    monkeypatch.setattr(command, "RunDownload", FakeDownload(1234))

    assert run(monkeypatch, "--run", "run-1", "--out", str(tmp_path / "out")) == 1  # as the run
    ended = f"The table has 1,234 parts in {tmp_path}/out/runs/run-1/images/; 1,234 files, of which 1 were there.\n"
    assert capsys.readouterr().out.endswith(ended)


@pytest.mark.usefixtures("stack")
def test_ctrl_c_during_the_download_says_how_to_go_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(command, "RunDownload", FakeDownload(1, is_stopped=True))

    assert run(monkeypatch, "--run", "run-1", "--out", f"{tmp_path}/a b") == command.INTERRUPTED
    err = capsys.readouterr().err
    assert err == (
        "\nStopped. The files that are in the folder are whole. To go on:\n"
        f"  make bulk RUN=run-1 OUT='{tmp_path}/a b'\n"
    )


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (None, "The run run-1 has no table: no batch has ended, or its objects were deleted after InboxDays.\n"),
        (summary({"stored": 2}), "The run run-1 has no table, because the stack was of an earlier version."),
        (summary({}) | {"tablePrefix": "x"}, "The table of the run run-1 is empty: no batch has ended.\n"),
    ],
)
def test_bulk_says_why_a_run_has_no_table(
    *,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    stack: FakeStack,
    tmp_path: Path,
    result: dict[str, Any] | None,
    expected: str,
) -> None:
    stack.result = result
    monkeypatch.setattr(command, "RunDownload", FakeDownload(0))

    assert run(monkeypatch, "--run", "run-1", "--out", str(tmp_path)) == 1
    assert expected in capsys.readouterr().err
