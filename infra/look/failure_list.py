"""The first failures of a run, in the order of its list, however its table is ordered."""

import re
from heapq import heappush, heapreplace
from typing import NamedTuple

from infra.look.table_row import TableRow
from intake.model.shown_text import excerpt, redact_message, shorten
from intake.model.url import redact

MAX_FAILURES = 200
"""Failures that the page shows."""

_LAST = float("inf")
_MAX_MEMBERS = 8
_MAX_MEMBER = 120
_MAX_ID = 128
_DIGEST = re.compile("[0-9a-f]{64}")


class Failure(NamedTuple):
    """An image or a row that is not stored, as texts for people.

    Attributes:
        row: its number in the list; None if unknown.
        id: the id of the File.
        image: which image of the File it is, for example `base 2`; empty for a whole row.
        url: without query and credentials.
        status: `failed`, `refused` or `broken`.
        code: the error code; empty for a whole row.
        message: the text of the error.
        note: names and values.
    """

    row: int | None
    id: str
    image: str
    url: str
    status: str
    code: str
    message: str
    note: list[tuple[str, str]]

    @property
    def reason(self) -> str:
        """The code; for a whole row its status."""
        return self.code or self.status

    @classmethod
    def of(cls, row: TableRow) -> "Failure":
        url, message = redact(row.url), redact_message(row.message)
        image = row.role if row.role == "file" or row.position is None else f"{row.role} {row.position}"
        return cls(row.row, _show_id(row.id), shorten(image), url, row.status, row.code, message, _members(row))


def _show_id(file_id: str) -> str:
    """Return an id; of the digest that takes its place where a File has none, only the beginning."""
    return f"{file_id[:12]}…" if _DIGEST.fullmatch(file_id) else shorten(file_id, _MAX_ID)


def _members(row: TableRow) -> list[tuple[str, str]]:
    members = [] if row.note is None else list(row.note.items())[:_MAX_MEMBERS]
    return [(shorten(str(name), _MAX_MEMBER), _show(value)) for name, value in members]


def _show(value: object) -> str:
    return redact_message(value, _MAX_MEMBER) if isinstance(value, str) else shorten(excerpt(value), _MAX_MEMBER)


class FirstFailures:
    """Keeps the failures with the lowest row numbers; those without a number come last."""

    def __init__(self, limit: int = MAX_FAILURES) -> None:
        """Keep at most `limit` failures."""
        self._limit = limit
        self._heap: list[tuple[float, int, Failure]] = []  # the last one first
        self.total = 0

    def add(self, row: TableRow) -> None:
        self.total += 1
        order = -(_LAST if row.row is None else row.row)
        if len(self._heap) < self._limit:
            heappush(self._heap, (order, -self.total, Failure.of(row)))
        elif (order, -self.total) > self._heap[0][:2]:
            heapreplace(self._heap, (order, -self.total, Failure.of(row)))

    def in_order(self) -> list[Failure]:
        """Return the failures by row; those of one row in the order of the table."""
        return [failure for _, _, failure in sorted(self._heap, reverse=True)]
