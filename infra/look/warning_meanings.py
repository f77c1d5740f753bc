"""What a warning means: the texts of docs/files-and-receipts.md, where the codes are described."""

import re
from functools import cache
from pathlib import Path

_PAGE = Path(__file__).parents[2] / "docs" / "files-and-receipts.md"
_ROW = re.compile(r"^\| `(\w+)` \| ([^|]+) \|$", re.MULTILINE)
_LINK = re.compile(r"\[([^]]+)\]\([^)]+\)")


def explain_warning(code: str) -> str:
    """Return the meaning of a warning as a sentence; "" for a code that the page does not have."""
    meaning = _read_page().get(code, "")
    return f"{meaning[0].upper()}{meaning[1:].rstrip('.')}." if meaning else ""


@cache
def _read_page() -> dict[str, str]:
    rows = _ROW.findall(_PAGE.read_text())
    return {code: _LINK.sub(r"\1", text).replace("`", "").strip() for code, text in rows}
