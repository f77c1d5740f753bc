"""Parses the head of an HTTP/1.1 response (RFC 9112): its end, its status and fields, and the framing of its body.

There is no I/O. The parser rejects bytes that are not HTTP, and repairs nothing. It accepts the deviations that the
standard lets a recipient accept: lines that end in a bare LF (2.2), blank lines before the first (2.2), folded fields
(5.2) and spaces before the colon of a field (5.1). No other module knows the syntax of Content-Length.
"""

import re
from dataclasses import dataclass
from enum import Enum

from intake.http_client.errors import InvalidContentLength, MalformedResponse

MAX_HEAD_BYTES = 64 * 1024
"""Limit of the head of a response, interim responses (1xx) and blank lines included."""

_START = b"HTTP/"
_VERSION_BYTES = len(b"HTTP/1.1")
TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_STATUS_LINE = rb"HTTP/1\.[01] ([1-9][0-9]{2})(?: [^\x00\r\n]*)?\r?\n"
_HEAD = re.compile(rb"%b((?:%b[ \t]*:[^\x00\r\n]*\r?\n)*)\r?\n" % (_STATUS_LINE, TOKEN))
_FIELD = re.compile(rb"(%b)[ \t]*:([^\r\n]*)\r?\n" % TOKEN)
_FOLD = re.compile(rb"\r?\n[ \t]+")
_HEAD_END = re.compile(rb"\n\r?\n")
_FRAMING_FIELDS = frozenset({b"connection", b"content-length", b"transfer-encoding"})
_DIGITS = re.compile(rb"[0-9]+")
_MAX_CONTENT_LENGTH = 2**63 - 1
_STATUS_WITHOUT_BODY = frozenset({204, 304})
_INTERIM = range(100, 200)
_SWITCHING_PROTOCOLS = 101


class BodyFraming(Enum):
    """How the end of a body without a length is found."""

    CHUNKED = "chunked"
    CLOSE_DELIMITED = "close-delimited"


@dataclass(frozen=True, slots=True)
class ResponseHead:
    """The head of a response.

    Attributes:
        http_version: b"HTTP/1.0" or b"HTTP/1.1".
        status: 100 to 999.
        fields: names and values as they arrived, without the spaces around them.
        content_length: the number in the Content-Length field, even if the response has no body (HEAD, 304).
        framing: the length of the body in bytes, or how the end of a body without a length is found.
        is_persistent: whether the connection may carry another response (9.3).
    """

    http_version: bytes
    status: int
    fields: list[tuple[bytes, bytes]]
    content_length: int | None
    framing: int | BodyFraming
    is_persistent: bool

    @property
    def is_interim(self) -> bool:
        """Whether a final response follows. After 101, another protocol follows."""
        return self.status in _INTERIM and self.status != _SWITCHING_PROTOCOLS


def find_head_end(data: bytes, searched: int) -> int | None:
    """Return the position after the blank line that ends a head; None while it has not arrived.

    Args:
        data: the bytes from the status line on.
        searched: bytes at the start of `data` that are known not to contain the end.

    Raises:
        MalformedResponse: the data does not start with "HTTP/".
    """
    if not _START.startswith(data[: len(_START)]):
        raise MalformedResponse("the response does not start with HTTP/")
    match = _HEAD_END.search(data, max(0, searched - len(b"\n\r")))
    return None if match is None else match.end()


def parse_head(data: bytes, method: str) -> ResponseHead:
    """Parse a complete head.

    Args:
        data: the bytes from the status line to the blank line, inclusive.
        method: the method of the request; a response to HEAD has no body.

    Raises:
        MalformedResponse: the data is not the head of a response, or is ambiguous about the length of the body.
    """
    fields_at = data.find(b"\n") + 1  # the status line is never folded
    match = _HEAD.fullmatch(data[:fields_at] + _FOLD.sub(b" ", data[fields_at:]))
    if match is None:
        raise MalformedResponse("the status line or a field is not HTTP/1.0 or HTTP/1.1")
    code, block = match.groups()
    version, status = data[:_VERSION_BYTES], int(code)
    fields = [(name, value.strip(b" \t")) for name, value in _FIELD.findall(block)]
    values = _framing_values(fields)
    content_length, framing = _read_framing(status, method, values)
    is_persistent = version == b"HTTP/1.1" and _keeps_connection(status, values)
    return ResponseHead(version, status, fields, content_length, framing, is_persistent)


type _Values = dict[bytes, list[bytes]]


def _framing_values(fields: list[tuple[bytes, bytes]]) -> _Values:
    """Return the values of the fields that decide on framing and on the connection, by name in lower case."""
    values: _Values = {}
    for name, value in fields:
        lower_name = name.lower()
        if lower_name in _FRAMING_FIELDS:
            values.setdefault(lower_name, []).append(value)
    return values


def _read_framing(status: int, method: str, values: _Values) -> tuple[int | None, int | BodyFraming]:
    """Return the Content-Length, if any, and the framing of the body (6.3)."""
    lengths = values.get(b"content-length", [])
    codings = b",".join(values.get(b"transfer-encoding", [])).lower()
    # Two statements about the length let two recipients read two different bodies (response smuggling).
    if len(lengths) > 1 or (lengths and codings):
        raise MalformedResponse("the head states the length of the body twice")
    length = _parse_length(lengths[0]) if lengths else None
    if method == "HEAD" or status in _STATUS_WITHOUT_BODY or status in _INTERIM:
        return length, 0
    if codings:
        is_chunked = codings.split(b",")[-1].strip() == b"chunked"
        return length, BodyFraming.CHUNKED if is_chunked else BodyFraming.CLOSE_DELIMITED
    return length, BodyFraming.CLOSE_DELIMITED if length is None else length


def _parse_length(value: bytes) -> int:
    digits = value.lstrip(b"0") or b"0"
    # int() raises ValueError for thousands of digits.
    if not _DIGITS.fullmatch(value) or len(digits) > len(str(_MAX_CONTENT_LENGTH)) or int(digits) > _MAX_CONTENT_LENGTH:
        raise InvalidContentLength("Content-Length is not a number")
    return int(digits)


def _keeps_connection(status: int, values: _Values) -> bool:
    options = b",".join(values.get(b"connection", [])).lower().split(b",")
    return status != _SWITCHING_PROTOCOLS and b"close" not in {option.strip() for option in options}
