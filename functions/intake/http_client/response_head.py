"""Parses the head of an HTTP/1.1 response (RFC 9112): its end, its status and fields, and the framing of its body.

There is no I/O. The parser accepts the deviations that the standard lets a recipient accept: lines that end in a bare
LF (2.2), blank lines before the first (2.2), folded fields (5.2) and spaces before the colon of a field (5.1). Like
browsers, it skips a line that is no field; then the connection carries no other response, because the line may have
been meant to frame the body. NUL and a bare CR are refused: recipients disagree about where such a line ends. No other
module knows the syntax of Content-Length.
"""

import re
from dataclasses import dataclass
from enum import Enum

from intake.http_client.errors import InvalidContentLength, MalformedResponse

MAX_HEAD_BYTES = 64 * 1024
"""Limit of the head of a response, interim responses (1xx) and blank lines included."""

MAX_HEAD_LINES = 1000
"""Limit of the lines in the same heads, and of the trailers of a body. Node has the same limit, curl 5000."""

_START = b"HTTP/"
_VERSION_BYTES = len(b"HTTP/1.1")
TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]++"
_STATUS_LINE = rb"HTTP/1\.[01] ([1-9][0-9]{2})(?: [^\x00\r\n]*+)?\r?\n"
_HEAD = re.compile(rb"%b((?:[^\x00\r\n]++\r?\n)*+)\r?\n" % _STATUS_LINE)
_FIELD = re.compile(rb"(?m)^(%b)[ \t]*+:([^\r\n]*+(?:\r?\n[ \t][^\r\n]*+)*+)\r?\n" % TOKEN)
_FOLD = re.compile(rb"\r?\n[ \t]+")
_HEAD_END = re.compile(rb"\n\r?\n")
_FRAMING_FIELDS = frozenset({b"connection", b"content-length", b"transfer-encoding"})
_NO_CODING = frozenset({b"", b"identity"})
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
        content_length: the number in the Content-Length field, even if the response has no body (HEAD, 304); None if
            there is none, or no single number, or if the body is chunked.
        framing: the length of the body in bytes, or how the end of a body without a length is found.
        framing_error: why the end of the body cannot be found; None if it can.
        is_persistent: whether the connection may carry another response (9.3).
    """

    http_version: bytes
    status: int
    fields: list[tuple[bytes, bytes]]
    content_length: int | None
    framing: int | BodyFraming
    framing_error: MalformedResponse | None
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
        MalformedResponse: the data is not the head of a response.
    """
    match = _HEAD.fullmatch(data)
    if match is None:
        raise MalformedResponse("the status line is not HTTP/1.0 or HTTP/1.1, or the head has a NUL or a bare CR")
    code, block = match.groups()
    version, status = data[:_VERSION_BYTES], int(code)
    found, has_other_lines = _FIELD.findall(block), False
    if len(found) != block.count(b"\n"):
        found = [(name, _FOLD.sub(b" ", value)) for name, value in found]
        has_other_lines = bool(_FIELD.sub(b"", block))
    fields = [(name, value.strip(b" \t")) for name, value in found]
    values = _framing_values(fields)
    length, framing, error = _read_framing(status, method, values)
    is_persistent = version == b"HTTP/1.1" and not has_other_lines and _keeps_connection(status, values)
    return ResponseHead(version, status, fields, length, framing, error, is_persistent)


type _Values = dict[bytes, list[bytes]]


def _framing_values(fields: list[tuple[bytes, bytes]]) -> _Values:
    """Return the values of the fields that decide on framing and on the connection, by name in lower case."""
    values: _Values = {}
    for name, value in fields:
        lower_name = name.lower()
        if lower_name in _FRAMING_FIELDS:
            values.setdefault(lower_name, []).append(value)
    return values


def _read_framing(
    status: int, method: str, values: _Values
) -> tuple[int | None, int | BodyFraming, MalformedResponse | None]:
    """Return the Content-Length, the framing of the body (6.3), and why there is none.

    A fault is a value, because it does not matter where the body is not read: after a redirect or an error.
    """
    length, error = None, None
    if b"content-length" in values:
        try:
            length = _parse_length(b",".join(values[b"content-length"]))
        except MalformedResponse as fault:
            error = fault.with_traceback(None)  # the traceback refers to the head
    if method == "HEAD" or status in _STATUS_WITHOUT_BODY or status in _INTERIM:
        return length, 0, None
    if b"transfer-encoding" in values and _is_chunked(values[b"transfer-encoding"]):
        return None, BodyFraming.CHUNKED, None
    return length, BodyFraming.CLOSE_DELIMITED if length is None else length, error


def _is_chunked(fields: list[bytes]) -> bool:
    """Whether the last transfer coding is chunked. `identity`, of RFC 2616, is none."""
    codings = [coding.strip(b" \t") for coding in b",".join(fields).lower().split(b",")]
    return [coding for coding in codings if coding not in _NO_CODING][-1:] == [b"chunked"]


def _parse_length(value: bytes) -> int:
    """Parse a Content-Length. A list of equal numbers is one number (RFC 9110, 8.6)."""
    if b"," in value:
        lengths = {_parse_length(number) for number in {number.strip(b" \t") for number in value.split(b",")}}
        if len(lengths) > 1:
            raise MalformedResponse("the head states two lengths of the body")
        return lengths.pop()
    digits = value.lstrip(b"0") or b"0"
    # int() raises ValueError for thousands of digits.
    if not _DIGITS.fullmatch(value) or len(digits) > len(str(_MAX_CONTENT_LENGTH)) or int(digits) > _MAX_CONTENT_LENGTH:
        raise InvalidContentLength("Content-Length is not a number")
    return int(digits)


def _keeps_connection(status: int, values: _Values) -> bool:
    # Beside a Transfer-Encoding, another recipient may have read the length, and so another end (6.1).
    has_two_framings = b"content-length" in values and b"transfer-encoding" in values
    options = b",".join(values.get(b"connection", [])).lower().split(b",")
    is_last = status == _SWITCHING_PROTOCOLS or has_two_framings
    return not is_last and b"close" not in {option.strip() for option in options}
