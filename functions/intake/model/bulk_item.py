"""BulkItem: one row of a bulk list, as the state machine passes it, and as `failed.jsonl` has it if it failed.

In `failed.jsonl`, the member `intakeFailure` says why a row failed. The next run removes it.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from intake.model.csv_list import is_empty_row, is_first_row, name_cells, row_to_document
from intake.model.invalid_file import InvalidFile

MAX_LINE_BYTES = 219_900
"""The longest line of a list that fits into a batch, with the JSON that the state machine adds."""

_STRING_OR_CONSTANT = re.compile(r'"(?:[^"\\]|\\.)*+"|-?Infinity|NaN')
_CONSTANTS = {"Infinity": "1e999", "-Infinity": "-1e999", "NaN": "null"}


@dataclass(frozen=True, slots=True)
class BulkItem:
    """One row of a bulk list.

    Attributes:
        content: decoded JSON; of a row of CSV, the item with the first row beside it, or an object of strings.
        row: its number from 1, as Step Functions counts: without the first row of CSV. None if unknown.
    """

    content: object
    row: int | None = None

    @classmethod
    def read(cls, item: object) -> "BulkItem":
        """Read an item of a batch: `{"index": 0, "item": …}`, or the row alone. Undo what `to_failed` added."""
        match item:
            case {"index": int(index), "item": content, **rest} if not rest:
                return cls(_remove_failure(content), index + 1)
            case {"index": int(index), "item": dict(), "header": list(), **rest} if not rest:
                return cls(item, index)
        return cls(_remove_failure(item))

    @classmethod
    def read_all(cls, items: Iterable[object]) -> list["BulkItem"]:
        """Read the items of a batch, without the first row of a CSV list and empty ones, which are items too."""
        return [cls.read(item) for item in items if not (is_first_row(item) or is_empty_row(item))]

    @property
    def shown(self) -> object:
        """The content; a row of CSV has the names of its columns."""
        return name_cells(self.content)

    @property
    def document(self) -> object:
        """The document of a File; a row of CSV becomes the File or URL list that it describes.

        Raises:
            InvalidFile: the row has no document.
        """
        return row_to_document(self.content)

    def to_failed(self, failure: Mapping[str, object]) -> object:
        """Return the line for `failed.jsonl`: the document, and why it failed.

        A row that is no object has no place for a member, so it becomes the `value` of the failure. A line must be
        short enough for the next run: a very long one lacks the failure, and a row of CSV that is longer as a document
        stays as it is.
        """
        try:
            document = self.document
        except InvalidFile:
            document = self.shown
        for line in (_add_failure(document, failure), document):
            if len(to_json_line(line)) <= MAX_LINE_BYTES:
                return line
        return self.shown


def encode_json(document: object, *, ensure_ascii: bool = True) -> str:
    """Encode a document that was decoded from JSON, so that it is decoded to the same values again.

    JSON has no infinity, which numbers such as 1e400 become when they are decoded: 1e999 takes its place. With null, a
    note that was refused would be valid when its row is sent again.
    """
    try:
        return json.dumps(document, separators=(",", ":"), ensure_ascii=ensure_ascii, allow_nan=False)
    except ValueError:
        text = json.dumps(document, separators=(",", ":"), ensure_ascii=ensure_ascii)
        return _STRING_OR_CONSTANT.sub(lambda match: _CONSTANTS.get(match[0], match[0]), text)


def to_json_line(document: object) -> bytes:
    """Encode a document as ASCII, or as UTF-8 if it is too long and UTF-8 can encode it.

    JSON allows an unpaired surrogate, and UTF-8 does not.
    """
    line = encode_json(document)
    if len(line) > MAX_LINE_BYTES:
        try:
            return encode_json(document, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            pass
    return line.encode("ascii")


def is_retryable(line: bytes) -> bool:
    """Whether it may help to send a line of `failed.jsonl` again. Lines that are too long for a failure may."""
    match json.loads(line):
        case {"intakeFailure": {"retryable": False}}:
            return False
    return True


def _add_failure(document: object, failure: Mapping[str, object]) -> dict[str, object]:
    if isinstance(document, dict):
        return document | {"intakeFailure": failure}
    return {"intakeFailure": {**failure, "value": document}}


def _remove_failure(content: object) -> object:
    match content:
        case {"intakeFailure": {"value": value}, **rest} if not rest:
            return value
        case {"intakeFailure": _, **rest}:
            return rest
    return content
