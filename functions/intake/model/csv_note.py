"""Makes the note of a row in a CSV list from its columns that the service does not know."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import count

from intake.model.note import MAX_NOTE_BYTES, encode_note

_LONGEST_NAME = 100
_SHORTEST_CELL = 32
"""Characters that are left of a long cell at least. Columns are left out before cells are shorter."""

_LEFT_OUT = "leftOut"


def make_unique(names: Sequence[str]) -> list[str]:
    """Return a name of its own for every column, so that none hides another.

    The second column `lot` becomes `lot_2`, and the third column of a list `column_3` if it has no name.
    """
    taken, seen = set(names), set[str]()
    numbers: defaultdict[str, Iterator[int]] = defaultdict(lambda: count(2))
    unique = []
    for position, given in enumerate(names, start=1):
        name = given or f"column_{position}"
        if name in seen or (not given and name in taken):
            numbered = (f"{name}_{number}" for number in numbers[name])
            name = next(free for free in numbered if free not in taken)
            taken.add(name)
        seen.add(name)
        unique.append(name)
    return unique


def name_members(names: Sequence[str]) -> list[str]:
    """Return the names that columns have in a note: each is unique, not too long, and Unicode text."""
    return make_unique([_mark(_repair(name), _LONGEST_NAME, "…") for name in names])


def make_note(cells: Mapping[str, str], max_bytes: int = MAX_NOTE_BYTES) -> dict[str, str]:
    """Return a note with the cells that are not empty.

    If they do not fit, the longest cells are shortened, down to 32 characters. A shortened cell ends in its former
    length, such as `… (5,012 characters)`. If that is not enough, the last columns are left out, and `leftOut` says how
    many.

    Args:
        cells: by the names of `name_members`, in the order of the columns.
        max_bytes: the limit of the note, as `encode_note` writes it. If nothing fits, the note is empty.
    """
    note = {name: cell for name, cell in cells.items() if cell}
    try:
        if len(encode_note(note)) <= max_bytes:
            return note
    except UnicodeEncodeError:
        return make_note({name: _repair(cell) for name, cell in note.items()}, max_bytes)
    note = _leave_out(note, max_bytes)
    lengths = range(_SHORTEST_CELL, max(max_bytes, _SHORTEST_CELL) + 1)
    fitting = bisect_right(lengths, max_bytes, key=lambda length: len(encode_note(_shorten_cells(note, length))))
    return _shorten_cells(note, lengths[max(fitting - 1, 0)])


def _leave_out(note: dict[str, str], max_bytes: int) -> dict[str, str]:
    """Leave out the last members of a note that does not fit even if its cells are as short as they may be."""
    name = _LEFT_OUT if _LEFT_OUT not in note else make_unique([*note, _LEFT_OUT])[-1]
    marked = {name: f"{len(note)} of {len(note)} columns"}
    free, size, kept = max_bytes - len(encode_note(marked)), 0, 0
    for member, cell in note.items():
        size += len(encode_note(member)) + len(encode_note(_shorten_cell(cell, _SHORTEST_CELL))) + len(":,")
        kept += size <= free
        if size - len(",") + len("{}") > max_bytes:
            break
    else:
        return note
    if free < 0:
        return {}
    return dict(list(note.items())[:kept]) | {name: f"{len(note) - kept} of {len(note)} columns"}


def _shorten_cells(note: Mapping[str, str], length: int) -> dict[str, str]:
    return {name: _shorten_cell(cell, length) for name, cell in note.items()}


def _shorten_cell(cell: str, length: int) -> str:
    return _mark(cell, length, f"… ({len(cell):,} characters)")


def _mark(text: str, length: int, mark: str) -> str:
    """Shorten a text to a number of characters, of which the last ones are a mark."""
    return text if len(text) <= length else text[: length - len(mark)] + mark


def _repair(text: str) -> str:
    """Replace unpaired surrogates, which UTF-8 cannot contain, by U+FFFD. JSON can contain them."""
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
