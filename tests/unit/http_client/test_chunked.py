"""Bodies in the chunked coding: what the decoder accepts, what it rejects, and that splits change nothing."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.http_client.chunked import ChunkedDecoder
from intake.http_client.errors import MalformedResponse
from intake.http_client.response_head import MAX_HEAD_BYTES


def encode(parts: list[bytes]) -> bytes:
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n"


@given(
    st.lists(st.binary(min_size=1, max_size=40), max_size=8),
    st.sampled_from([b"", b"Digest: none\r\n", b"A: b\r\nC: d\r\n"]),
    st.binary(max_size=8),
    st.lists(st.integers(0, 400), max_size=12),
)
def test_decoder_yields_the_same_body_wherever_the_bytes_are_split(
    parts: list[bytes], trailers: bytes, extra: bytes, splits: list[int]
) -> None:
    whole = encode(parts) + trailers + b"\r\n" + extra
    positions = sorted({0, len(whole), *(split for split in splits if split < len(whole))})
    decoder, body, rest = ChunkedDecoder(), b"", b""
    for start, end in pairwise(positions):
        if decoder.is_done:
            rest += whole[start:end]
            continue
        pieces, behind = decoder.feed(whole[start:end])
        body += b"".join(pieces)
        rest += behind

    assert decoder.is_done
    assert b"".join(parts) == body
    assert extra == rest


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
        b"0\n",
    ],
)
def test_decoder_rejects_bytes_that_are_not_chunks(raw: bytes) -> None:
    with pytest.raises(MalformedResponse):
        ChunkedDecoder().feed(raw)


@pytest.mark.parametrize("raw", [b'5;a=b;c="d"\r\nabcde\r\n', b"5 \r\nabcde\r\n", b"0005;\r\nabcde\r\n"])
def test_decoder_ignores_chunk_extensions(raw: bytes) -> None:
    assert ChunkedDecoder().feed(raw) == ([b"abcde"], b"")


@pytest.mark.parametrize(
    "extra",
    [b"no field\r\n", b": b\r\n", b"A: b\n\r\n", b" folded\r\n\r\n", b"A: b\0\r\n", b"\n", b"HTTP/1.1 200 OK\r\n"],
)
@pytest.mark.parametrize("trailers", [b"", b"A: b\r\n"])
def test_decoder_returns_bytes_that_are_no_trailer_as_extra_bytes(extra: bytes, trailers: bytes) -> None:
    """The body is complete before them (RFC 9112, 8)."""
    decoder = ChunkedDecoder()

    assert decoder.feed(b"5\r\nabcde\r\n0\r\n" + trailers + extra) == ([b"abcde"], extra)
    assert decoder.is_done


@pytest.mark.parametrize("trailers", [b"A: b\r\n" * 1001, b"A: " + b"x" * 100_000 + b"\r\n", b"A: " + b"x" * 100_000])
def test_decoder_rejects_too_many_trailers_or_too_long_ones(trailers: bytes) -> None:
    decoder = ChunkedDecoder()
    decoder.feed(b"100000\r\n" + bytes(0x100000) + b"\r\n0\r\n")

    with pytest.raises(MalformedResponse, match="trailers"):
        decoder.feed(trailers)


@pytest.mark.parametrize("endless", [b"0" * 100, b"1;" + b"x" * 98, b"1\r\na\r\n" * 50])
def test_decoder_rejects_a_body_that_is_mostly_framing(endless: bytes) -> None:
    decoder = ChunkedDecoder()
    first, rest = endless[:2], endless[2:]
    decoder.feed(first)

    def feed_rest() -> None:
        for _ in range(2 * MAX_HEAD_BYTES // len(rest)):
            decoder.feed(rest)

    with pytest.raises(MalformedResponse):
        feed_rest()
