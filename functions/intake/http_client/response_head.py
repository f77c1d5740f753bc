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
TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_STATUS_LINE = rb"HTTP/1\.([01]) ([1-9][0-9]{2})(?: [^\x00\r\n]*)?\r?\n"
_HEAD = re.compile(rb"%b((?:%b[ \t]*:[^\x00\r\n]*\r?\n)*)\r?\n" % (_STATUS_LINE, TOKEN))
_FIELD = re.compile(rb"(%b)[ \t]*:([^\r\n]*)\r?\n" % TOKEN)
_FOLD = re.compile(rb"\r?\n[ \t]+")
_END_OF_HEAD = re.compile(rb"\n\r?\n")
_TOLD_APART = frozenset({b"connection", b"content-length", b"transfer-encoding"})
_DIGITS = re.compile(rb"[0-9]+")
_MOST = 2**63 - 1
_WITHOUT_BODY = frozenset({204, 304})
_INTERIM = range(100, 200)
SWITCHING_PROTOCOLS = 101


@dataclass(frozen=True, slots=True)
class ResponseHead:
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


def find_head_end(data: bytes, searched: int) -> int | None:
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


def parse_head(data: bytes, method: str) -> ResponseHead:
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
    return ResponseHead(status, fields, _framing(status, method, values), _persistent(version == b"1", status, values))


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
