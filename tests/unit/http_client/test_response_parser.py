"""Whole and incomplete responses: the parser returns the body that was sent, or says that it is not complete."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.http_client.errors import MalformedResponse, UncleanEnd
from intake.http_client.response_parser import ResponseParser
from support.http_parsers import Verdict, parse
from support.http_responses import CHUNKED, OK, Sent, whole_responses


@given(whole_responses(), st.sampled_from([b"", b"\r\n", b"HTTP/1.1 200 OK\r\n"]))
def test_parser_returns_the_body_of_a_whole_response(sent: Sent, extra: bytes) -> None:
    parsed = parse([sent.raw + extra], "GET")

    assert parsed.verdict is Verdict.WHOLE
    assert parsed.body == sent.body + (extra if sent.is_close_delimited else b"")
    assert parsed.has_extra_bytes is (bool(extra) and not sent.is_close_delimited)


@given(whole_responses(), st.data())
def test_parser_never_takes_a_truncated_response_for_a_whole_one(sent: Sent, data: st.DataObject) -> None:
    """A close-delimited one apart: there the connection says whether it was truncated. A body may lack its trailers."""
    parsed = parse([sent.raw[: data.draw(st.integers(0, len(sent.raw) - 1))]], "GET")

    assert sent.body.startswith(parsed.body)
    assert parsed.verdict is Verdict.INCOMPLETE or sent.is_close_delimited or parsed.body == sent.body


@pytest.mark.parametrize("status", [204, 304])
def test_parser_reports_extra_bytes_behind_a_response_without_body(status: int) -> None:
    parsed = parse([b"HTTP/1.1 %d None\r\nContent-Length: 5\r\n\r\nimage" % status], "GET")

    assert (parsed.verdict, parsed.has_extra_bytes, parsed.body) == (Verdict.WHOLE, True, b"")


@pytest.mark.parametrize(("heads", "verdict"), [(99, Verdict.WHOLE), (100, Verdict.MALFORMED)])
def test_parser_rejects_too_many_interim_responses(heads: int, verdict: Verdict) -> None:
    raw = b"HTTP/1.1 103 Early Hints\r\n\r\n" * heads + b"HTTP/1.1 204 No Content\r\n\r\n"

    assert verdict is parse([raw], "GET").verdict


@pytest.mark.parametrize("start", [b"\r\n", b"HTTP/1.1 200 OK\r\nA: ", b"HTTP/1.1 103 Early Hints\r\nA: b\r\n\r\n"])
def test_parser_rejects_a_head_over_the_limit_before_its_end(start: bytes) -> None:
    assert parse([start, *[b"\r\n" * 32 if start == b"\r\n" else b"x" * 64] * 1025], "GET").verdict is Verdict.MALFORMED


@pytest.mark.parametrize(("lines", "verdict"), [(998, Verdict.WHOLE), (999, Verdict.MALFORMED)])
@pytest.mark.parametrize("line", [b"A: b\r\n", b"a:\n", b"<br />\r\n"])
def test_parser_rejects_a_head_of_too_many_lines(line: bytes, lines: int, verdict: Verdict) -> None:
    assert verdict is parse([b"HTTP/1.1 204 No Content\r\n" + line * lines + b"\r\n"], "GET").verdict


def test_parser_counts_the_lines_of_interim_responses_too() -> None:
    hints = b"HTTP/1.1 103 Early Hints\r\n" + b"Link: a\r\n" * 98 + b"\r\n"

    assert parse([hints * 9, b"HTTP/1.1 204 No Content\r\n\r\n"], "GET").verdict is Verdict.WHOLE
    assert parse([hints * 10, b"HTTP/1.1 204 No Content\r\n\r\n"], "GET").verdict is Verdict.MALFORMED


@pytest.mark.parametrize("rest", [b"", b"\r", b"Digest: a", b"Digest: a\r\n", b"no field"])
@pytest.mark.parametrize("is_clean", [True, False])
def test_end_of_the_connection_behind_the_last_chunk_completes_the_body(rest: bytes, *, is_clean: bool) -> None:
    parser = ResponseParser("GET")
    parser.feed(CHUNKED + b"5\r\nimage\r\n0\r\n" + rest)

    assert parser.feed_eof(is_clean=is_clean) is None
    assert parser.is_complete


@pytest.mark.parametrize("end", [b"5\r\nimage\r\n", b"5\r\nimage\r\n0", b"5\r\nimage\r\n0\r", b"5\r\nimage"])
def test_end_of_the_connection_before_the_last_chunk_leaves_the_body_incomplete(end: bytes) -> None:
    parser = ResponseParser("GET")
    parser.feed(CHUNKED + end)

    assert parser.feed_eof(is_clean=True) is None
    assert not parser.is_complete


@pytest.mark.parametrize(
    ("head", "is_reported"),
    [
        (b"", True),
        (b"Content-Length: 6\r\n", False),
        (b"Content-Length: 5\r\n", False),
        (b"Transfer-Encoding: chunked\r\n", False),
    ],
)
def test_unclean_end_is_reported_of_a_close_delimited_body_alone(head: bytes, *, is_reported: bool) -> None:
    parser = ResponseParser("GET")
    parser.feed(OK + head + b"\r\n" + (b"5\r\n" if b"chunked" in head else b"") + b"image")

    assert is_reported is isinstance(parser.feed_eof(is_clean=False), UncleanEnd)
    assert parser.is_complete is (b": 5" in head)


@pytest.mark.parametrize("fields", [b"Content-Length: 5, 6\r\n", b"Content-Length: -1\r\n"])
def test_parser_returns_the_head_of_a_body_that_cannot_be_read(fields: bytes) -> None:
    """A redirect or an error needs no body."""
    parser = ResponseParser("GET")

    with pytest.raises(MalformedResponse):
        parser.feed(b"HTTP/1.1 404 Not Found\r\n" + fields + b"\r\n")

    assert parser.head is not None
    assert parser.head.status == 404
