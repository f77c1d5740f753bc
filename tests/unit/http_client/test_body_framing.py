"""Whether a response has a body, and how its head says where the body ends (RFC 9112, 6.3)."""

import pytest

from intake.http_client.errors import InvalidContentLength
from intake.http_client.response_head import BodyFraming, ResponseHead, parse_head

OK = b"HTTP/1.1 200 OK\r\n"


def head(*fields: bytes, line: bytes = OK, method: str = "GET") -> ResponseHead:
    return parse_head(line + b"".join(field + b"\r\n" for field in fields) + b"\r\n", method)


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
        ([b"Transfer-Encoding:"], BodyFraming.CLOSE_DELIMITED),
        ([b"Transfer-Encoding: identity", b"Content-Length: 5"], 5),
        ([b"Transfer-Encoding: binary", b"Content-Length: 5"], 5),
        ([b"Transfer-Encoding: identity, chunked"], BodyFraming.CHUNKED),
        ([b"Transfer-Encoding: chunked, Identity"], BodyFraming.CHUNKED),
        ([b"Transfer-Encoding: chunked, chunked"], BodyFraming.CHUNKED),
        ([b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked"], BodyFraming.CHUNKED),
        ([b"Transfer-Encoding: \t CHUNKED\t"], BodyFraming.CHUNKED),
        ([b"Transfer-Encoding:\r\n chunked"], BodyFraming.CHUNKED),
        ([b"Transfer-Encoding: ,chunked,"], BodyFraming.CHUNKED),
        ([b"Transfer-Encoding: chunked", b"Content-Length: 5"], BodyFraming.CHUNKED),
        ([b"Content-Length: 5", b"Content-Length: 6", b"Transfer-Encoding: chunked"], BodyFraming.CHUNKED),
        ([b"Transfer-Encoding: xchunked", b"Content-Length: 5"], 5),
        ([b"Transfer-Encoding: chunked\x0b", b"Content-Length: 5"], 5),
        ([b'Transfer-Encoding: "chunked"', b"Content-Length: 5"], 5),
        ([b"Content-Length: 5", b"Content-Length: 5"], 5),
        ([b"Content-Length: 5, 5"], 5),
        ([b"Content-Length: 5,5\t, 05", b"content-length:5"], 5),
        ([b"Content-Length:\r\n 5"], 5),
    ],
)
def test_parser_reads_the_framing_of_the_body(fields: list[bytes], framing: object) -> None:
    assert framing == head(*fields).framing


@pytest.mark.parametrize(
    "fields",
    [
        [b"Content-Length: 5", b"Content-Length: 6"],
        [b"Content-Length: 5, 50"],
        [b"Content-Length: 5, 5", b"Content-Length: 0"],
        [b"Content-Length: 5", b"Content-Length: 6", b"Transfer-Encoding: identity"],
    ],
)
def test_body_with_two_lengths_cannot_be_read(fields: list[bytes]) -> None:
    assert "two lengths" in str(head(*fields).framing_error)


@pytest.mark.parametrize(
    "value",
    [
        *(b"-5", b"+5", b"0x5", b"5 5", b"5_5", b"5.0", b"five", b"\xb2", b"\xd9\xa3", b""),
        *(b"9223372036854775808", b"9" * 5000, b"0" * 5000 + b"x", b"5, five", b"5,", b",", b"5;5"),
    ],
)
def test_body_with_a_length_that_is_no_number_of_63_bits_cannot_be_read(value: bytes) -> None:
    parsed = head(b"Content-Length: " + value)

    assert isinstance(parsed.framing_error, InvalidContentLength)
    assert (parsed.status, parsed.content_length) == (200, None)


@pytest.mark.parametrize("value", [b"5, 6", b"-1", b"9" * 5000])
@pytest.mark.parametrize(
    ("line", "method"), [(b"HTTP/1.1 204 X\r\n", "GET"), (b"HTTP/1.1 304 X\r\n", "GET"), (OK, "HEAD")]
)
def test_invalid_length_does_not_matter_when_there_is_no_body(value: bytes, line: bytes, method: str) -> None:
    parsed = head(b"Content-Length: " + value, line=line, method=method)

    assert (parsed.framing, parsed.framing_error, parsed.is_persistent) == (0, None, True)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(b"0", 0), (b"5", 5), (b"0005", 5), (b" \t5 ", 5), (b"0" * 5000 + b"5", 5), (b"9223372036854775807", 2**63 - 1)],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_parser_reads_the_content_length_also_when_there_is_no_body(value: bytes, expected: int, method: str) -> None:
    assert expected == head(b"content-LENGTH:" + value, method=method).content_length


@pytest.mark.parametrize(
    "fields", [[], [b"Transfer-Encoding: chunked"], [b"Transfer-Encoding: chunked", b"Content-Length: 5"]]
)
def test_head_without_a_content_length_that_counts_has_none(fields: list[bytes]) -> None:
    assert head(*fields).content_length is None
