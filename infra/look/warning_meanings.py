"""What a warning means: the texts of docs/files-and-receipts.md, where the codes are described."""

import re
from functools import cache
from pathlib import Path

_PAGE = Path(__file__).parents[2] / "docs" / "files-and-receipts.md"
_ROW = re.compile(r"^\| `(\w+)` \| ([^|]+) \|$", re.MULTILINE)


def explain_warning(code: str) -> str:
    """Return the meaning of a warning as a sentence; "" for a code that the page does not have."""
    meaning = _read_page().get(code, "")
    return f"{meaning[0].upper()}{meaning[1:].rstrip('.')}." if meaning else ""


@cache
def _read_page() -> dict[str, str]:
    return {code: text.replace("`", "").strip() for code, text in _ROW.findall(_PAGE.read_text())}
