"""CSV as Step Functions reads it (page "How Step Functions parses input CSV files"). MiniStack uses Python's module."""

from collections.abc import Iterator, Sequence


def to_item(cells: Sequence[str], columns: Sequence[str]) -> dict[str, str]:
    """Return a row as an item. Cells beyond the columns are left out, and missing ones are empty."""
    return {column: cells[at] if at < len(cells) else "" for at, column in enumerate(columns)}


def parse_rows(text: str) -> Iterator[list[str]]:
    """Yield the cells of each row that is not empty.

    Cells in double quotes may have commas and line breaks. Two double quotes stand for one, also in a cell without
    quotes around it. A backslash escapes a backslash, a double quote and a comma, and is removed before anything else.
    """
    characters = iter(text.replace("\r\n", "\n"))
    cells, cell = [], _Cell()
    for character in characters:
        if cell.add(character):
            continue
        cells.append(cell.text)
        cell = _Cell()
        if character == "\n":
            if cells != [""]:
                yield cells
            cells = []
    if cells or cell.text:
        yield [*cells, cell.text]


class _Cell:
    """The characters of one cell."""

    def __init__(self) -> None:
        self.text = ""
        self._is_new = True
        self._is_quoted = False
        self._after = ""  # a backslash, or a double quote, whose meaning the next character decides

    def add(self, character: str) -> bool:
        """Add a character, and return False if it ends the cell."""
        after, self._after = self._after, ""
        is_new, self._is_new = self._is_new, False
        if after == "\\":
            self.text += character
        elif after == '"' and character == '"':
            self.text += '"'
        elif character == '"' and is_new:
            self._is_quoted = True
        elif character in {'"', "\\"}:
            self._after = character
        else:
            self._is_quoted = self._is_quoted and after != '"'
            if character in {",", "\n"} and not self._is_quoted:
                return False
            self.text += character
        return True
