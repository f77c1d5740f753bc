"""Manifests and lists: reads the documents in them, one JSON document or one URL on each line.

A manifest is an object in the inbox with one File, or one File on each line. Bulk lists have the same lines;
`csv_list.py` reads their rows.
"""

import re
from collections.abc import AsyncGenerator, AsyncIterable

from pydantic_core import from_json

from intake.model.fault import Fault, InvalidFile
from intake.model.file import File
from intake.model.foreign_format import HEAD_BYTES, describe_bad_utf8, describe_foreign_format
from intake.model.json_faults import describe_json_fault, find_duplicate

MAX_DOCUMENT_BYTES = 1024 * 1024
"""The limit of one document. 101 URLs of 4096 characters have 414 kB."""

MAX_FILES = 10_000
"""The limit of Files in one manifest; a bulk list may have more."""

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_LINE_END = re.compile(rb"\n|\r(?=[^\n])")
"""LF, CRLF (the CR stays at the end of the line) and CR, in files of old programs."""

_BEFORE_LINE = re.compile(rb"(?:\s|\xef\xbb\xbf)*")
_OPEN_ENDS = (b"{", b"[", b",", b":")


class NotJson(Exception):
    """The bytes are not a JSON document, or too many. The message has the reason and the position."""


def read_document(text: bytes, max_bytes: int | None = MAX_DOCUMENT_BYTES) -> object:
    """Decode one JSON document of at most `max_bytes`. A byte order mark before it is skipped.

    Raises:
        NotJson: it is not JSON, or too long.
        InvalidFile: an object in it has a member twice.
    """
    if max_bytes is not None and len(text) > max_bytes:
        raise NotJson(f"has more than {max_bytes} bytes")
    text = text.removeprefix(_BYTE_ORDER_MARK)
    try:
        document = from_json(text, allow_inf_nan=False)
    except ValueError as error:
        raise NotJson(describe_json_fault(text, error)) from error
    if (name := find_duplicate(text)) is not None:
        raise InvalidFile([Fault("", f"has the member {name[:64]!r} twice in one object: keep one")])
    return document


def read_file(text: bytes, max_base_images: int) -> File:
    """Read one File, or URL list, from a manifest.

    Raises:
        InvalidFile: with every fault at once.
    """
    try:
        document = read_document(text)
    except NotJson as error:
        raise InvalidFile([Fault("", str(error))]) from error
    return File.parse(document, max_base_images=max_base_images)


def read_url_line(text: bytes, max_base_images: int) -> File:
    """Read a line of a plain text list: a URL, which becomes a URL list of one image.

    Raises:
        InvalidFile: the line is too long, is not UTF-8, or is something else than a URL, such as JSON.
    """
    return File.parse(url_line_to_document(text), max_base_images=max_base_images)


def url_line_to_document(text: bytes) -> dict[str, object]:
    """Turn a line of a plain text list into the document of a URL list.

    Raises:
        InvalidFile: as `read_url_line`.
    """
    if len(text) > MAX_DOCUMENT_BYTES:
        raise InvalidFile([Fault("", f"has more than {MAX_DOCUMENT_BYTES} bytes")])
    if fault := describe_foreign_format(text[:HEAD_BYTES]) or describe_bad_utf8(text):
        raise InvalidFile([Fault("", fault)])
    if text.startswith((b"{", b"[", b'"')):
        raise InvalidFile([Fault("", "is JSON, not a URL: name a list of JSON lines .jsonl, and one File .json")])
    return {"urls": [text.decode().strip()]}


async def read_lines(chunks: AsyncIterable[bytes], *, are_urls: bool) -> AsyncGenerator[tuple[int, bytes]]:
    """Yield each document of a manifest with its line.

    Only the first line is yielded if the manifest has no documents in lines: if it is one document over several lines,
    or no text.

    Args:
        chunks: the bytes of the manifest.
        are_urls: whether it is a plain text list; its lines that begin with # are comments. Else each line is JSON.
    """
    is_first, is_unfinished = True, False
    async for number, text in split_lines(chunks):
        if are_urls and is_comment(text):
            continue
        if is_unfinished and not is_object(text):
            return
        yield number, text
        if is_first and describe_foreign_format(text[:HEAD_BYTES]):
            return
        is_first, is_unfinished = False, is_first and not are_urls and ends_unfinished(text)


def is_comment(text: bytes) -> bool:
    """Whether a line of a plain text list is a comment. No URL begins with `#`."""
    return text.startswith(b"#")


def ends_unfinished(line: bytes) -> bool:
    """Whether a line ends where no document in JSON ends. The document seems to go on in the next line."""
    return line.rstrip().endswith(_OPEN_ENDS)


def is_object(line: bytes) -> bool:
    """Whether a line is a whole object in JSON."""
    try:
        return isinstance(from_json(line), dict)
    except ValueError:
        return False


def strip_start(line: bytes) -> bytes:
    """Remove white space and byte order marks before a line, as they are in files that were joined."""
    return _BEFORE_LINE.sub(b"", line, count=1)


async def split_lines(chunks: AsyncIterable[bytes]) -> AsyncGenerator[tuple[int, bytes]]:
    """Split chunks into lines, and yield each line that is not empty, with its number from 1.

    A line longer than MAX_DOCUMENT_BYTES may be shortened, to bound the memory that it takes. It remains longer than
    MAX_DOCUMENT_BYTES, so `read_document` refuses it.
    """
    number, rest = 1, b""
    async for chunk in chunks:
        *lines, rest = _LINE_END.split(rest + chunk)
        rest = rest[: MAX_DOCUMENT_BYTES + 1]
        for line in lines:
            if text := strip_start(line):
                yield number, text
            number += 1
    if text := strip_start(rest):
        yield number, text
