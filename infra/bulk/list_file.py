"""Reads a list: JSON lines, rows of CSV or plain URLs, with the code of the service."""

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TextIO

from intake.model.binary_formats import HEAD_BYTES, describe_other_file_type
from intake.model.bulk_item import MAX_LINE_BYTES, BulkItem
from intake.model.csv_list import CsvColumns, has_text
from intake.model.file import File
from intake.model.invalid_file import InvalidFile
from intake.model.json_lines import DocumentLines
from intake.model.manifest import MAX_DOCUMENT_BYTES, NotJson, read_document, url_line_to_document
from intake.model.note import encode_note

_CHUNK_BYTES = 256 * 1024
_ENCODER = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False)
_ANY_NUMBER_OF_IMAGES = 1_000_000
"""The limit of images is a setting, so only the run checks their number."""


@dataclass(frozen=True, slots=True)
class ListLine:
    """A line of a list, or a row of CSV that begins there.

    Attributes:
        number: the number of the line, from 1; 0 for the list itself.
        document: the document of a File as JSON; empty if the line cannot be used.
        fault: why the list cannot be used because of this line; else empty.
        refusal: why the run will refuse the document; else empty.
    """

    number: int
    document: bytes = b""
    fault: str = ""
    refusal: str = ""


def read_list(path: Path) -> Iterator[ListLine]:
    """Yield the lines of a list that are not empty. Its suffix says what it is: .jsonl, .csv or .txt.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if foreign := describe_other_file_type(head):
        yield ListLine(0, fault=f"the list {foreign}")
    elif path.suffix.lower() == ".csv":
        # Bytes that are not UTF-8 become surrogates, which _parse_rows finds.
        with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as text:
            yield from _read_rows(text)
    else:
        are_urls = path.suffix.lower() == ".txt"
        for number, line in _split(path, are_urls=are_urls):
            yield _read_line(number, line, is_url=are_urls)


def _split(path: Path, *, are_urls: bool) -> Iterator[tuple[int, bytes]]:
    lines = DocumentLines(are_urls=are_urls)
    with path.open("rb") as file:
        for chunk in iter(partial(file.read, _CHUNK_BYTES), b""):
            yield from lines.add(chunk)
    yield from lines.end()


def _read_line(number: int, text: bytes, *, is_url: bool) -> ListLine:
    text = text.rstrip()
    if len(text) > MAX_LINE_BYTES:
        return ListLine(number, fault=_describe_size(len(text)))
    try:
        if is_url:  # a valid URL list, whatever the URL says
            return _make_line_of_text(number, _encode(url_line_to_document(text)))
        return _make_line(number, read_document(text), text)
    except (NotJson, InvalidFile) as error:
        return ListLine(number, fault=str(error))


def _read_rows(text: TextIO) -> Iterator[ListLine]:
    """Read CSV (RFC 4180), until a row cannot be read."""
    columns, number = None, 0
    try:
        for number, cells in _parse_rows(text):
            if columns is None:
                columns = CsvColumns.parse(cells)
            elif not columns.is_header(cells):
                yield _read_row(number, cells, columns)
    except _UnreadableRow as error:
        yield ListLine(error.number, fault=error.reason)
    except InvalidFile as error:
        yield from (ListLine(0, fault=str(fault)) for fault in error.faults)


class _UnreadableRow(Exception):
    def __init__(self, number: int, reason: str) -> None:
        self.number = number
        self.reason = reason
        super().__init__(reason)


def _parse_rows(text: TextIO) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows that are not empty, each with the line that it begins in."""
    csv.field_size_limit(MAX_LINE_BYTES)
    rows, number = csv.reader(text, strict=True), 1
    try:
        for cells in rows:
            if bad := next((cell for cell in cells if not _is_unicode(cell)), None):
                raise _UnreadableRow(
                    number, f"is not text in UTF-8: {_describe_byte(bad)}; save the list as CSV in UTF-8"
                )
            if has_text(cells):
                yield number, cells
            number = rows.line_num + 1
    except csv.Error as error:
        if number == 1:
            _check_delimiter(text)
        raise _UnreadableRow(number, f"is not CSV: {error}. Is a double quote missing, or not doubled?") from error


def _check_delimiter(text: TextIO) -> None:
    """Read the first line again without checking its double quotes: it may have another delimiter than commas.

    Raises:
        InvalidFile: the line does not name the columns.
    """
    text.seek(0)
    CsvColumns.parse(next(csv.reader([text.readline()])))


def _is_unicode(cell: str) -> bool:
    if cell.isascii():
        return True
    try:
        cell.encode()
    except UnicodeEncodeError:
        return False
    return True


def _describe_byte(cell: str) -> str:
    byte = next(ord(character) - 0xDC00 for character in cell if 0xDC80 <= ord(character) <= 0xDCFF)  # noqa: PLR2004 - PEP 383
    return f"it has the byte 0x{byte:02X}"


def _read_row(number: int, cells: list[str], columns: CsvColumns) -> ListLine:
    try:
        return _make_line(number, *_encode_row(cells, columns))
    except InvalidFile as error:
        return ListLine(number, fault=str(error))


def _encode_row(cells: list[str], columns: CsvColumns) -> tuple[dict[str, object], bytes]:
    """Return the document of a row, and the document as JSON. If the line is too long, its note is shortened."""
    document = columns.to_document(cells)
    text = _encode(document)
    if (excess := len(text) - MAX_LINE_BYTES) > 0 and "note" in document:
        document = columns.to_document(cells, max_note_bytes=len(encode_note(document["note"])) - excess)
        text = _encode(document)
    return document, text


def _encode(document: object) -> bytes:
    return _ENCODER.encode(document).encode()


def _make_line(number: int, document: object, text: bytes = b"") -> ListLine:
    """Check a document as the run does. `text` is the document as JSON, if the list has it."""
    line = _make_line_of_text(number, text or _encode(document))
    if line.fault:
        return line
    try:
        File.parse(BulkItem.read({"index": 0, "item": document}).document, max_base_images=_ANY_NUMBER_OF_IMAGES)
    except InvalidFile as error:
        return replace(line, refusal=str(error))
    return line


def _make_line_of_text(number: int, text: bytes) -> ListLine:
    if len(text) > MAX_LINE_BYTES:
        return ListLine(number, fault=_describe_size(len(text)))
    return ListLine(number, text)


def _describe_size(size: int) -> str:
    shown = f"more than {MAX_DOCUMENT_BYTES:,}" if size > MAX_DOCUMENT_BYTES else f"{size:,}"
    return f"has {shown} bytes; at most {MAX_LINE_BYTES:,} are possible"
