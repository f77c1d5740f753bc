"""An answer, whole or broken, however its bytes come: the body that was sent, or an error, and nothing in between."""

from dataclasses import dataclass
from itertools import pairwise

import h11
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intake.http_client.response_parser import ResponseParser
from intake.model.errors import BadResponse

_HEADS = [b"HTTP/1.1 200 OK\r\n", b"HTTP/1.0 404\r\n", b"HTTP/1.1 103 Hints\r\nLink: a\r\n\r\nHTTP/1.1 200 OK\n"]
_FIELDS = [b"", b"Server: a\r\n", b"A:\nB: c\r\n d\r\n", b"Connection: close\r\n"]
_TOKENS = [
    *(b"\r\n", b"\n", b"\r", b" ", b":", b";", b",", b"0", b"5", b"f", b"+", b"\0", b"\xff", b" a\r\n"),
    *(b"HTTP/1.1 ", b"HTTP/1.0 200 OK\r\n", b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 204 None\r\n"),
    *(b"Content-Length: 3\r\n", b"Transfer-Encoding: chunked\r\n", b"Transfer-Encoding: gzip\r\n", b"0\r\n\r\n"),
]


@dataclass(frozen=True, slots=True)
class Sent:
    """An answer on its way."""

    raw: bytes
    body: bytes
    until_close: bool


@st.composite
def answers(draw: st.DrawFn) -> Sent:
    head = draw(st.sampled_from(_HEADS)) + draw(st.sampled_from(_FIELDS))
    parts = draw(st.lists(st.binary(min_size=1, max_size=20), max_size=5))
    body = b"".join(parts)
    match draw(st.sampled_from(["sized", "in chunks", "until close"])):
        case "sized":
            return Sent(head + b"Content-Length: %d\r\n\r\n" % len(body) + body, body, until_close=False)
        case "in chunks":
            extension = draw(st.sampled_from([b"", b" ", b";a=b"]))
            chunks = b"".join(b"%x%b\r\n%b\r\n" % (len(part), extension, part) for part in parts)
            end = b"0\r\n" + draw(st.sampled_from([b"", b"Digest: a\r\n"])) + b"\r\n"
            return Sent(head + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + end, body, until_close=False)
        case _:
            return Sent(head + b"\r\n" + body, body, until_close=True)


@st.composite
def broken(draw: st.DrawFn) -> bytes:
    raw = draw(answers()).raw
    for _ in range(draw(st.integers(0, 3))):
        at, cut = draw(st.integers(0, len(raw))), draw(st.integers(0, 4))
        raw = raw[:at] + draw(st.sampled_from([b"", *_TOKENS])) + raw[at + cut :]
    return raw[: draw(st.integers(0, len(raw)))] if draw(st.booleans()) else raw


def taken(raw: bytes, cuts: list[int]) -> tuple[ResponseParser, bytes]:
    """Feed what came, in pieces, up to the end of the connection."""
    answer, body = ResponseParser("GET"), b""
    for begin, end in pairwise(sorted({0, len(raw), *(cut % (len(raw) + 1) for cut in cuts)})):
        body += b"".join(bytes(piece) for piece in answer.feed(raw[begin:end]))
    answer.feed_eof()
    return answer, body


def read_strictly(raw: bytes) -> bytes | None:
    """The body as h11 reads it; None where it is not whole.

    Raises:
        h11.RemoteProtocolError: it is no answer to h11, which is stricter than we are.
    """
    client, body = h11.Connection(h11.CLIENT), b""
    client.send(h11.Request(method="GET", target="/", headers=[("Host", "a")]))
    client.send(h11.EndOfMessage())
    for data in (raw, b""):
        client.receive_data(data)
        while (event := client.next_event()) is not h11.NEED_DATA:
            if isinstance(event, h11.Data):
                body += event.data
            elif isinstance(event, h11.EndOfMessage):
                return body
            elif isinstance(event, h11.ConnectionClosed) or event is h11.PAUSED:
                return None
    return None


CUTS = st.lists(st.integers(0, 1000), max_size=6)


@settings(deadline=None)
@given(answers(), CUTS, st.sampled_from([b"", b"\r\n", b"HTTP/1.1 200 OK\r\n"]))
def test_a_whole_answer_is_taken_however_it_is_cut(sent: Sent, cuts: list[int], behind: bytes) -> None:
    answer, body = taken(sent.raw + behind, cuts)

    assert answer.complete
    assert body == sent.body + (behind if sent.until_close else b"")
    assert answer.has_extra_bytes is (bool(behind) and not sent.until_close)


@settings(deadline=None)
@given(answers(), CUTS, st.data())
def test_an_answer_that_was_cut_off_is_never_whole(sent: Sent, cuts: list[int], data: st.DataObject) -> None:
    answer, body = taken(sent.raw[: data.draw(st.integers(0, len(sent.raw) - 1))], cuts)

    assert sent.body.startswith(body)
    assert not answer.complete or sent.until_close


@settings(deadline=None, max_examples=500)
@given(broken(), CUTS)
def test_what_a_strict_reader_takes_for_another_body_is_not_taken(raw: bytes, cuts: list[int]) -> None:
    try:
        answer, body = taken(raw, cuts)
    except BadResponse:
        return
    try:
        expected = read_strictly(raw)
    except h11.RemoteProtocolError:
        return
    if answer.complete:
        assert expected == body
    else:
        assert expected is None


@pytest.mark.parametrize("status", [204, 304])
def test_what_follows_an_answer_without_a_body_is_too_much(status: int) -> None:
    answer, body = taken(b"HTTP/1.1 %d None\r\nContent-Length: 5\r\n\r\nimage" % status, [])

    assert (answer.complete, answer.has_extra_bytes, body) == (True, True, b"")
