"""Heads of responses: what the parser accepts, what it rejects, and what it reads from them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.http_client.errors import MalformedResponse
from intake.http_client.response_head import BodyFraming, ResponseHead, find_head_end, parse_head

OK = b"HTTP/1.1 200 OK\r\n"


def head(*fields: bytes, line: bytes = OK, method: str = "GET") -> ResponseHead:
    return parse_head(line + b"".join(field + b"\r\n" for field in fields) + b"\r\n", method)


@pytest.mark.parametrize(
    ("line", "status"),
    [
        (b"HTTP/1.1 200 OK\r\n", 200),
        (b"HTTP/1.1 200\r\n", 200),
        (b"HTTP/1.1 404 \r\n", 404),
        (b"HTTP/1.0 206 Partial Content\n", 206),
        (b"HTTP/1.1 999 \xc3\xa9\xff\t!\r\n", 999),
    ],
)
def test_parser_reads_a_status_line(line: bytes, status: int) -> None:
    assert status == head(line=line).status


@pytest.mark.parametrize(
    "line",
    [
        b"HTTP/1.2 200 OK\r\n",
        b"HTTP/2 200 OK\r\n",
        b"http/1.1 200 OK\r\n",
        b"HTTP/1.1  200 OK\r\n",
        b"HTTP/1.1\t200 OK\r\n",
        b"HTTP/1.1 20 OK\r\n",
        b"HTTP/1.1 020 OK\r\n",
        b"HTTP/1.1 000 OK\r\n",
        b"HTTP/1.1\r\n 200 OK\r\n",
        b"HTTP/1.1 2000 OK\r\n",
        b"HTTP/1.1 200OK\r\n",
        b"HTTP/1.1 \xd9\xa3\xd9\xa3\xd9\xa3 OK\r\n",
        b"HTTP/1.1 200 O\0K\r\n",
        b"HTTP/1.1 200 O\rK\r\n",
    ],
)
def test_parser_rejects_a_malformed_status_line(line: bytes) -> None:
    with pytest.raises(MalformedResponse):
        head(line=line)


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        (b"A: b", (b"A", b"b")),
        (b"A:b", (b"A", b"b")),
        (b"A:", (b"A", b"")),
        (b"A:  \t b  c \t", (b"A", b"b  c")),
        (b"A : b", (b"A", b"b")),
        (b"A: b: c", (b"A", b"b: c")),
        (b"!#$%&'*+-.^_`|~9z: \xff", (b"!#$%&'*+-.^_`|~9z", b"\xff")),
        (b"A: b\r\n c\r\n\td", (b"A", b"b c d")),
        (b"A: b\n  c", (b"A", b"b c")),
    ],
)
def test_parser_reads_a_field(field: bytes, expected: tuple[bytes, bytes]) -> None:
    assert [expected] == head(field).fields


@pytest.mark.parametrize(
    "field", [b"A\0: b", b"A: b\0c", b"A: b\rc", b"A\r: b", b"\r", b"A\0b", b"<br />\r", b"A: b\r\n c\0"]
)
def test_parser_rejects_a_nul_or_a_bare_cr_in_any_line(field: bytes) -> None:
    with pytest.raises(MalformedResponse, match="NUL"):
        head(field)


@pytest.mark.parametrize(
    "line",
    [
        *(
            b"A",
            b": b",
            b"A b: c",
            b"A(b): c",
            b"\xe9: b",
            b"\xd0\x98\xd0\xbc\xd1\x8f: b",
            b"a/b: c",
            b"[a]: b",
            b'"a": b',
            b"=",
            b":",
        ),
        *(
            b"<br />",
            b"<b>Warning</b>: fopen(/a) in <b>b.php</b>",
            b"preload",
            b"HTTP/1.1 200 OK",
            b"HTTP/1.1 100: Continue",
        ),
        *(
            b"a@b: c",
            b"a\x0b: b",
            b"\xa0Content-Length: 9",
            b"Content Length: 9",
            b"Content-Length 9",
            b"Content-Length\x0b: 9",
        ),
        *(b"no colon\r\n Content-Length: 9", b"Content-Length\r\n : 9", b"a/b: c\r\n\tTransfer-Encoding: chunked"),
    ],
)
@pytest.mark.parametrize("at", [0, 1, 2])
def test_parser_skips_a_line_that_is_no_field_and_reuses_no_connection_after_it(line: bytes, at: int) -> None:
    """Browsers skip it too. Where the line was meant to frame the body, another recipient may find another end."""
    lines = [b"A: b", b"Content-Length: 5"]
    parsed = head(*lines[:at], line, *lines[at:])

    assert parsed.fields == [(b"A", b"b"), (b"Content-Length", b"5")]
    assert (parsed.framing, parsed.is_persistent) == (5, False)


@pytest.mark.parametrize("line", [b" A: b", b"\tContent-Length: 9", b" ", b" OK\r\n folded"])
def test_parser_skips_lines_that_begin_with_a_space_behind_the_status_line(line: bytes) -> None:
    """RFC 9112, 2.2."""
    parsed = head(line, b"Content-Length: 5")

    assert (parsed.fields, parsed.is_persistent) == ([(b"Content-Length", b"5")], False)


@pytest.mark.parametrize(
    ("fields", "framing"),
    [
        ([b"Content-Length : 5"], 5),
        ([b"Content-Length\t :5"], 5),
        ([b"Transfer-Encoding : chunked"], BodyFraming.CHUNKED),
    ],
)
def test_space_before_the_colon_of_a_framing_field_changes_nothing(fields: list[bytes], framing: object) -> None:
    """RFC 9112, 5.1 tells a proxy to remove it, so the field is read as every proxy passes it on."""
    assert (framing, True) == (head(*fields).framing, head(*fields).is_persistent)


def test_parser_reads_many_lines_in_time_that_grows_with_their_number() -> None:
    """A pattern that backtracks would take minutes for a head of 64 KiB."""
    lines = [b"a" * 5000 + b" " * 5000, b"b" * 20_000, b": c" * 5000, b"d: " + b" " * 9000]

    assert head(*lines).fields == [(b"d", b"")]


def test_parser_accepts_lines_that_end_in_a_bare_lf() -> None:
    assert parse_head(b"HTTP/1.1 200 OK\nA: b\nC: d\n\n", "GET").fields == [(b"A", b"b"), (b"C", b"d")]


@pytest.mark.parametrize("version", [b"HTTP/1.0", b"HTTP/1.1"])
def test_parser_reads_the_version(version: bytes) -> None:
    assert version == head(line=version + b" 200 OK\r\n").http_version


@pytest.mark.parametrize(
    ("status", "method"), [(204, "GET"), (304, "GET"), (100, "GET"), (101, "GET"), (200, "HEAD"), (404, "HEAD")]
)
def test_response_has_no_body_whatever_its_length_says(status: int, method: str) -> None:
    assert head(b"Content-Length: 5", line=b"HTTP/1.1 %d X\r\n" % status, method=method).framing == 0


@pytest.mark.parametrize(("status", "is_interim"), [(100, True), (103, True), (199, True), (101, False), (200, False)])
def test_parser_recognizes_an_interim_response(status: int, is_interim: bool) -> None:  # noqa: FBT001
    assert is_interim is head(line=b"HTTP/1.1 %d X\r\n" % status).is_interim


@pytest.mark.parametrize(
    ("line", "fields", "is_persistent"),
    [
        (OK, [], True),
        (OK, [b"Connection: keep-alive"], True),
        (OK, [b"Connection: close"], False),
        (OK, [b"connection: upgrade , Close"], False),
        (OK, [b"Connection: upgrade", b"Connection: close"], False),
        (OK, [b"Connection: closed"], True),
        (OK, [b"Content-Length: 5", b"Content-Length: 5"], True),
        (OK, [b"Content-Length: 5", b"Transfer-Encoding: chunked"], False),
        (OK, [b"Transfer-Encoding: identity", b"Content-Length: 5"], False),
        (b"HTTP/1.0 200 OK\r\n", [b"Connection: keep-alive"], False),
        (b"HTTP/1.1 101 Switching Protocols\r\n", [], False),
    ],
)
def test_connection_persists_unless_the_response_says_otherwise(
    line: bytes,
    fields: list[bytes],
    is_persistent: bool,  # noqa: FBT001
) -> None:
    assert is_persistent is head(*fields, line=line).is_persistent


@pytest.mark.parametrize("data", [b"", b"H", b"HTTP/", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nA: b\r\n\r"])
def test_parser_waits_for_the_end_of_a_head(data: bytes) -> None:
    assert find_head_end(data, 0) is None


@pytest.mark.parametrize("data", [b"\0", b"X", b"HTTX", b"http/", b"\xff\xd8\xff\xe0", b"<html>"])
def test_parser_rejects_bytes_at_once_when_they_do_not_start_a_response(data: bytes) -> None:
    with pytest.raises(MalformedResponse):
        find_head_end(data, 0)


@given(st.data(), st.sampled_from([b"\r\n", b"\n"]))
def test_parser_finds_the_end_of_a_head_wherever_the_bytes_are_split(data: st.DataObject, line_end: bytes) -> None:
    whole = line_end.join([b"HTTP/1.1 200 OK", b"A: b", b"", b""])
    split = data.draw(st.integers(0, len(whole) - 1))

    assert find_head_end(whole[:split], 0) is None
    assert len(whole) == find_head_end(whole + b"rest", split)
