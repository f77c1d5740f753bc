"""A manifest: an object that holds Files, one JSON document or one to a line; and the rows of a bulk list.

A row of a CSV list reaches us as an object whose members are strings: the reader of the state machine makes it so.
"""

import re
from collections.abc import AsyncGenerator, AsyncIterable, Mapping

from pydantic_core import from_json

from intake.model.file import Fault, File, InvalidFile

MAX_DOCUMENT_BYTES = 1024 * 1024
"""A File is small: 101 URLs of 4096 characters are 414 kB."""

MAX_FILES = 10_000
"""In one manifest; the bulk door takes more."""

_MARK = "\ufeff"
_NAME = re.compile(r"inbox/(.+)\.(jsonl?)")


class NotJson(Exception):
    """The bytes are not a JSON document; the message says where and why."""


def manifest_name(key: str) -> tuple[str, bool] | None:
    """Return what a manifest is called, and whether it has a File to a line; None for what is no manifest.

    Args:
        key: of the object, such as `inbox/lots/7.jsonl`.
    """
    found = _NAME.fullmatch(key)
    return None if found is None else (found[1], found[2] == "jsonl")


def manifest_key(file_id: str) -> str:
    """Where the manifest of one File is put: `inbox/{id}.json`."""
    return f"inbox/{file_id}.json"


def read_document(text: bytes, most: int | None = MAX_DOCUMENT_BYTES) -> object:
    """Decode one JSON document, of so many bytes at the most.

    Raises:
        NotJson: it is none, or it is too long.
    """
    if most is not None and len(text) > most:
        raise NotJson(f"has more than {most} bytes")
    try:
        return from_json(text, allow_inf_nan=False)
    except ValueError as error:
        raise NotJson(f"is not JSON: {error}") from error


def read_file(text: bytes, max_base_images: int) -> File:
    """Read one File, or URL list, as it stands in a manifest.

    Raises:
        InvalidFile: with every fault at once.
    """
    try:
        document = read_document(text)
    except NotJson as error:
        raise InvalidFile([Fault("", str(error))]) from error
    return File.parse(document, max_base_images=max_base_images)


def row_to_document(item: object) -> object:
    """Return the document that a row of a CSV list stands for; what is no such row is returned as it is.

    `url` makes a URL list of one; `fileUrl` and `baseUrls` make a File, the base URLs split at spaces.
    """
    match _without_mark(item):
        case {"url": str(url), **rest}:
            return {"urls": [{"url": url} | _given(rest, "sha256")]} | _given(rest, "id")
        case {"fileUrl": str(file_url), "baseUrls": str(base_urls), **rest}:
            bases = [{"url": url} for url in base_urls.split()]
            return {"fileUrl": file_url, "baseUrls": bases} | _given(rest, "sha256", "id")
        case _:
            return item


def _given(cells: Mapping[object, object], *columns: str) -> dict[str, object]:
    """Return the members that a row has: an empty cell is a cell without a value."""
    return {column: cells[column] for column in columns if cells.get(column)}


def _without_mark(item: object) -> object:
    """Take the byte order mark off the first column, which spreadsheets put before it."""
    if isinstance(item, dict) and any(str(name).startswith(_MARK) for name in item):
        return {str(name).removeprefix(_MARK): value for name, value in item.items()}
    return item


async def lines(chunks: AsyncIterable[bytes]) -> AsyncGenerator[tuple[int, bytes]]:
    """Split chunks into lines that are not empty, each with its number from 1.

    A line that is too long for a document is cut where that shows: it is never held whole.
    """
    number, rest = 1, b""
    async for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        rest = rest[: MAX_DOCUMENT_BYTES + 1]
        for line in whole:
            if line.strip():
                yield number, line
            number += 1
    if rest.strip():
        yield number, rest
