"""Reads the parts of a run's table: JSON lines, compressed or not. What cannot be read is a value, and the rest is read."""

import gzip
import io
import json
import zlib
from collections.abc import Iterator
from functools import partial
from typing import IO, NamedTuple, cast

from pydantic_core import from_json

MAX_LINE_BYTES = 1024 * 1024
"""The longest line that is read. A row has a URL, a message and a note, which together have some kilobytes."""

_GZIP = b"\x1f\x8b"
_BUFFER_BYTES = 128 * 1024


class TableFault(NamedTuple):
    """What could not be read: one line of a part, or the rest of it.

    Attributes:
        part: the key or the path of the part.
        reason: why, for people.
        is_line: whether this is about one line, after which others follow.
    """

    part: str
    reason: str
    is_line: bool = False


def read_part(file: IO[bytes], name: str) -> Iterator[object]:
    """Yield what each line of a part has, decoded from JSON, or a TableFault.

    Args:
        file: the part, compressed with gzip or not.
        name: its key or path.
    """
    try:
        buffered = io.BufferedReader(cast("io.RawIOBase", file), _BUFFER_BYTES)
        if buffered.peek(len(_GZIP))[: len(_GZIP)] == _GZIP:
            buffered = io.BufferedReader(cast("io.RawIOBase", gzip.GzipFile(fileobj=buffered)), _BUFFER_BYTES)
        yield from _read_lines(buffered, name)
    except EOFError:
        yield TableFault(name, "it ends early")
    except (OSError, zlib.error) as error:
        yield TableFault(name, str(error))


def _read_lines(file: io.BufferedReader, name: str) -> Iterator[object]:
    read_line = partial(file.readline, MAX_LINE_BYTES)
    for line in iter(read_line, b""):
        if line.endswith(b"\n") or len(line) < MAX_LINE_BYTES:
            yield _decode(line, name)
            continue
        for rest in iter(read_line, b""):
            if rest.endswith(b"\n"):
                break
        yield TableFault(name, f"a line is longer than {MAX_LINE_BYTES:,} bytes", is_line=True)


def _decode(line: bytes, name: str) -> object:
    try:
        decoded: object = from_json(line)
    except ValueError:
        try:
            # json accepts an unpaired surrogate, which JSON allows in a note.
            decoded = json.loads(line)
        except (ValueError, RecursionError):
            return TableFault(name, "a line is not JSON", is_line=True)
    return decoded
