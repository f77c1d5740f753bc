"""The page of a run that did not end well, or whose results are damaged or missing."""

from pathlib import Path

import pytest
from infra.look.errors import LookError
from infra.look.run_page import write_run_page
from infra.look.sources import FolderSource

from support.run_page import cells, headings, section, show, show_rows
from support.run_table import RUN, failed_row, stored_row, write_part, write_summary


def test_page_of_a_run_in_which_everything_failed_has_no_image(tmp_path: Path) -> None:
    page = show_rows(tmp_path, [failed_row(row, elapsedMs=None, url="") for row in range(30)])

    assert page.find("h1").text == "0 of 30 images are stored"
    assert headings(page) == [
        "What to do next",
        "Why images failed",
        "All failures",
        "The table of the run",
        "About this page",
    ]


@pytest.mark.parametrize(("origins", "more"), [(3, ""), (4, " and 1 more origin"), (5, " and 2 more origins")])
def test_page_names_three_origins_that_gave_no_image(tmp_path: Path, origins: int, more: str) -> None:
    urls = [f"https://{number}.example/x.jpg" for number in range(origins) for _ in range(3)]

    page = show_rows(tmp_path, [failed_row(row, url=url) for row, url in enumerate(urls)])

    assert page.find("p", "lead").text.endswith(f"No image came from 0.example, 1.example, 2.example{more}.")


def test_page_of_a_run_that_has_not_ended_shows_what_there_is(tmp_path: Path) -> None:
    write_part(tmp_path, [stored_row(1), failed_row(2)])

    page = show(tmp_path)

    assert page.find("h1").text == "1 image stored so far"
    assert "50.0 % of the images so far" in page.find("header").text
    assert page.find("span", "tag").text == "not ended"
    assert "The same make run command goes on where it stopped." in section(page, "What to do next").text


def test_page_of_a_run_that_stopped_says_why(tmp_path: Path) -> None:
    page = show_rows(tmp_path, [stored_row(1)], complete=False, error="No space left on device\u202e<b>")

    assert page.find("span", "tag").text == "incomplete"
    notice = section(page, "About the figures")
    assert notice.text.endswith("the figures do not cover all of it. No space left on device\\u202e<b>")
    assert "Remove the cause of the stop. The same make run command goes on" in section(page, "What to do next").text


def test_page_of_a_run_without_a_table_shows_its_summary(tmp_path: Path) -> None:
    counts = {"images": {"stored": 5, "reused": 3, "failed": 2}, "codes": {"timeout": 2}, "status": {}, "bytes": 700}
    write_summary(tmp_path, counts=counts)

    page = show(tmp_path)

    assert page.find("h1").text == "8 of 10 images are stored"
    assert "has no table" in section(page, "About the figures").text
    assert cells(section(page, "Why images failed").find("table"))[1][:2] == ["timeout", "2"]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"7", b"\xff"])
def test_page_of_a_run_with_a_damaged_summary_shows_its_table(content: bytes, tmp_path: Path) -> None:
    write_part(tmp_path, [stored_row(1), stored_row(2)])
    (tmp_path / "runs" / RUN / "summary.json").write_bytes(content)

    page = show(tmp_path)

    assert page.find("h1").text == "2 images stored so far"
    assert f"{RUN}/summary.json" in section(page, "About the figures").text
    assert "The summary cannot be read" in section(page, "What to do next").text


def test_page_says_how_many_rows_the_table_lacks(tmp_path: Path) -> None:
    page = show_rows(tmp_path, [stored_row(1)], counts={"images": {"stored": 2, "failed": 1}, "status": {"refused": 1}})

    assert "The table lacks 3 of the rows" in section(page, "About the figures").text


def test_page_says_what_of_the_table_cannot_be_read(tmp_path: Path) -> None:
    part = write_part(tmp_path, [stored_row(row) for row in range(100)], "a")
    part.write_bytes(part.read_bytes()[:-9])
    write_part(tmp_path, [stored_row(1), 7, {"status": "lost"}, None], "b")

    page = show(tmp_path)

    assert page.find("h1").text == "101 images stored so far"
    notices = [item.text for item in section(page, "About the figures").find_all("li")]
    assert notices == [
        "Lines of the table that are no row, and are not counted: 3.",
        f"{part} is damaged: it ends early. Its later rows are missing.",
    ]


@pytest.mark.parametrize("run", ["missing", "run", "Run-1"])
def test_run_that_does_not_exist_is_an_error_that_names_those_that_do(run: str, tmp_path: Path) -> None:
    write_part(tmp_path, [stored_row()])

    with pytest.raises(LookError, match=f"has no results of a run named {run}. Its newest runs:\n  {RUN}"):
        show(tmp_path, run)


@pytest.mark.parametrize("run", ["", ".", "..", "../other", "a/b", "a\nb"])
def test_run_must_be_one_name(run: str, tmp_path: Path) -> None:
    with pytest.raises(LookError, match="expected a name without slashes"):
        write_run_page(FolderSource(tmp_path, tmp_path), run, tmp_path / "page.html")
