"""Turns the rows of a CSV list into documents of Files.

`make bulk` reads the rows itself. In a run, Step Functions reads them, and leaves out cells that have no column. So the
state machine gives it more columns, with the names 1, 2, 3, ..., and passes each row with the first row beside it:
`{"index": 1, "item": {"1": "a", "2": "https://...", "3": ""}, "header": [{"1": "id", "2": "url", "3": ""}]}`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple, Self

from intake.model.csv_header import COLUMNS, read_header, trim_names
from intake.model.csv_note import make_note, make_unique, name_members
from intake.model.invalid_file import Fault, InvalidFile
from intake.model.json_faults import check_nesting
from intake.model.note import MAX_NOTE_BYTES

_BYTE_ORDER_MARK = "\ufeff"
_BOOLEANS = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class CsvColumns:
    """The columns of a CSV list.

    Attributes:
        names: the first row.
        positions: the position of each known column, by its known name.
        members: the positions of the other columns, by the names that they have in the note of a row.
    """

    names: tuple[str, ...]
    positions: Mapping[str, int]
    members: Mapping[str, int]

    @classmethod
    def parse(cls, cells: Sequence[str]) -> Self:
        """Find the known columns in the first row. Case, spaces, `-` and `_` in their names do not matter.

        Raises:
            InvalidFile: with the faults of the row; no row of the list can be read.
        """
        names = read_header(cells)
        known = {name: position for position, given in enumerate(names) if (name := COLUMNS.find(given))}
        members = {name: position for position, name in enumerate(name_members(names))}
        others = {name: position for name, position in members.items() if position not in known.values()}
        return cls(names, known, others)

    def is_header(self, cells: Sequence[str]) -> bool:
        """Whether a row is the first row again, as in lists that were joined."""
        return trim_names(cells) == self.names

    def to_document(self, cells: Sequence[str], *, max_note_bytes: int = MAX_NOTE_BYTES) -> dict[str, object]:
        """Turn a row into the document of a File. Cells beyond the columns must be empty.

        A row with a URL becomes a URL list of one image. In a row with `fileUrl` and `baseUrls`, spaces separate the
        base URLs. Columns that are not known become members of the note.

        Args:
            cells: the row.
            max_note_bytes: what the note is shortened to, see `make_note`.

        Raises:
            InvalidFile: the row is empty, or has too many cells.
        """
        cells = [_trim(cell) for cell in cells]
        filled = max((number for number, cell in enumerate(cells, start=1) if cell), default=0)
        if not filled:
            raise InvalidFile([Fault("", "is empty")])
        if filled > len(self.names):
            raise InvalidFile([Fault("", _describe_extra_cells(filled, len(self.names)))])
        row, others = _pick(cells, self.positions), _pick(cells, self.members)
        note = make_note(others, max_note_bytes) if others else {}
        rest = _select(row, "id") | _refresh(row) | ({"note": note} if note else {})
        if "url" in self.positions:
            return {"urls": [{"url": row.get("url", "")} | _select(row, "sha256")]} | rest
        bases = [{"url": url} for url in row.get("baseUrls", "").split()]
        return {"fileUrl": row.get("fileUrl", ""), "baseUrls": bases} | _select(row, "sha256") | rest


def _describe_extra_cells(cells: int, columns: int) -> str:
    named = "1 column" if columns == 1 else f"{columns} columns"
    return f"has {cells} cells for {named}: a cell with a comma in it needs double quotes around it"


def _pick(cells: Sequence[str], positions: Mapping[str, int]) -> dict[str, str]:
    return {name: cells[position] for name, position in positions.items() if position < len(cells)}


def _select(row: Mapping[str, str], *columns: str) -> dict[str, object]:
    """Return the cells of these columns that are not empty."""
    return {column: row[column] for column in columns if row.get(column)}


def _refresh(row: Mapping[str, str]) -> dict[str, object]:
    """Return the member `refresh`; another text than true or false stays, so that the File has its fault."""
    return {name: _BOOLEANS.get(str(cell).lower(), cell) for name, cell in _select(row, "refresh").items()}


def row_to_document(item: object) -> object:
    """Turn a row into the document of a File; return other items as they are.

    An item is a row if it has the first row beside it. It is one too if all its members are strings, which have the
    names of their columns, and it has a URL where a row has one.

    Raises:
        InvalidFile: the row has no document, or the item has too many levels of objects and lists.
    """
    check_nesting(item)
    if row := _split(item):
        return _parse_first_row(row.names).to_document(row.cells)
    if isinstance(item, dict) and _is_named_row(item):
        return CsvColumns.parse(list(item)).to_document(list(item.values()))
    return item


def is_first_row(item: object) -> bool:
    """Whether an item is the first row itself, and names the columns. Lists that were joined have it several times."""
    row = _split(item)
    return row is not None and trim_names(row.cells) == trim_names(row.names) and _names_columns(row.names)


def is_empty_row(item: object) -> bool:
    """Whether an item is a row without text, as spreadsheet programs write them below the others."""
    row = _split(item)
    return row is not None and not has_text(row.cells)


def has_text(cells: Sequence[str]) -> bool:
    """Whether a row has a cell with more than spaces and byte order marks."""
    return any(map(_trim, cells))


def _trim(cell: str) -> str:
    return cell.strip().strip(_BYTE_ORDER_MARK).strip()


def name_cells(item: object) -> object:
    """Return a row with the names of its columns; return other items as is.

    A column without a name, or with the name of another one, gets one, see `make_unique`. Cells beyond the columns are
    in `extra`. It is there, as a list, whenever the row may lack cells or names: then nobody can take the result for a
    row of its own.
    """
    if row := _split(item):
        names = make_unique(trim_names(row.names))
        extra = [cell for cell in row.cells[len(names) :] if cell]
        named: dict[str, object] = dict(zip(names, row.cells, strict=False))
        return named | ({"extra": extra} if extra or not _names_columns(row.names) else {})
    return item


class _Row(NamedTuple):
    names: list[str]
    cells: list[str]


def _split(item: object) -> _Row | None:
    """Return the names of the columns and the cells of a row that Step Functions has read; None for other items."""
    match item:
        case {"index": int(), "item": dict(cells), "header": [dict(names)], **others} if not others:
            row = _Row(list(names.values()), list(cells.values()))
            return row if all(isinstance(text, str) for text in chain(*row)) else None
    return None


def _parse_first_row(names: Sequence[str]) -> CsvColumns:
    columns = CsvColumns.parse(names)
    if len(columns.names) == len(names):
        raise InvalidFile([Fault("", f"the list has more than {len(names) - 1} columns: send it with `make bulk`")])
    return columns


def _names_columns(names: Sequence[str]) -> bool:
    try:
        _parse_first_row(names)
    except InvalidFile:
        return False
    return True


def _is_named_row(item: Mapping[str, object]) -> bool:
    if not all(isinstance(value, str) for value in item.values()):
        return False
    columns = set(map(COLUMNS.find, item))
    return "url" in columns or {"fileUrl", "baseUrls"} <= columns
