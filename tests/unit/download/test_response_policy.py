"""What an origin's status and headers mean."""

from datetime import UTC, datetime

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.download.response_policy import (
    image_length,
    parse_retry_after,
    raise_for_encoding,
    raise_for_length,
    raise_for_opt_out,
)
from intake.model.error_base import Transient
from intake.model.error_codes import (
    AccessDenied,
    HttpClientError,
    HttpServerError,
    IntakeError,
    NotFound,
    NotReady,
    OptedOut,
    Throttled,
    TooLarge,
    UnexpectedStatus,
    UnsupportedEncoding,
)

NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)


def length_of(status: int, length: int | None = None, **headers: str) -> int | None:
    fields = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return image_length(status, httpx.Headers(fields), length, NOW)


@pytest.mark.parametrize("status", [200, 201, 203])
@pytest.mark.parametrize("length", [None, 0, 5])
def test_status_of_a_whole_image_is_accepted_with_its_length(status: int, length: int | None) -> None:
    assert length == length_of(status, length, content_range="bytes 0-9/99")


@pytest.mark.parametrize("length", [100, None])
@pytest.mark.parametrize("text", ["bytes 0-99/100", "Bytes 0-99/100", "bytes \t 0-99/100", "bytes 0-0099/0100"])
def test_partial_content_that_has_the_whole_range_is_accepted(text: str, length: int | None) -> None:
    assert length_of(206, length, content_range=text) == 100


def test_content_range_that_is_sent_twice_is_one() -> None:
    fields = [("Content-Range", "bytes 0-0/1"), ("content-range", "bytes 0-0/1")]

    assert image_length(206, httpx.Headers(fields), 1, NOW) == 1
    with pytest.raises(UnexpectedStatus):
        image_length(206, httpx.Headers([*fields, ("content-range", "bytes 0-0/2")]), 1, NOW)


@pytest.mark.parametrize(
    ("text", "length"),
    [
        *((text, 100) for text in ("bytes 0-99/101", "bytes 0-99/*", "bytes */100", "bytes 0-99", "bytes -99/100", "")),
        *((text, 100) for text in ("bytes=0-99/100", "items 0-99/100", "0-99/100", "bytes 0-99/100, 0-99/100")),
        *(("bytes 1-99/100", 99), ("bytes 0-98/100", 99), ("bytes 0-100/100", 101), ("bytes 0--1/0", 0)),
        *(("bytes 0-99/100", 99), ("bytes 0-99/100", 0), ("bytes 0-\u0669/10", 10), (f"bytes 0-{'9' * 30}/1", None)),
    ],
)
def test_partial_content_with_another_range_is_refused(text: str, length: int | None) -> None:
    with pytest.raises(UnexpectedStatus, match="answered 206"):
        length_of(206, length, content_range=text)


@pytest.mark.parametrize(
    ("expected", "statuses"),
    [
        (NotFound, [404, 410]),
        (AccessDenied, [401, 403]),
        (Throttled, [429]),
        (NotReady, [202]),
        (HttpServerError, [500, 502, 503, 504, 520, 599, 408, 425]),
        (HttpClientError, [400, 402, 405, 406, 409, 416, 418, 451, 499]),
        (UnexpectedStatus, [204, 205, 206, 207, 226, 299, 300, 304, 305, 306, 600, 999]),
    ],
)
def test_every_other_status_raises_its_error(expected: type[IntakeError], statuses: list[int]) -> None:
    for status in statuses:
        with pytest.raises(expected, match=f"answered {status}"):
            length_of(status)


@pytest.mark.parametrize("status", [202, 429, 503])
@pytest.mark.parametrize(
    ("text", "seconds"), [("7", 7), ("Sun, 22 Nov 2026 12:00:09 GMT", 9), ("soon", None), ("", None)]
)
def test_error_carries_the_retry_after_of_the_origin(status: int, text: str, seconds: float | None) -> None:
    with pytest.raises(Transient) as caught:
        length_of(status, retry_after=text)

    assert caught.value.retry_after == seconds


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        (None, None),
        (0.0, "0"),
        (120.0, "120"),
        (30.0, "Sun, 22 Nov 2026 12:00:30 GMT"),
        (0.0, "Sun, 22 Nov 2026 11:00:00 GMT"),
        (30.0, "Sunday, 22-Nov-26 12:00:30 GMT"),
        (30.0, "Sun Nov 22 12:00:30 2026"),
        (None, ""),
        (None, "-5"),
        (None, "1.5"),
        (None, "soon"),
        (None, "Sun, 32 Nov 2026 12:00:30 GMT"),
        (None, "٣"),
    ],
)
def test_retry_after_is_parsed_in_both_forms(expected: float | None, text: str | None) -> None:
    assert parse_retry_after(text, NOW) == expected


DATE_LIKE = st.text("0123456789SunNovGMT,:+- ", max_size=40)
DATES = st.builds("Sun, {} {} {} {}:00:30 {}".format, st.integers(), st.just("Nov"), *[st.integers()] * 2, DATE_LIKE)


@given(st.text() | DATE_LIKE | DATES)
def test_retry_after_of_any_text_is_seconds_or_none(text: str) -> None:
    seconds = parse_retry_after(text, NOW)
    assert seconds is None or seconds >= 0


@pytest.mark.parametrize("field", ["Content-Encoding", "Transfer-Encoding"])
@pytest.mark.parametrize("value", ["identity", "aws-chunked", "chunked", "", "UTF-8"])
def test_body_without_a_coding_is_accepted(field: str, value: str) -> None:
    raise_for_encoding(httpx.Headers({field: value}))
    raise_for_encoding(httpx.Headers())


@pytest.mark.parametrize("field", ["Content-Encoding", "Transfer-Encoding"])
def test_body_with_a_coding_is_refused_by_its_name(field: str) -> None:
    fields = [(field, "identity"), (field, "GZIP"), (field, "br, chunked, https://a.example/?secret")]

    with pytest.raises(UnsupportedEncoding, match="with gzip, br, although") as caught:
        raise_for_encoding(httpx.Headers(fields))

    assert caught.value.reason == f"{field.lower()} gzip, br"


@pytest.mark.parametrize("length", [None, 0, 1000])
def test_length_within_the_limit_is_accepted(length: int | None) -> None:
    raise_for_length(length, 1000)


def test_length_over_the_limit_is_refused_before_the_body() -> None:
    with pytest.raises(TooLarge, match="more than the 1000 bytes"):
        raise_for_length(1001, 1000)


@pytest.mark.parametrize("status", [200, 201, 203, 206, 304])
def test_image_is_refused_when_a_respected_directive_is_sent(status: int) -> None:
    fields = [("X-Robots-Tag", "googlebot: noindex"), ("x-robots-tag", "NOAI, noimageai")]
    raise_for_opt_out(status, httpx.Headers(fields), ["noindex"])
    raise_for_opt_out(status, httpx.Headers(), ["noai", "noimageai", "noindex"])
    with pytest.raises(
        OptedOut, match=r"^The origin asks not to use this image: its X-Robots-Tag says noimageai, noai\.$"
    ):
        raise_for_opt_out(status, httpx.Headers(fields), ["noindex", "noimageai", "noai"])


@pytest.mark.parametrize("status", [202, 204, 301, 302, 307, 401, 404, 410, 412, 429, 500, 503])
def test_directives_of_a_response_without_the_image_do_not_count(status: int) -> None:
    raise_for_opt_out(status, httpx.Headers({"X-Robots-Tag": "noai"}), ["noai"])
