"""What an origin's status and headers mean."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intake.download.response_policy import check_body, raise_for_status, redirect_location, retry_after
from intake.model.errors import (
    AccessDenied,
    BadRedirect,
    HttpClientError,
    HttpServerError,
    IntakeError,
    NotFound,
    Throttled,
    TooLarge,
    UnexpectedStatus,
    UnsupportedEncoding,
)

NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
MOST = 1000


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_five_statuses_redirect(status: int) -> None:
    assert redirect_location(status, {"location": "/x"}) == "/x"


@pytest.mark.parametrize("status", [200, 201, 300, 304, 305, 306, 309, 404, 503])
def test_a_location_on_any_other_status_is_none(status: int) -> None:
    assert redirect_location(status, {"location": "/x"}) is None


@pytest.mark.parametrize("headers", [{}, {"location": ""}])
def test_a_redirect_must_say_where_to(headers: dict[str, str]) -> None:
    with pytest.raises(BadRedirect):
        redirect_location(302, headers)


def test_200_passes() -> None:
    raise_for_status(200, {}, NOW)


@pytest.mark.parametrize(
    ("expected", "statuses"),
    [
        (NotFound, [404, 410]),
        (AccessDenied, [401, 403]),
        (Throttled, [429]),
        (HttpServerError, [500, 502, 503, 504, 520, 599, 408, 425]),
        (HttpClientError, [400, 402, 405, 406, 409, 416, 418, 451, 499]),
        (UnexpectedStatus, [201, 202, 203, 204, 206, 226, 300, 304, 305, 306, 600, 999]),
    ],
)
def test_every_other_status_is_its_error(expected: type[IntakeError], statuses: list[int]) -> None:
    for status in statuses:
        with pytest.raises(expected, match=f"answered {status}"):
            raise_for_status(status, {}, NOW)


def test_a_throttled_or_failing_origin_may_say_for_how_long() -> None:
    with pytest.raises(Throttled) as throttled:
        raise_for_status(429, {"retry-after": "7"}, NOW)
    assert throttled.value.retry_after == 7
    with pytest.raises(HttpServerError) as failing:
        raise_for_status(503, {"retry-after": "Sun, 22 Nov 2026 12:00:09 GMT"}, NOW)
    assert (failing.value.retry_after, failing.value.status) == (9, 503)


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
def test_retry_after_is_read_in_both_forms(expected: float | None, text: str | None) -> None:
    assert retry_after(text, NOW) == expected


DATE_LIKE = st.text("0123456789SunNovGMT,:+- ", max_size=40)
DATES = st.builds("Sun, {} {} {} {}:00:30 {}".format, st.integers(), st.just("Nov"), *[st.integers()] * 2, DATE_LIKE)


@settings(deadline=None)
@given(st.text() | DATE_LIKE | DATES)
def test_a_retry_after_of_any_text_is_seconds_or_nothing(text: str) -> None:
    seconds = retry_after(text, NOW)
    assert seconds is None or seconds >= 0


@pytest.mark.parametrize("length", [None, 0, 7, MOST])
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"content-encoding": ""},
        {"content-encoding": "identity"},
        {"content-encoding": " Identity "},
        {"transfer-encoding": "chunked"},
    ],
)
def test_plain_body_within_the_limit_is_accepted(length: int | None, headers: dict[str, str]) -> None:
    check_body(headers, length, MOST)


@pytest.mark.parametrize("length", [MOST + 1, 2**63 - 1])
def test_length_over_the_limit_is_rejected_before_the_body(length: int) -> None:
    with pytest.raises(TooLarge, match="more than the 1000 bytes"):
        check_body({}, length, MOST)


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate", "zstd", "identity, gzip", "x"])
@pytest.mark.parametrize("name", ["content-encoding", "transfer-encoding"])
def test_body_in_another_encoding_is_rejected(name: str, encoding: str) -> None:
    with pytest.raises(UnsupportedEncoding):
        check_body({name: encoding}, 5, MOST)
