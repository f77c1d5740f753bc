"""Writes the page of a run, and finds what a reader finds on it."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from infra.look.run_page import write_run_page
from infra.look.sources import FolderSource

from support.html_document import Element, parse_html
from support.run_table import RUN, write_part, write_summary

KEYS = {"failedKey": f"runs/{RUN}/failed.jsonl", "retryableKey": f"runs/{RUN}/retryable.jsonl"}


def write_images(folder: Path, *keys: str) -> None:
    """Write files without bytes: the page links to them, and does not read them."""
    for key in keys:
        (folder / key).parent.mkdir(parents=True, exist_ok=True)
        (folder / key).touch()


def show(folder: Path, run: str = RUN) -> Element:
    """Write the page of a run from the results in a folder, and parse it."""
    target = folder / "runs" / run / "index.html"
    write_run_page(FolderSource(folder, target.parent), run, target)
    return parse_html(target.read_text(encoding="utf-8"))


def show_rows(folder: Path, rows: Iterable[object], **summary: Any) -> Element:
    """Write the results of a run with these rows, then its page."""
    write_part(folder, rows)
    write_summary(folder, **summary)
    return show(folder)


def section(page: Element, heading: str) -> Element:
    """Return the section whose heading begins so."""
    (found,) = [
        one for one in page.find_all("section") if one.find_all("h2") and one.find_all("h2")[0].text.startswith(heading)
    ]
    return found


def headings(page: Element) -> list[str]:
    """Return the headings of all sections."""
    return [heading.text for heading in page.find_all("h2")]


def cells(table: Element) -> list[list[str]]:
    """Return the texts of a table, by its rows."""
    return [[cell.text for cell in row.children if isinstance(cell, Element)] for row in table.find_all("tr")]
