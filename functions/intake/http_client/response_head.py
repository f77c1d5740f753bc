"""HTTP/1.1 as an answer comes (RFC 9112): its head read once, and how its body is framed. Bytes in, values out.

What is not HTTP is refused, never guessed at. The liberties are those that the standard gives: a line may end in a
bare LF (2.2), blank lines may stand before the first (2.2), a field may be folded (5.2) and may have spaces before
its colon (5.1).
"""

import re
from dataclasses import dataclass
from typing import Literal

from intake.model.errors import BadResponse

MAX_HEAD_BYTES = 64 * 1024
"""What the head of an answer may have, interim answers (1xx) and blank lines included."""

_BEGINNING = b"HTTP/"
_TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_STATUS_LINE = rb"HTTP/1\.([01]) ([1-9][0-9]{2})(?: [^\x00\r\n]*)?\r?\n"
_HEAD = re.compile(rb"%b((?:%b[ \t]*:[^\x00\r\n]*\r?\n)*)\r?\n" % (_STATUS_LINE, _TOKEN))
_FIELD = re.compile(rb"(%b)[ \t]*:([^\r\n]*)\r?\n" % _TOKEN)
_TRAILER = re.compile(rb"%b[ \t]*:[^\x00\r\n]*" % _TOKEN)
_FOLD = re.compile(rb"\r?\n[ \t]+")
_END_OF_HEAD = re.compile(rb"\n\r?\n")
_TOLD_APART = frozenset({b"connection", b"content-length", b"transfer-encoding"})
_DIGITS = re.compile(rb"[0-9]+")
_MOST = 2**63 - 1
_WITHOUT_BODY = frozenset({204, 304})
_INTERIM = range(100, 200)
SWITCHING_PROTOCOLS = 101

_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,16})[ \t]*(?:;[^\x00\r\n]*)?")
_MAX_FRAMING_BYTES = 16 * 1024
"""What a body in chunks may cost beside its own bytes, trailers included, and one byte more for every sixteen of them:
a byte to a chunk costs a thousand times the work of a body that comes in one."""

_FRAMED_SHARE = 16


@dataclass(frozen=True, slots=True)
class Head:
    """The head of an answer.

    Attributes:
        status: 100 to 999.
        fields: names and values as they came, without the spaces around them.
        framing: how many bytes the body has; or in "chunks"; or "until close".
        persistent: whether the connection may carry another answer (9.3).
    """

    status: int
    fields: list[tuple[bytes, bytes]]
    framing: int | Literal["chunks", "until close"]
    persistent: bool

    @property
    def interim(self) -> bool:
        """Whether the answer itself is still to come; after 101 another protocol would."""
        return self.status in _INTERIM and self.status != SWITCHING_PROTOCOLS


def end_of_head(data: bytes, searched: int) -> int | None:
    """Return where a head ends, its blank line included; None where that is still to come.

    Args:
        data: from the first byte of the status line.
        searched: how many of the bytes are known to hold no end.

    Raises:
        BadResponse: what has come is no beginning of an answer.
    """
    if not _BEGINNING.startswith(data[: len(_BEGINNING)]):
        raise BadResponse(reason="what came does not begin as an answer of HTTP/1.1")
    found = _END_OF_HEAD.search(data, max(0, searched - len(b"\n\r")))
    return None if found is None else found.end()


def read_head(data: bytes, method: str) -> Head:
    """Read a whole head.

    Args:
        data: from the first byte of the status line up to and with the blank line.
        method: of the request: an answer to HEAD has no body.

    Raises:
        BadResponse: it is none.
    """
    fields_at = data.find(b"\n") + 1  # a status line is no field, and not folded
    found = _HEAD.fullmatch(data[:fields_at] + _FOLD.sub(b" ", data[fields_at:]))
    if found is None:
        raise BadResponse(reason="the head is none of HTTP/1.0 or HTTP/1.1")
    version, code, block = found.groups()
    fields = [(name, value.strip(b" \t")) for name, value in _FIELD.findall(block)]
    status = int(code)
    values = _values(fields)
    return Head(status, fields, _framing(status, method, values), _persistent(version == b"1", status, values))


type _Values = dict[bytes, list[bytes]]


def _values(fields: list[tuple[bytes, bytes]]) -> _Values:
    values: _Values = {}
    for name, value in fields:
        lowered = name.lower()
        if lowered in _TOLD_APART:
            values.setdefault(lowered, []).append(value)
    return values


def _framing(status: int, method: str, values: _Values) -> int | Literal["chunks", "until close"]:
    """Tell how the body ends (6.3)."""
    lengths = values.get(b"content-length", [])
    codings = b",".join(values.get(b"transfer-encoding", [])).lower()
    # Two ways to end a body are two bodies, one for each reader in between: smuggling begins there.
    if len(lengths) > 1 or (lengths and codings):
        raise BadResponse(reason="the length of the body is told twice")
    length = _read_length(lengths[0]) if lengths else None
    if method == "HEAD" or status in _WITHOUT_BODY or status in _INTERIM:
        return 0
    if codings:
        return "chunks" if codings.split(b",")[-1].strip() == b"chunked" else "until close"
    return "until close" if length is None else length


def _read_length(value: bytes) -> int:
    digits = value.lstrip(b"0") or b"0"
    # Python turns no text of thousands of digits into a number.
    if not _DIGITS.fullmatch(value) or len(digits) > len(str(_MOST)) or int(digits) > _MOST:
        raise BadResponse("The origin announced a length that is not a number.")
    return int(digits)


def _persistent(is_1_1: bool, status: int, values: _Values) -> bool:  # noqa: FBT001 - of the version, one bit
    options = b",".join(values.get(b"connection", [])).lower().split(b",")
    return is_1_1 and status != SWITCHING_PROTOCOLS and b"close" not in {option.strip() for option in options}


class Chunks:
    """A body in chunks (7.1), taken apart as it comes.

    Attributes:
        done: the last chunk and the trailers are over.
    """

    done = False

    def __init__(self) -> None:
        """Begin before the first chunk."""
        self._rest = b""
        self._left = 0
        self._in_trailers = False
        self._framing = 0
        self._bytes = 0

    def feed(self, data: bytes) -> tuple[list[bytes], bytes]:
        """Take what came; return the pieces of the body in it, and what follows the end of the body.

        Raises:
            BadResponse: it is not in chunks.
        """
        data, position = self._rest + data, 0
        self._rest = b""
        pieces: list[bytes] = []
        while position < len(data) and not self.done:
            if self._left > 0:
                piece = data[position : position + self._left]
                pieces.append(piece)
                position += len(piece)
                self._left -= len(piece)
                if not self._left:
                    self._left = -1  # the CRLF behind the data
            elif self._left < 0:
                ending = data[position : position + 2]
                if not b"\r\n".startswith(ending):
                    raise BadResponse(reason="a chunk is longer than it said")
                if len(ending) < len(b"\r\n"):
                    break
                position, self._left = position + len(ending), 0
                self._framing += len(ending)
            elif (line_end := data.find(b"\n", position)) < 0:
                break
            else:
                self._read_line(data[position : line_end + 1])
                position = line_end + 1
        if not self.done:
            self._rest, position = data[position:], len(data)
            self._require_little_framing(len(self._rest))
        return pieces, data[position:]

    def _read_line(self, line: bytes) -> None:
        if not line.endswith(b"\r\n"):
            raise BadResponse(reason="a line between chunks ends in a bare LF")
        self._framing += len(line)
        self._require_little_framing(0)
        line = line[:-2]
        if self._in_trailers:
            self._read_trailer(line)
        else:
            self._begin_chunk(line)

    def _begin_chunk(self, line: bytes) -> None:
        found = _CHUNK_SIZE.fullmatch(line)
        if found is None:
            raise BadResponse(reason="the size of a chunk is not a number")
        self._left = int(found[1], 16)
        self._in_trailers = not self._left
        self._bytes += self._left

    def _read_trailer(self, line: bytes) -> None:
        if not line:
            self.done = True
        elif not _TRAILER.fullmatch(line):
            raise BadResponse(reason="a trailer is no field")

    def _require_little_framing(self, begun: int) -> None:
        if self._framing + begun > _MAX_FRAMING_BYTES + self._bytes // _FRAMED_SHARE:
            raise BadResponse(reason=f"{self._framing + begun} bytes of framing")
