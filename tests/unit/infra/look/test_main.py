"""`make look`: what it prints, and its exit status."""

import sys
from pathlib import Path

import pytest
from infra.look import __main__ as look

from support.html_document import parse_html
from support.receipt_documents import receipt, stored, write_objects
from support.run_table import RUN, stored_row, write_part

STACK_OF_AWS = ("AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID")


@pytest.fixture(autouse=True)
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Write pages below the directory of the test, open none, and know no AWS; return the pages that were opened."""
    pages: list[Path] = []
    monkeypatch.setattr(look, "PAGES", tmp_path / "pages")
    monkeypatch.setattr(look, "open_page", pages.append)
    for name in STACK_OF_AWS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "no-config"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.chdir(tmp_path)
    write_objects(tmp_path / "out", receipt("lot-7", stored("a.png")))
    return pages


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """Run the command as the Makefile does, which passes variables that are not set as empty texts."""
    monkeypatch.setattr(sys, "argv", ["make look", "--id", "", "--run", "", "--endpoint", "", *arguments])
    return look.main()


@pytest.mark.parametrize(("arguments", "origin"), [([], "file:"), (["--embed"], "data:")])
def test_look_writes_the_page_says_where_it_is_and_opens_it(
    opened: list[Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    origin: str,
) -> None:
    assert run(monkeypatch, "--id", "lot-7", "--out", "out", *arguments) == 0

    [page] = opened
    said = f"The page is pages/lot-7.html ({page.stat().st_size / 1000:.1f} KB). Only you can read it.\n"
    assert capsys.readouterr().out == said
    assert f"img-src {origin};" in page.read_text()
    source = parse_html(page.read_text()).find("img").attributes["src"]
    assert source.startswith("data:" if arguments else "../out/images/")


@pytest.mark.parametrize(
    ("status", "message", "arguments"),
    [
        (1, "the folder out has no receipts/lot-8.json. Check the id", ["--id", "lot-8", "--out", "out"]),
        (2, "expected ID=lot-7-cam-2, the id of a File, or RUN=name", []),
        (2, "ID and RUN are both set: keep one.", ["--id", "lot-7", "--run", "run-1"]),
        (2, "EMBED=1 is for the page of a receipt", ["--run", "run-1", "--out", "out", "--embed"]),
        (2, "ID='../lot-7' is not the id of a File", ["--id", "../lot-7", "--out", "out"]),
        (2, "ID='-x' is not the id of a File", ["--id=-x"]),
        (2, "RUN='../x' is not the name of a run", ["--run", "../x", "--out", "out"]),
        (2, "RUN='a\\nb' is not the name of a run", ["--run", "a\nb"]),
        (2, "OUT=none is not a folder", ["--id", "lot-7", "--out", "none"]),
        (2, "ENDPOINT=ftp://x is not a URL", ["--id", "lot-7", "--endpoint", "ftp://x"]),
        (
            1,
            "nothing listens at http://127.0.0.1:1. Is `make up` running?",
            ["--id", "a", "--endpoint", "http://127.0.0.1:1"],
        ),
        (1, "You must specify a region.", ["--id", "lot-7"]),
    ],
)
def test_look_says_what_is_wrong(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], status: int, message: str, arguments: list[str]
) -> None:
    assert run(monkeypatch, *arguments) == status

    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("make look: ")
    assert message in printed.err
    assert not look.PAGES.exists()


def test_endpoint_of_the_environment_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "127.0.0.1:4566")

    assert run(monkeypatch, "--id", "lot-7") == 2
    assert "AWS_ENDPOINT_URL=127.0.0.1:4566 is not a URL" in capsys.readouterr().err


def test_look_writes_the_page_of_a_run(
    opened: list[Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    write_part(tmp_path / "out", [stored_row()])

    assert run(monkeypatch, "--run", RUN, "--out", "out") == 0

    assert parse_html(opened[0].read_text()).find("h1").text == "1 image stored so far"
    assert f"The page is pages/{RUN}.html" in capsys.readouterr().out


def test_look_says_that_it_was_stopped(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def stop(*arguments: object) -> None:
        del arguments
        raise KeyboardInterrupt

    monkeypatch.setattr(look, "write_run_page", stop)

    assert run(monkeypatch, "--run", RUN, "--out", "out") == 130
    assert capsys.readouterr().err == "\nStopped. The page is not written.\n"


@pytest.mark.parametrize(
    ("status", "arguments"), [(2, []), (2, ["--id", ""]), (1, ["--run", "missing"]), (1, ["--run", "run"])]
)
def test_look_names_the_newest_runs_when_it_does_not_know_which(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    status: int,
    arguments: list[str],
) -> None:
    write_part(tmp_path / "out", [stored_row()])

    assert run(monkeypatch, *arguments, "--out", "out") == status

    assert capsys.readouterr().err.endswith(f"Its newest runs:\n  {RUN}\n")
