"""Heads of responses: what the parser accepts, what it rejects, and what it reads from them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.http_client.errors import InvalidContentLength, MalformedResponse
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
        b"HTTP/1.1 200\r\n OK\r\n",
        b"HTTP/1.1 200 OK\n \n",
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


@pytest.mark.parametrize("field", [b"A", b": b", b"A b: c", b"A\0: b", b"A: b\0c", b"A: b\rc", b"A(b): c", b"\xe9: b"])
def test_parser_rejects_a_malformed_field(field: bytes) -> None:
    with pytest.raises(MalformedResponse):
        head(field)


def test_parser_accepts_lines_that_end_in_a_bare_lf() -> None:
    assert parse_head(b"HTTP/1.1 200 OK\nA: b\nC: d\n\n", "GET").fields == [(b"A", b"b"), (b"C", b"d")]


@pytest.mark.parametrize(
    ("fields", "framing"),
    [
        ([], BodyFraming.CLOSE_DELIMITED),
        ([b"Content-Length: 5"], 5),
        ([b"content-LENGTH:005"], 5),
        ([b"Content-Length: 0"], 0),
        ([b"Content-Length: 9223372036854775807"], 2**63 - 1),
        ([b"Transfer-Encoding: chunked"], BodyFraming.CHUNKED),
        ([b"Transfer-Encoding: gzip, Chunked"], BodyFraming.CHUNKED),
        ([b"Transfer-Encoding: gzip", b"Transfer-Encoding: chunked"], BodyFraming.CHUNKED),
        ([b"Transfer-Encoding: chunked, gzip"], BodyFraming.CLOSE_DELIMITED),
        ([b"Transfer-Encoding: identity"], BodyFraming.CLOSE_DELIMITED),
    ],
)
def test_parser_reads_the_framing_of_the_body(fields: list[bytes], framing: object) -> None:
    assert framing == head(*fields).framing


@pytest.mark.parametrize(
    "fields",
    [
        [b"Content-Length: 5", b"Content-Length: 5"],
        [b"Content-Length: 5", b"Transfer-Encoding: chunked"],
        [b"Transfer-Encoding: identity", b"Content-Length: 5"],
    ],
)
def test_parser_rejects_a_head_that_states_the_length_twice(fields: list[bytes]) -> None:
    with pytest.raises(MalformedResponse, match="twice"):
        head(*fields)


@pytest.mark.parametrize(
    "value",
    [
        *(b"-5", b"+5", b"0x5", b"5 5", b"5, 5", b"5_5", b"5.0", b"five", b"\xb2", b"\xd9\xa3", b""),
        *(b"9223372036854775808", b"9" * 5000, b"0" * 5000 + b"x"),
    ],
)
def test_parser_rejects_a_content_length_that_is_not_a_number_of_63_bits(value: bytes) -> None:
    with pytest.raises(InvalidContentLength):
        head(b"Content-Length: " + value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(b"0", 0), (b"5", 5), (b"0005", 5), (b" \t5 ", 5), (b"0" * 5000 + b"5", 5), (b"9223372036854775807", 2**63 - 1)],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_parser_reads_the_content_length_also_when_there_is_no_body(value: bytes, expected: int, method: str) -> None:
    assert expected == head(b"content-LENGTH:" + value, method=method).content_length


@pytest.mark.parametrize("fields", [[], [b"Transfer-Encoding: chunked"]])
def test_head_without_a_content_length_has_none(fields: list[bytes]) -> None:
    assert head(*fields).content_length is None


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
