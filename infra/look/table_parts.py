"""Reads the parts of a run's table: JSON lines, compressed or not. A line that cannot be read is a value as well."""

import gzip
import json
import zlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, BinaryIO, NamedTuple, cast

from pydantic_core import from_json

if TYPE_CHECKING:
    import io

MAX_LINE_BYTES = 1024 * 1024
"""The longest line that is read. A row has a URL, a message and a note, which together have some kilobytes."""

_GZIP = b"\x1f\x8b"
_CHUNK_BYTES = 128 * 1024


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


def read_part(file: BinaryIO, name: str) -> Iterator[object]:
    """Yield what each line of a part has, decoded from JSON, or a TableFault. Empty lines are skipped.

    Args:
        file: the part, compressed with gzip or not. It can seek.
        name: its key or path.
    """
    try:
        is_compressed = file.read(len(_GZIP)) == _GZIP
        file.seek(0)
        content = gzip.GzipFile(fileobj=file) if is_compressed else cast("io.BufferedReader", file)
        for line in _read_lines(content.read1):
            yield _decode(line, name)
    except EOFError:
        yield TableFault(name, "it ends early")
    except (OSError, zlib.error) as error:
        yield TableFault(name, str(error))


def _read_lines(read_available: Callable[[int], bytes]) -> Iterator[bytes]:
    """Yield the lines without their ends, and of a line that is too long its beginning.

    A read returns what there is: of a part that is cut, every line before the cut is yielded before the error comes.
    """
    rest = b""
    while chunk := read_available(_CHUNK_BYTES):
        *lines, rest = (rest + chunk).split(b"\n")
        yield from filter(None, lines)
        rest = rest[: MAX_LINE_BYTES + 1]
    if rest:
        yield rest


def _decode(line: bytes, name: str) -> object:
    if len(line) > MAX_LINE_BYTES:
        return TableFault(name, f"a line is longer than {MAX_LINE_BYTES:,} bytes", is_line=True)
    try:
        decoded: object = from_json(line)
    except ValueError:
        try:
            # json accepts an unpaired surrogate, which JSON allows in a note.
            decoded = json.loads(line)
        except (ValueError, RecursionError):
            return TableFault(name, "a line is not JSON", is_line=True)
    return decoded
