"""TableRow: one row of a run's table. A table is input: anything in it may be missing or wrong."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

STATUSES = frozenset({"stored", "failed", "refused", "broken"})

_MAX_NUMBER = 2**53
"""The largest integer that every JSON parser reads exactly (RFC 8259, 6)."""

_MAX_NAME = 100
_MAX_TEXT = 4096
_MAX_WARNINGS = 20


class TableRow(NamedTuple):
    """One row. A text is empty, and a number or `note` is None, where the row has nothing or another type.

    Attributes:
        status: `stored`, `failed`, `refused` or `broken`.
        row: the number of the document in the list, from 1.
        id: the id of the File.
        role: `file`, `base` or `image`.
        position: the index among the images of this role, from 0.
        url: the URL without its query.
        reused: whether the bytes were in the store already.
        source: how the service learned that it has the bytes: `fetched`, `unchanged`, `fresh` or `known`.
        key: the key of the stored image.
        content_type: the media type.
        bytes: the size of the image.
        width: in pixels.
        height: in pixels.
        warnings: codes of what is unusual about the image.
        attempts: requests to the origin.
        elapsed_ms: milliseconds spent on the image.
        code: the error code.
        message: the text of the error.
        note: the notes of the File and of the image.
    """

    status: str
    row: int | None
    id: str
    role: str
    position: int | None
    url: str
    reused: bool
    source: str
    key: str
    content_type: str
    bytes: int | None
    width: int | None
    height: int | None
    warnings: Sequence[str]
    attempts: int | None
    elapsed_ms: int | None
    code: str
    message: str
    note: Mapping[str, Any] | None


def read_row(columns: object) -> TableRow | None:
    """Read a row; None if it is no object or has no status that a table knows."""
    if not isinstance(columns, dict):
        return None
    column = columns.get
    status = _text(column("status"))
    if status not in STATUSES:
        return None
    note = column("note")
    return TableRow(
        status=status,
        row=read_number(column("row")),
        id=_text(column("id"), _MAX_TEXT),
        role=_text(column("role")),
        position=read_number(column("index")),
        url=_text(column("url"), _MAX_TEXT),
        reused=column("reused") is True,
        source=_text(column("source")),
        key=_text(column("key"), _MAX_TEXT),
        content_type=_text(column("contentType")),
        bytes=read_number(column("bytes")),
        width=read_number(column("width")),
        height=read_number(column("height")),
        warnings=_texts(column("warnings")),
        attempts=read_number(column("attempts")),
        elapsed_ms=read_number(column("elapsedMs")),
        code=_text(column("code")),
        message=_text(column("message"), _MAX_TEXT),
        note=note if isinstance(note, dict) else None,
    )


def _text(value: object, longest: int = _MAX_NAME) -> str:
    return value[:longest] if isinstance(value, str) else ""


def _texts(values: object) -> Sequence[str]:
    if not values or not isinstance(values, list):
        return ()
    return [text for text in map(_text, values[:_MAX_WARNINGS]) if text]


def read_number(value: object) -> int | None:
    """Return a number as an integer; None if it is none, negative or above 2^53.

    pandas and duckdb write a column of integers with gaps as 7.0.
    """
    if value is None or isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if 0 <= value <= _MAX_NUMBER else None
