"""Whole and incomplete responses: the parser returns the body that was sent, or says that it is not complete."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.http_parsers import Verdict, parse
from support.http_responses import Sent, whole_responses


@given(whole_responses(), st.sampled_from([b"", b"\r\n", b"HTTP/1.1 200 OK\r\n"]))
def test_parser_returns_the_body_of_a_whole_response(sent: Sent, extra: bytes) -> None:
    parsed = parse([sent.raw + extra], "GET")

    assert parsed.verdict is Verdict.WHOLE
    assert parsed.body == sent.body + (extra if sent.is_close_delimited else b"")
    assert parsed.has_extra_bytes is (bool(extra) and not sent.is_close_delimited)


@given(whole_responses(), st.data())
def test_parser_never_takes_a_truncated_response_for_a_whole_one(sent: Sent, data: st.DataObject) -> None:
    """A close-delimited one apart: there the connection says whether it was truncated."""
    parsed = parse([sent.raw[: data.draw(st.integers(0, len(sent.raw) - 1))]], "GET")

    assert sent.body.startswith(parsed.body)
    assert parsed.verdict is Verdict.INCOMPLETE or sent.is_close_delimited


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
