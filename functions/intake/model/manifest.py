"""Manifests and bulk lists: reads the JSON documents in them, and turns rows of a CSV list into documents.

A manifest is an object in the inbox with one File, or one File a line. The state machine passes each row of a CSV list
as an object of strings.
"""

from collections.abc import AsyncGenerator, AsyncIterable, Mapping

from pydantic_core import from_json

from intake.model.file import Fault, File, InvalidFile

MAX_DOCUMENT_BYTES = 1024 * 1024
"""The largest document: 101 URLs of 4096 characters are 414 kB."""

MAX_FILES = 10_000
"""The most Files in one manifest; a bulk list may have more."""

_BYTE_ORDER_MARK = "\ufeff"


class NotJson(Exception):
    """The bytes are not a JSON document, or there are too many; the message has the reason and its position."""


def read_document(text: bytes, max_bytes: int | None = MAX_DOCUMENT_BYTES) -> object:
    """Decode one JSON document of at most `max_bytes`.

    Raises:
        NotJson: it is not JSON, or too long.
    """
    if max_bytes is not None and len(text) > max_bytes:
        raise NotJson(f"has more than {max_bytes} bytes")
    try:
        return from_json(text, allow_inf_nan=False)
    except ValueError as error:
        raise NotJson(f"is not JSON: {error}") from error


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


def row_to_document(item: object) -> object:
    """Turn a row of a CSV list into the document of a File; return any other item as it is.

    A row with `url` becomes a URL list of one image. A row with `fileUrl` and `baseUrls` becomes a File; its base URLs
    are separated by spaces.
    """
    match _remove_byte_order_mark(item):
        case {"url": str(url), **rest}:
            return {"urls": [{"url": url} | _select(rest, "sha256")]} | _select(rest, "id")
        case {"fileUrl": str(file_url), "baseUrls": str(base_urls), **rest}:
            bases = [{"url": url} for url in base_urls.split()]
            return {"fileUrl": file_url, "baseUrls": bases} | _select(rest, "sha256", "id")
        case _:
            return item


def _select(cells: Mapping[object, object], *columns: str) -> dict[str, object]:
    """Return the cells of these columns that are not empty."""
    return {column: cells[column] for column in columns if cells.get(column)}


def _remove_byte_order_mark(item: object) -> object:
    """Remove the mark that spreadsheets write before the name of the first column."""
    if isinstance(item, dict) and any(str(name).startswith(_BYTE_ORDER_MARK) for name in item):
        return {str(name).removeprefix(_BYTE_ORDER_MARK): value for name, value in item.items()}
    return item


async def split_lines(chunks: AsyncIterable[bytes]) -> AsyncGenerator[tuple[int, bytes]]:
    """Split chunks into lines, and yield each line that is not empty, with its number from 1.

    A line longer than MAX_DOCUMENT_BYTES may be shortened, so that it is never in memory as a whole. It stays longer
    than that, so `read_document` refuses it.
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
