"""An answer of HTTP/1.1 read from bytes: what is taken, what is refused, and that it is the same however it comes."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.http_client.chunked import ChunkedDecoder
from intake.http_client.response_head import MAX_HEAD_BYTES, ResponseHead, find_head_end, parse_head
from intake.model.errors import BadResponse

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
def test_a_status_line_is_read(line: bytes, status: int) -> None:
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
def test_a_line_that_is_none_is_refused(line: bytes) -> None:
    with pytest.raises(BadResponse):
        head(line=line)


@pytest.mark.parametrize(
    ("field", "read"),
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
def test_a_field_is_read(field: bytes, read: tuple[bytes, bytes]) -> None:
    assert [read] == head(field).fields


@pytest.mark.parametrize("field", [b"A", b": b", b"A b: c", b"A\0: b", b"A: b\0c", b"A: b\rc", b"A(b): c", b"\xe9: b"])
def test_a_field_that_is_none_is_refused(field: bytes) -> None:
    with pytest.raises(BadResponse):
        head(field)


def test_lines_may_end_in_a_bare_lf() -> None:
    assert parse_head(b"HTTP/1.1 200 OK\nA: b\nC: d\n\n", "GET").fields == [(b"A", b"b"), (b"C", b"d")]


@pytest.mark.parametrize(
    ("fields", "framing"),
    [
        ([], "until close"),
        ([b"Content-Length: 5"], 5),
        ([b"content-LENGTH:005"], 5),
        ([b"Content-Length: 0"], 0),
        ([b"Content-Length: 9223372036854775807"], 2**63 - 1),
        ([b"Transfer-Encoding: chunked"], "chunks"),
        ([b"Transfer-Encoding: gzip, Chunked"], "chunks"),
        ([b"Transfer-Encoding: gzip", b"Transfer-Encoding: chunked"], "chunks"),
        ([b"Transfer-Encoding: chunked, gzip"], "until close"),
        ([b"Transfer-Encoding: identity"], "until close"),
    ],
)
def test_the_body_ends_as_the_head_says(fields: list[bytes], framing: object) -> None:
    assert framing == head(*fields).framing


@pytest.mark.parametrize(
    "fields",
    [
        [b"Content-Length: 5", b"Content-Length: 5"],
        [b"Content-Length: 5, 5"],
        [b"Content-Length: 5", b"Transfer-Encoding: chunked"],
        [b"Transfer-Encoding: identity", b"Content-Length: 5"],
        [b"Content-Length: -5"],
        [b"Content-Length: +5"],
        [b"Content-Length: 0x5"],
        [b"Content-Length: 5 5"],
        [b"Content-Length: \xb2"],
        [b"Content-Length:"],
        [b"Content-Length: 9223372036854775808"],
        [b"Content-Length: " + b"9" * 5000],
    ],
)
def test_two_lengths_and_what_is_no_length_are_refused(fields: list[bytes]) -> None:
    with pytest.raises(BadResponse):
        head(*fields)


@pytest.mark.parametrize(
    ("status", "method"), [(204, "GET"), (304, "GET"), (100, "GET"), (101, "GET"), (200, "HEAD"), (404, "HEAD")]
)
def test_some_answers_have_no_body_whatever_they_say(status: int, method: str) -> None:
    assert head(b"Content-Length: 5", line=b"HTTP/1.1 %d X\r\n" % status, method=method).framing == 0


@pytest.mark.parametrize(("status", "interim"), [(100, True), (103, True), (199, True), (101, False), (200, False)])
def test_what_comes_before_the_answer_is_known(status: int, interim: bool) -> None:  # noqa: FBT001
    assert interim is head(line=b"HTTP/1.1 %d X\r\n" % status).interim


@pytest.mark.parametrize(
    ("line", "fields", "persistent"),
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
def test_a_connection_persists_unless_the_answer_says_otherwise(
    line: bytes,
    fields: list[bytes],
    persistent: bool,  # noqa: FBT001
) -> None:
    assert persistent is head(*fields, line=line).persistent


@pytest.mark.parametrize("data", [b"", b"H", b"HTTP/", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nA: b\r\n\r"])
def test_a_head_that_has_begun_is_waited_for(data: bytes) -> None:
    assert find_head_end(data, 0) is None


@pytest.mark.parametrize("data", [b"\0", b"X", b"HTTX", b"http/", b"\xff\xd8\xff\xe0", b"<html>"])
def test_what_does_not_begin_as_an_answer_is_refused_at_once(data: bytes) -> None:
    with pytest.raises(BadResponse):
        find_head_end(data, 0)


@given(st.data(), st.sampled_from([b"\r\n", b"\n"]))
def test_the_end_of_a_head_is_found_however_it_is_cut(data: st.DataObject, line_end: bytes) -> None:
    whole = line_end.join([b"HTTP/1.1 200 OK", b"A: b", b"", b""])
    cut = data.draw(st.integers(0, len(whole) - 1))

    assert find_head_end(whole[:cut], 0) is None
    assert len(whole) == find_head_end(whole + b"rest", cut)


def in_chunks(parts: list[bytes]) -> bytes:
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n"


@given(
    st.lists(st.binary(min_size=1, max_size=40), max_size=8),
    st.sampled_from([b"", b"Digest: none\r\n", b"A: b\r\nC: d\r\n"]),
    st.binary(max_size=8),
    st.lists(st.integers(0, 400), max_size=12),
)
def test_a_body_in_chunks_is_the_same_however_it_is_cut(
    parts: list[bytes], trailers: bytes, over: bytes, cuts: list[int]
) -> None:
    raw = in_chunks(parts) + trailers + b"\r\n"
    whole = raw + over
    places = sorted({0, len(whole), *(cut for cut in cuts if cut < len(whole))})
    chunks, body, behind = ChunkedDecoder(), b"", b""
    for begin, end in pairwise(places):
        if chunks.done:
            behind += whole[begin:end]
            continue
        pieces, rest = chunks.feed(whole[begin:end])
        body += b"".join(pieces)
        behind += rest

    assert chunks.done
    assert b"".join(parts) == body
    assert over == behind


@pytest.mark.parametrize(
    "raw",
    [
        b"x\r\n",
        b"-5\r\n",
        b"+5\r\n",
        b"0x5\r\n",
        b"\r\n",
        b" 5\r\n",
        b"5\n",
        b"5 5\r\n",
        b"fffffffffffffffff\r\n",
        b"5\rx\r\n",
        b"5;a\0b\r\n",
        b"1\r\nab",
        b"1\r\na\n",
        b"0\r\nno field\r\n",
        b"0\r\n: b\r\n",
    ],
)
def test_what_is_not_in_chunks_is_refused(raw: bytes) -> None:
    with pytest.raises(BadResponse):
        ChunkedDecoder().feed(raw)


@pytest.mark.parametrize("raw", [b'5;a=b;c="d"\r\nabcde\r\n', b"5 \r\nabcde\r\n", b"0005;\r\nabcde\r\n"])
def test_extensions_of_a_chunk_are_ignored(raw: bytes) -> None:
    assert ChunkedDecoder().feed(raw) == ([b"abcde"], b"")


@pytest.mark.parametrize("endless", [b"0" * 100, b"1;" + b"x" * 98, b"0\r\n" + b"A: b\r\n" * 20, b"1\r\na\r\n" * 50])
def test_framing_without_a_body_to_speak_of_is_refused(endless: bytes) -> None:
    chunks = ChunkedDecoder()
    first, rest = endless[:2], endless[2:]
    chunks.feed(first)

    def go_on() -> None:
        for _ in range(2 * MAX_HEAD_BYTES // len(rest)):
            chunks.feed(rest)

    with pytest.raises(BadResponse):
        go_on()
