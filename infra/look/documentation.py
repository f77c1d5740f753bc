"""Reads tables of the documentation, so that a page says the same as docs/: what to do about an error, for example."""

import re
from functools import cache
from pathlib import Path

_DOCS = Path(__file__).parents[2] / "docs"
_ROW = re.compile(r"\| `([^`]+)` \|(.*)\|")
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")


def find_advice(code: str) -> str:
    """Return what to do about an error code: the column of docs/errors.md, as plain text."""
    return _rows("errors.md", columns=4).get(code, ["", "", "See docs/errors.md of the deployed version."])[2]


def find_warning(code: str) -> str:
    """Return the meaning of a warning: the column of docs/files-and-receipts.md, as plain text; "" if unknown."""
    return _rows("files-and-receipts.md", columns=1).get(code, [""])[0]


@cache
def _rows(page: str, columns: int) -> dict[str, list[str]]:
    """Return the rows of a page's tables with this number of columns behind a first one in backquotes."""
    matches = map(_ROW.fullmatch, (_DOCS / page).read_text().splitlines())
    rows = {match[1]: [_to_plain_text(cell) for cell in match[2].split("|")] for match in matches if match}
    return {name: cells for name, cells in rows.items() if len(cells) == columns}


def _to_plain_text(cell: str) -> str:
    """Remove the Markdown of a cell: backquotes, and links but for their text."""
    return _LINK.sub(r"\1", cell).replace("`", "").strip()
