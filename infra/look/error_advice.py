"""What to do about an error code: the texts of docs/errors.md, where the codes are described."""

import re
from functools import cache
from pathlib import Path

from intake.model.error_codes import LEAVES, ErrorClass

_PAGE = Path(__file__).parents[2] / "docs" / "errors.md"
_ROW = re.compile(r"^\| `(\w+)` \| \w+ \| [^|]+ \| ([^|]+) \|", re.MULTILINE)
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_CLASSES = {leaf.code: leaf.error_class for leaf in LEAVES}


def advise(code: str) -> str:
    """Return what to do about a code; empty for one that does not exist."""
    return _read_page().get(code, "")


def class_of(code: str) -> ErrorClass | None:
    """Return the class of a code; None for one that does not exist."""
    return _CLASSES.get(code)


@cache
def _read_page() -> dict[str, str]:
    rows = _ROW.findall(_PAGE.read_text(encoding="utf-8"))
    return {code: _LINK.sub(r"\1", text).replace("`", "").strip() for code, text in rows}
