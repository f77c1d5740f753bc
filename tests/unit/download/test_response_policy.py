"""What an origin's status and headers mean."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intake.download.response_policy import (
    parse_retry_after,
    raise_for_encoding,
    raise_for_length,
    raise_for_status,
    redirect_location,
)
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


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect_status_returns_its_location(status: int) -> None:
    assert redirect_location(status, {"location": "/x"}) == "/x"


@pytest.mark.parametrize("status", [200, 201, 300, 304, 305, 306, 309, 404, 503])
def test_location_of_any_other_status_is_ignored(status: int) -> None:
    assert redirect_location(status, {"location": "/x"}) is None


@pytest.mark.parametrize("headers", [{}, {"location": ""}])
def test_redirect_without_location_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(BadRedirect):
        redirect_location(302, headers)


def test_status_200_is_accepted() -> None:
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
def test_every_other_status_raises_its_error(expected: type[IntakeError], statuses: list[int]) -> None:
    for status in statuses:
        with pytest.raises(expected, match=f"answered {status}"):
            raise_for_status(status, {}, NOW)


def test_error_carries_the_retry_after_of_the_origin() -> None:
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
def test_retry_after_is_parsed_in_both_forms(expected: float | None, text: str | None) -> None:
    assert parse_retry_after(text, NOW) == expected


DATE_LIKE = st.text("0123456789SunNovGMT,:+- ", max_size=40)
DATES = st.builds("Sun, {} {} {} {}:00:30 {}".format, st.integers(), st.just("Nov"), *[st.integers()] * 2, DATE_LIKE)


@settings(deadline=None)
@given(st.text() | DATE_LIKE | DATES)
def test_retry_after_of_any_text_is_seconds_or_none(text: str) -> None:
    seconds = parse_retry_after(text, NOW)
    assert seconds is None or seconds >= 0


@pytest.mark.parametrize("coding", ["identity", " Identity ", ""])
def test_identity_coding_is_accepted(coding: str) -> None:
    raise_for_encoding({"content-encoding": coding})
    raise_for_encoding({})


@pytest.mark.parametrize("coding", ["gzip", "br", "deflate", "zstd", "identity, gzip", "x"])
def test_other_coding_is_refused(coding: str) -> None:
    with pytest.raises(UnsupportedEncoding):
        raise_for_encoding({"content-encoding": coding})


def test_refused_coding_is_logged_by_its_registered_names_only() -> None:
    reasons = []
    for coding in ("gzip, br", "https://a.example/?X-Amz-Signature=secret"):
        with pytest.raises(UnsupportedEncoding) as caught:
            raise_for_encoding({"content-encoding": coding})
        reasons.append(caught.value.reason)

    assert reasons == ["content-encoding gzip, br", "content-encoding with an unregistered name"]


@pytest.mark.parametrize("length", [None, 0, 1000])
def test_length_within_the_limit_is_accepted(length: int | None) -> None:
    raise_for_length(length, 1000)


def test_length_over_the_limit_is_refused_before_the_body() -> None:
    with pytest.raises(TooLarge, match="more than the 1000 bytes"):
        raise_for_length(1001, 1000)
