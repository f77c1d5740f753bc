"""The first row of a CSV list: which columns it names, or why it names none."""

from collections.abc import Iterator, Sequence

from intake.model.binary_formats import describe_other_file_type
from intake.model.invalid_file import Fault, InvalidFile
from intake.model.misspelled_names import KnownNames

COLUMNS = KnownNames("url", "fileUrl", "baseUrls", "sha256", "id", "refresh")

_FORMS = "a column url, or columns fileUrl and baseUrls"
_NAMING = "name the column of the URLs url, or those of a File fileUrl and baseUrls"
_OF_FILE = {"fileUrl", "baseUrls"}
_DELIMITERS = {";": "semicolons", "\t": "tabs", "|": "vertical bars"}
_LONGEST_SHOWN = 100


def read_header(cells: Sequence[str]) -> tuple[str, ...]:
    """Return the names of the columns.

    Raises:
        InvalidFile: with the faults of the row; no row of the list can be read.
    """
    names = trim_names(cells)
    if faults := [Fault("", message) for message in _find_faults(names)]:
        raise InvalidFile(faults)
    return names


def trim_names(cells: Sequence[str]) -> tuple[str, ...]:
    """Remove spaces and a byte order mark around the names, and empty names at the end."""
    names = [cell.strip().strip('\ufeff"').strip() for cell in cells]
    while names and not names[-1]:
        names.pop()
    return tuple(names)


def _find_faults(names: Sequence[str]) -> Iterator[str]:
    spellings: dict[str, list[str]] = {}
    for name in names:
        if known := COLUMNS.find(name):
            spellings.setdefault(known, []).append(name)
    if not spellings:
        yield _describe_row_without_columns(names)
        return
    for known, given in spellings.items():
        if len(given) > 1:
            yield f"the first row has the columns {' and '.join(map(repr, given))}, which both mean {known}: keep one"
    of_file = [name for name in spellings if name in _OF_FILE]
    if "url" in spellings and of_file:
        yield f"the first row has the columns url and {' and '.join(of_file)}: expected {_FORMS}"
    elif "url" not in spellings and len(of_file) < len(_OF_FILE):
        yield _describe_missing_columns(names)


def _describe_missing_columns(names: Sequence[str]) -> str:
    found = f"the first row has no column url, and not both columns fileUrl and baseUrls; it has {_show(names)}"
    return f"{found}: {_NAMING}"


def _describe_row_without_columns(names: Sequence[str]) -> str:
    """Say what the first row is instead of names of columns that commas separate."""
    text = ",".join(names)
    if not text.strip(","):
        return f"the first row is empty, it has no column url: expected {_FORMS}"
    if foreign := describe_other_file_type(text.encode(errors="surrogatepass")):
        return f"the list {foreign}"
    checks = (
        (text.lower().startswith("sep="), f"the first row is {_show(names)}, which only Excel reads: delete the row"),
        (text.startswith(("{", "[")), "the list is JSON, not CSV: name a list of JSON lines .jsonl"),
        ("\r" in text, "the lines end in CR alone: save the list with LF or CRLF at their ends"),
        ("\ufffd" in text, "the list is not text in UTF-8: save it as CSV in UTF-8, separated by commas"),
        *((is_found, _describe_delimiter(words)) for is_found, words in _find_delimiters(text)),
        ("://" in text, f"the first row has a URL, and no names of columns: write a row above it, with {_FORMS}"),
        *_find_frequent_delimiters(text),  # after URLs, which may have semicolons
    )
    return next((message for is_it, message in checks if is_it), _describe_missing_columns(names))


def _find_delimiters(text: str) -> Iterator[tuple[bool, str]]:
    """Yield for each delimiter whether it separates the name of a known column from others, and its name in words."""
    for delimiter, words in _DELIMITERS.items():
        parts = [part.strip('"') for name in text.split(",") if delimiter in name for part in name.split(delimiter)]
        yield any(map(COLUMNS.find, parts)), words


def _find_frequent_delimiters(text: str) -> Iterator[tuple[bool, str]]:
    """Yield for each delimiter whether the row has more of it than commas, and what to do: no name is known."""
    for delimiter, words in _DELIMITERS.items():
        it_has = f"it has {_show(trim_names(text.split(delimiter)))}"
        yield text.count(delimiter) > text.count(","), f"{_describe_delimiter(words)}, and {_NAMING}; {it_has}"


def _describe_delimiter(words: str) -> str:
    return f"the columns are separated by {words}: save the list as CSV with commas"


def _show(names: Sequence[str]) -> str:
    text = ", ".join(names)
    return repr(text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}...")
