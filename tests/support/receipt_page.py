"""Writes the page of a receipt, and parses it as a browser does."""

from pathlib import Path
from typing import Any

from infra.look.pages import write_receipt_page
from infra.look.sources import FolderSource

from support.html_document import Element, parse_html
from support.receipt_documents import failed, write_objects

HALF = failed("half.jpg", "invalid_image", "The JPEG ends before its EOI marker.")


def render(tmp_path: Path, document: dict[str, Any], *, embed: bool = False) -> Element:
    """Write the page of a receipt in a folder, and parse it."""
    folder = write_objects(tmp_path / "my results", document)
    target = tmp_path / "pages" / "page.html"
    write_receipt_page(FolderSource(folder, target.parent), document["id"], target, embed=embed)
    return parse_html(target.read_text())


def facts_of(card: Element) -> dict[str, str]:
    """Return the facts of an image, by their names."""
    return {row.find("dt").text: row.find("dd").text for row in card.find("dl").find_all("div")}
