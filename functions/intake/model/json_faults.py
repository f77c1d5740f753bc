"""Says why bytes are not one JSON document: what was found, where, and what to do."""

import json
import re
from collections import Counter
from collections.abc import Iterable

from intake.model.binary_formats import HEAD_BYTES, describe_bad_utf8, describe_other_file_type
from intake.model.invalid_file import Fault, InvalidFile

MAX_NESTING = 200
"""Levels of objects and lists in one document: the limit of the parser. Every writer in this service permits more."""

_WHOLE = "A File that takes several lines belongs in a .json object; in a .jsonl object each line has a whole File"
_POSITION = re.compile(r"(.*) at line (\d+) column (\d+)", re.DOTALL)
_ADVICE = (
    (re.compile(rb"['`]|\xe2\x80[\x98-\x9f]"), "strings need straight double quotes"),
    (re.compile(rb"-?(NaN|Infinity|inf|nan)\b"), "NaN and Infinity are not JSON; leave the member out, or write null"),
    (re.compile(rb"(None|True|False|undefined)\b"), "write null, true or false"),
    (re.compile(rb"//|/\*|#"), "JSON has no comments"),
    (re.compile(rb"https?://"), "a plain list of URLs is named .txt; in JSON, strings need double quotes"),
    (re.compile(rb"[A-Za-z_$]"), "names and strings need double quotes"),
)
"""What stands where a value or a name is expected, and what to do."""


def describe_json_fault(text: bytes, error: ValueError) -> str:
    """Describe why the parser of pydantic_core refused a text, as the rest of a sentence.

    Args:
        text: the text that was parsed.
        error: its message ends in "at line 1 column 2"; the column counts bytes from 1.
    """
    if fault := describe_other_file_type(text[:HEAD_BYTES]) or describe_bad_utf8(text):
        return fault
    if not text.strip():
        return "is not JSON: it is empty"
    parsed = _POSITION.fullmatch(str(error))
    if parsed is None:
        return f"is not JSON: {error}"
    reason, line, column = parsed[1], int(parsed[2]), int(parsed[3])
    return _describe(text, reason, line, column)


def _describe(text: bytes, reason: str, line: int, column: int) -> str:
    place = f"at line {line} column {column}"
    rest = _find_rest(text, line, column)
    if reason == "trailing characters":
        return _describe_trailing(rest, place)
    if reason.startswith("EOF"):
        return f"is not JSON: it ends {place}, before the document is whole. {_WHOLE}"
    if reason.startswith("recursion limit"):
        return f"is nested too deeply {place}: at most {MAX_NESTING} levels are possible"
    advice = next((f"; {advice}" for pattern, advice in _ADVICE if pattern.match(rest)), "")
    return f"is not JSON: {reason} {place}{advice}"


def _describe_trailing(rest: bytes, place: str) -> str:
    if rest.removeprefix(b"\xef\xbb\xbf").startswith((b"{", b"[")):
        return f"has a second document {place}: send one, or many in a .jsonl object, one on each line"
    if rest.startswith(b","):
        return f"is not JSON: a comma follows the document {place}; lines of a .jsonl object have none between them"
    return f"is not JSON: more text follows the document {place}"


def _find_rest(text: bytes, line: int, column: int) -> bytes:
    """Return some bytes from a position on."""
    start = 0
    for _ in range(line - 1):
        start = text.find(b"\n", start) + 1
    return text[start + max(column - 1, 0) :][:16]


def check_nesting(document: object) -> None:
    """Check a document that was decoded by somebody else for its levels of objects and lists.

    Raises:
        InvalidFile: it has more than MAX_NESTING.
    """
    level = [document]
    for _ in range(MAX_NESTING + 1):
        level = [item for value in level if isinstance(value, (dict, list)) for item in _iterate(value)]
        if not level:
            return
    raise InvalidFile([Fault("", f"is nested too deeply: at most {MAX_NESTING} levels are possible")])


def _iterate(value: dict[str, object] | list[object]) -> Iterable[object]:
    return value.values() if isinstance(value, dict) else value


def find_duplicate(text: bytes) -> str | None:
    """Return a member that one object of a JSON document has twice; None if there is none.

    The parser of the service keeps the last of them without a word. The hook runs in C: it collects the members of all
    objects, and only their numbers are compared.
    """
    objects: list[list[tuple[str, object]]] = []
    json.loads(text, object_pairs_hook=objects.append)
    if list(map(len, objects)) == list(map(len, map(dict, objects))):
        return None
    return next(name for members in objects for name in _find_repeated(members))


def _find_repeated(members: list[tuple[str, object]]) -> list[str]:
    return [name for name, times in Counter(name for name, _ in members).items() if times > 1]
