"""DocumentLines: splits a file with a document on each line."""

import re
from collections.abc import AsyncGenerator, AsyncIterable, Iterable, Iterator

from pydantic_core import from_json

from intake.model.binary_formats import HEAD_BYTES, describe_other_file_type
from intake.model.manifest import MAX_DOCUMENT_BYTES

_LINE_END = re.compile(rb"\n|\r(?=[^\n])")
"""LF, CRLF, whose CR stays at the end of the line, and CR, as in files of old programs."""

_BEFORE_LINE = re.compile(rb"(?:\s|\xef\xbb\xbf)*+")
"""White space, and byte order marks, as in files that were joined. The possessive quantifier bounds the memory."""

_OPEN_ENDS = (b"{", b"[", b",", b":")


class DocumentLines:
    """Splits the chunks of a file into lines, and leaves out empty ones.

    Only the first line is returned if the file has no documents in lines: if it is one document over several lines, or
    no text. A line longer than MAX_DOCUMENT_BYTES may be shortened, to bound the memory that it takes. It remains
    longer than MAX_DOCUMENT_BYTES, so it is refused.

    Attributes:
        is_done: whether the rest of the file has no documents.
    """

    def __init__(self, *, are_urls: bool) -> None:
        """Start a file.

        Args:
            are_urls: whether it is a plain text list; its lines that begin with # are comments. Else each line is JSON.
        """
        self.is_done = False
        self._are_urls = are_urls
        self._number = 0
        self._rest = b""
        self._is_first = True
        self._is_unfinished = False

    def add(self, chunk: bytes) -> Iterator[tuple[int, bytes]]:
        """Yield the lines that end in a chunk, each with its number from 1."""
        *lines, rest = _LINE_END.split(self._rest + chunk)
        self._rest = rest[: MAX_DOCUMENT_BYTES + 1]
        yield from self._select(lines)

    def end(self) -> Iterator[tuple[int, bytes]]:
        """Yield the last line of the file, if no end of line follows it."""
        yield from self._select([self._rest])

    def _select(self, lines: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
        for line in lines:
            self._number += 1
            text = _BEFORE_LINE.sub(b"", line, count=1)
            if self.is_done or not text or (self._are_urls and text.startswith(b"#")):
                continue
            if self._is_unfinished and not _is_object(text):
                self.is_done = True
                continue
            yield self._number, text
            self._is_unfinished = self._is_first and not self._are_urls and text.rstrip().endswith(_OPEN_ENDS)
            self.is_done = self._is_first and describe_other_file_type(text[:HEAD_BYTES]) is not None
            self._is_first = False


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(from_json(line), dict)
    except ValueError:
        return False


async def read_lines(chunks: AsyncIterable[bytes], *, are_urls: bool) -> AsyncGenerator[tuple[int, bytes]]:
    """Yield the lines of a file that arrives in chunks, see `DocumentLines`."""
    lines = DocumentLines(are_urls=are_urls)
    async for chunk in chunks:
        for numbered in lines.add(chunk):
            yield numbered
        if lines.is_done:
            return
    for numbered in lines.end():
        yield numbered
