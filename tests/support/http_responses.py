"""Responses of HTTP/1.1 to parse: a table of named ones, and strategies of hypothesis that generate others."""

from dataclasses import dataclass

from hypothesis import strategies as st

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
SIZED = b"Content-Length: 5\r\n\r\nimage"


@dataclass(frozen=True, slots=True)
class Response:
    """Bytes of a server, up to the end of the connection.

    Attributes:
        raw: all of them.
        method: of the request.
    """

    raw: bytes
    method: str = "GET"


def _fields(*lines: bytes) -> bytes:
    return OK + b"".join(line + b"\r\n" for line in lines)


RESPONSES: dict[str, Response] = {
    # Framing by length.
    "length": Response(OK + SIZED),
    "length of zero": Response(OK + b"Content-Length: 0\r\n\r\n"),
    "length with leading zeros": Response(OK + b"Content-Length: 0005\r\n\r\nimage"),
    "length with spaces around it": Response(OK + b"Content-Length: \t 5 \t\r\n\r\nimage"),
    "length in a field with odd case": Response(OK + b"cOnTeNt-LeNgTh: 5\r\n\r\nimage"),
    "length longer than the body": Response(OK + b"Content-Length: 6\r\n\r\nimage"),
    "length shorter than the body": Response(OK + b"Content-Length: 4\r\n\r\nimage"),
    "length with connection close": Response(_fields(b"Connection: close") + SIZED),
    "length with connection close and more bytes": Response(_fields(b"Connection: close") + SIZED + b"more"),
    "length with another response behind": Response(OK + SIZED + OK + SIZED),
    "length with a blank line behind": Response(OK + SIZED + b"\r\n"),
    "length twice, equal": Response(_fields(b"Content-Length: 5") + SIZED),
    "length twice, different": Response(_fields(b"Content-Length: 4") + SIZED),
    "length in a list": Response(OK + b"Content-Length: 5, 5\r\n\r\nimage"),
    "length twice, different spelling": Response(_fields(b"Content-Length: 005") + SIZED),
    "length twice in lists": Response(_fields(b"Content-Length: 5,5") + b"Content-Length: 5 , 5\r\n\r\nimage"),
    "length in a list, different": Response(OK + b"Content-Length: 5, 6\r\n\r\nimage"),
    "length with a space before the colon": Response(OK + b"Content-Length : 5\r\n\r\nimage"),
    "length negative": Response(OK + b"Content-Length: -5\r\n\r\nimage"),
    "length with a plus": Response(OK + b"Content-Length: +5\r\n\r\nimage"),
    "length in hexadecimal": Response(OK + b"Content-Length: 0x5\r\n\r\nimage"),
    "length with a space inside": Response(OK + b"Content-Length: 1 5\r\n\r\nimage"),
    "length empty": Response(OK + b"Content-Length:\r\n\r\nimage"),
    "length in digits of another script": Response(OK + b"Content-Length: \xd9\xa5\r\n\r\nimage"),
    "length of 64 bits": Response(OK + b"Content-Length: 18446744073709551616\r\n\r\nimage"),
    "length of 63 bits": Response(OK + b"Content-Length: 9223372036854775807\r\n\r\nimage"),
    # Framing by the end of the connection.
    "close-delimited": Response(OK + b"\r\nimage"),
    "close-delimited and empty": Response(OK + b"\r\n"),
    "close-delimited in HTTP/1.0": Response(b"HTTP/1.0 200 OK\r\n\r\nimage"),
    "close-delimited with the bytes of a response": Response(OK + b"\r\n" + OK + SIZED),
    # Framing by chunks.
    "chunked": Response(CHUNKED + b"3\r\nima\r\n2\r\nge\r\n0\r\n\r\n"),
    "chunked and empty": Response(CHUNKED + b"0\r\n\r\n"),
    "chunked, coding in capitals": Response(OK + b"Transfer-Encoding: CHUNKED\r\n\r\n5\r\nimage\r\n0\r\n\r\n"),
    "chunked, sizes with zeros and capitals": Response(CHUNKED + b"000A\r\n0123456789\r\n00\r\n\r\n"),
    "chunked, extensions": Response(CHUNKED + b'5;name=value;other="quoted"\r\nimage\r\n0;last\r\n\r\n'),
    "chunked, extension without name": Response(CHUNKED + b"5;\r\nimage\r\n0\r\n\r\n"),
    "chunked, space before the size": Response(CHUNKED + b" 5\r\nimage\r\n0\r\n\r\n"),
    "chunked, space behind the size": Response(CHUNKED + b"5 \r\nimage\r\n0\r\n\r\n"),
    "chunked, space before the extension": Response(CHUNKED + b"5 ;name=value\r\nimage\r\n0\r\n\r\n"),
    "chunked, trailers": Response(CHUNKED + b"5\r\nimage\r\n0\r\nDigest: none\r\nServer: a\r\n\r\n"),
    "chunked, malformed trailer": Response(CHUNKED + b"5\r\nimage\r\n0\r\nno field\r\n\r\n"),
    "chunked, folded trailer": Response(CHUNKED + b"5\r\nimage\r\n0\r\nServer: a\r\n b\r\n\r\n"),
    "chunked, bare LF behind the size": Response(CHUNKED + b"5\nimage\r\n0\r\n\r\n"),
    "chunked, bare LF behind the data": Response(CHUNKED + b"5\r\nimage\n0\r\n\r\n"),
    "chunked, bare LF behind a trailer": Response(CHUNKED + b"5\r\nimage\r\n0\r\nServer: a\n\r\n"),
    "chunked, chunk longer than its size": Response(CHUNKED + b"4\r\nimage\r\n0\r\n\r\n"),
    "chunked, chunk shorter than its size": Response(CHUNKED + b"6\r\nimage\r\n0\r\n\r\n"),
    "chunked, size negative": Response(CHUNKED + b"-5\r\nimage\r\n0\r\n\r\n"),
    "chunked, size with 0x": Response(CHUNKED + b"0x5\r\nimage\r\n0\r\n\r\n"),
    "chunked, size empty": Response(CHUNKED + b"\r\nimage\r\n0\r\n\r\n"),
    "chunked, size of 68 bits": Response(CHUNKED + b"fffffffffffffffff\r\nimage\r\n0\r\n\r\n"),
    "chunked, cut in the data": Response(CHUNKED + b"5\r\nima"),
    "chunked, cut before the last chunk": Response(CHUNKED + b"5\r\nimage\r\n"),
    "chunked, cut behind the last chunk": Response(CHUNKED + b"5\r\nimage\r\n0\r\n"),
    "chunked, more bytes behind": Response(CHUNKED + b"5\r\nimage\r\n0\r\n\r\nmore"),
    "chunked and a length": Response(_fields(b"Content-Length: 5") + CHUNKED[len(OK) :] + b"5\r\nimage\r\n0\r\n\r\n"),
    "chunked and a length, body not chunked": Response(_fields(b"Transfer-Encoding: chunked") + SIZED),
    "chunked and two lengths": Response(
        _fields(b"Content-Length: 4", b"Content-Length: 6") + CHUNKED[len(OK) :] + b"0\r\n\r\n"
    ),
    "chunked with a space before the colon": Response(
        OK + b"Transfer-Encoding : chunked\r\n\r\n5\r\nimage\r\n0\r\n\r\n"
    ),
    "chunked between spaces and tabs": Response(OK + b"Transfer-Encoding:\t chunked \t\r\n\r\n5\r\nimage\r\n0\r\n\r\n"),
    "chunked, cut in a trailer": Response(CHUNKED + b"5\r\nimage\r\n0\r\nDigest: n"),
    "chunked in HTTP/1.0": Response(
        b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nimage\r\n0\r\n\r\n",
    ),
    "chunked twice": Response(OK + b"Transfer-Encoding: chunked, chunked\r\n\r\n5\r\nimage\r\n0\r\n\r\n"),
    "chunked in two fields": Response(
        _fields(b"Transfer-Encoding: chunked") + CHUNKED[len(OK) :] + b"5\r\nimage\r\n0\r\n\r\n"
    ),
    "identity, then chunked": Response(OK + b"Transfer-Encoding: identity, chunked\r\n\r\n5\r\nimage\r\n0\r\n\r\n"),
    "identity and a length": Response(_fields(b"Transfer-Encoding: identity") + SIZED),
    "coding that does not exist and a length": Response(_fields(b"Transfer-Encoding: binary") + SIZED),
    "gzip, then chunked": Response(OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n5\r\nimage\r\n0\r\n\r\n"),
    "chunked, then gzip": Response(OK + b"Transfer-Encoding: chunked, gzip\r\n\r\nimage"),
    "identity coding": Response(OK + b"Transfer-Encoding: identity\r\n\r\nimage"),
    # Responses without a body.
    "HEAD": Response(OK + b"Content-Length: 5\r\n\r\n", "HEAD"),
    "HEAD, chunked": Response(CHUNKED, "HEAD"),
    "HEAD with a body": Response(OK + SIZED, "HEAD"),
    "204": Response(b"HTTP/1.1 204 No Content\r\n\r\n"),
    "204 with a body": Response(b"HTTP/1.1 204 No Content\r\n" + SIZED),
    "304 with a length": Response(b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\nETag: a\r\n\r\n"),
    "204 with two lengths": Response(b"HTTP/1.1 204 No Content\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\n"),
    "304 with a negative length": Response(b"HTTP/1.1 304 Not Modified\r\nContent-Length: -5\r\n\r\n"),
    "HEAD with two lengths": Response(_fields(b"Content-Length: 4", b"Content-Length: 5") + b"\r\n", "HEAD"),
    "205 with a length": Response(b"HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n"),
    # Interim responses.
    "100 before the response": Response(b"HTTP/1.1 100 Continue\r\n\r\n" + OK + SIZED),
    "102 and 103 before the response": Response(
        b"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + OK + SIZED
    ),
    "100 alone": Response(b"HTTP/1.1 100 Continue\r\n\r\n"),
    "101": Response(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: a\r\nConnection: upgrade\r\n\r\n"),
    # Status lines.
    "status without reason": Response(b"HTTP/1.1 200\r\n" + SIZED),
    "status with an empty reason": Response(b"HTTP/1.1 200 \r\n" + SIZED),
    "status with obs-text in the reason": Response(b"HTTP/1.1 200 d\xe9j\xe0 vu\r\n" + SIZED),
    "status 999": Response(b"HTTP/1.1 999 Denied\r\n" + SIZED),
    "status of two digits": Response(b"HTTP/1.1 20 OK\r\n" + SIZED),
    "status of four digits": Response(b"HTTP/1.1 2000 OK\r\n" + SIZED),
    "status 000": Response(b"HTTP/1.1 000 OK\r\n" + SIZED),
    "status with a NUL in the reason": Response(b"HTTP/1.1 200 O\0K\r\n" + SIZED),
    "status with a bare CR in the reason": Response(b"HTTP/1.1 200 O\rK\r\n" + SIZED),
    "status behind two spaces": Response(b"HTTP/1.1  200 OK\r\n" + SIZED),
    "version 2": Response(b"HTTP/2 200 OK\r\n" + SIZED),
    "version 1.2": Response(b"HTTP/1.2 200 OK\r\n" + SIZED),
    "version in small letters": Response(b"http/1.1 200 OK\r\n" + SIZED),
    "blank lines before the status": Response(b"\r\n\r\n" + OK + SIZED),
    # Fields.
    "field with an empty value": Response(_fields(b"A:", b"B: ") + SIZED),
    "field with obs-text": Response(_fields(b"A: \xe9\xff") + SIZED),
    "field with every character of a token": Response(_fields(b"!#$%&'*+-.^_`|~09azAZ: b") + SIZED),
    "field with a space before the colon": Response(_fields(b"A : b") + SIZED),
    "field with a space in the name": Response(_fields(b"A b: c") + SIZED),
    "field without a colon": Response(_fields(b"A") + SIZED),
    "field without a name": Response(_fields(b": a") + SIZED),
    "field with a name outside ASCII": Response(_fields(b"\xe9: a") + SIZED),
    "field with a slash in the name": Response(_fields(b"A/b: c") + SIZED),
    "field with brackets in the name": Response(_fields(b"A[b]: c") + SIZED),
    "field that is HTML": Response(_fields(b"<br />") + SIZED),
    "field that is a PHP warning": Response(_fields(b"<b>Warning</b>: fopen(/a): failed in <b>a.php</b>") + SIZED),
    "field that is a status line": Response(OK + OK + SIZED),
    "field without a colon, folded": Response(_fields(b"A", b" B: c") + SIZED),
    "fold before the colon of a length": Response(_fields(b"Content-Length", b" : 4") + SIZED),
    "field with a NUL": Response(_fields(b"A: b\0c") + SIZED),
    "field with a bare CR": Response(_fields(b"A: b\rc") + SIZED),
    "field with a tab inside": Response(_fields(b"A: b\tc") + SIZED),
    "field repeated": Response(_fields(b"A: b", b"A: c") + SIZED),
    "field folded": Response(_fields(b"A: b\r\n c\r\n\td") + SIZED),
    "first field folded": Response(OK + b" A: b\r\n" + SIZED),
    "bare LF behind every line": Response(b"HTTP/1.1 200 OK\nA: b\nContent-Length: 5\n\nimage"),
    "bare LF behind one line": Response(OK + b"A: b\n" + SIZED),
    "fields, a thousand": Response(_fields(*[b"A: b"] * 1000) + SIZED),
    "bare CR behind a line": Response(OK + b"A: b\r" + SIZED),
    # No responses.
    "nothing": Response(b""),
    "head cut": Response(OK + b"Content-Le"),
    "an image": Response(b"\xff\xd8\xff\xe0\x00\x10JFIF\x00"),
    "HTML without a head": Response(b"<html></html>"),
    "another protocol": Response(b"SSH-2.0-server\r\n"),
}
"""What a server may send, by name."""

_HEADS = [OK, b"HTTP/1.0 404\r\n", b"HTTP/1.1 103 Hints\r\nLink: a\r\n\r\nHTTP/1.1 200 OK\n"]
_FIELDS = [b"", b"Server: a\r\n", b"A:\nB: c\r\n d\r\n", b"Connection: close\r\n"]
_TOKENS = [
    *(b"\r\n", b"\n", b"\r", b" ", b":", b";", b",", b"0", b"5", b"f", b"+", b"\0", b"\xff", b" a\r\n"),
    *(b"HTTP/1.1 ", b"HTTP/1.0 200 OK\r\n", b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 204 None\r\n"),
    *(b"Content-Length: 3\r\n", b"Transfer-Encoding: chunked\r\n", b"Transfer-Encoding: gzip\r\n", b"0\r\n\r\n"),
]


@dataclass(frozen=True, slots=True)
class Sent:
    """A whole response, and the body in it."""

    raw: bytes
    body: bytes
    is_close_delimited: bool


@st.composite
def whole_responses(draw: st.DrawFn) -> Sent:
    """Generate whole responses in each framing."""
    head = draw(st.sampled_from(_HEADS)) + draw(st.sampled_from(_FIELDS))
    parts = draw(st.lists(st.binary(min_size=1, max_size=20), max_size=5))
    body = b"".join(parts)
    match draw(st.sampled_from(["length", "chunked", "close"])):
        case "length":
            return Sent(head + b"Content-Length: %d\r\n\r\n" % len(body) + body, body, is_close_delimited=False)
        case "chunked":
            extension = draw(st.sampled_from([b"", b" ", b";a=b"]))
            chunks = b"".join(b"%x%b\r\n%b\r\n" % (len(part), extension, part) for part in parts)
            end = b"0\r\n" + draw(st.sampled_from([b"", b"Digest: a\r\n"])) + b"\r\n"
            return Sent(head + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + end, body, is_close_delimited=False)
        case _:
            return Sent(head + b"\r\n" + body, body, is_close_delimited=True)


@st.composite
def damaged_responses(draw: st.DrawFn) -> bytes:
    """Generate responses with a few bytes replaced, added or removed, and some cut short."""
    raw = draw(whole_responses()).raw
    for _ in range(draw(st.integers(0, 3))):
        at, removed = draw(st.integers(0, len(raw))), draw(st.integers(0, 4))
        raw = raw[:at] + draw(st.sampled_from([b"", *_TOKENS])) + raw[at + removed :]
    return raw[: draw(st.integers(0, len(raw)))] if draw(st.booleans()) else raw
