"""Manifests: reads the documents in them, which are JSON or single URLs.

A manifest is an object in the inbox with one File, or one File on each line. `json_lines.py` splits it into lines.
Bulk lists have the same lines, or rows that `csv_list.py` reads.
"""

from pydantic_core import from_json

from intake.model.binary_formats import HEAD_BYTES, describe_bad_utf8, describe_other_file_type
from intake.model.file import File
from intake.model.invalid_file import Fault, InvalidFile
from intake.model.json_faults import describe_json_fault, find_duplicate

MAX_DOCUMENT_BYTES = 1024 * 1024
"""The limit of one document. 101 URLs of 4096 characters have 414 kB."""

MAX_FILES = 10_000
"""The limit of Files in one manifest; a bulk list may have more."""

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


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
    if fault := describe_other_file_type(text[:HEAD_BYTES]) or describe_bad_utf8(text):
        raise InvalidFile([Fault("", fault)])
    if text.startswith((b"{", b"[")):
        raise InvalidFile([Fault("", "is JSON, not a URL: name a list of JSON lines .jsonl, and one File .json")])
    if text.startswith((b'"', b"'")):
        raise InvalidFile([Fault("", "begins with a quotation mark: expected a URL alone on each line")])
    return {"urls": [text.decode().strip()]}
