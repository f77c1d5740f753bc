"""`parse_http_date`: the three formats of RFC 9110, 5.6.7, and nothing else."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.known import http_date
from intake.known.http_date import parse_http_date


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        ("1994-11-06T08:49:37", "Sun, 06 Nov 1994 08:49:37 GMT"),
        ("1994-11-06T08:49:37", "Sun, 6 Nov 1994 08:49:37 GMT"),
        ("1994-11-06T08:49:37", "Sunday, 06-Nov-94 08:49:37 GMT"),
        ("1994-11-06T08:49:37", "Sun Nov  6 08:49:37 1994"),
        ("2024-02-29T23:59:59", "Thu, 29 Feb 2024 23:59:59 GMT"),
        ("2024-02-29T23:59:59", "Thu Feb 29 23:59:59 2024"),
        ("2017-01-01T00:00:00", "Sat, 31 Dec 2016 23:59:60 GMT"),
        ("1970-01-01T00:00:00", "Thu, 01 Jan 1970 00:00:00 GMT"),
        ("9999-12-31T23:59:59", "Fri, 31 Dec 9999 23:59:59 GMT"),
    ],
)
def test_http_date_is_read_in_each_format(expected: str, text: str) -> None:
    assert datetime.fromisoformat(expected).replace(tzinfo=UTC).timestamp() == parse_http_date(text)


@pytest.mark.parametrize(
    ("expected", "digits"),
    [(2026, "26"), (2076, "76"), (1977, "77"), (1999, "99"), (2000, "00")],
)
def test_year_of_two_digits_is_at_most_50_years_ahead(
    expected: int, digits: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_date, "time", lambda: datetime(2026, 11, 29, tzinfo=UTC).timestamp())
    parsed = parse_http_date(f"Sunday, 01-Mar-{digits} 00:00:00 GMT")
    assert datetime(expected, 3, 1, tzinfo=UTC).timestamp() == parsed


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "-1",
        "784111777",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 06 Nov 1994 08:49:37 +0000",
        "Sun, 06 Nov 1994 08:49:37 gmt",
        "sun, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 nov 1994 08:49:37 GMT",
        "Sun, 06 Foo 1994 08:49:37 GMT",
        "Sun, 31 Nov 1994 08:49:37 GMT",
        "Sun, 00 Nov 1994 08:49:37 GMT",
        "Wed, 29 Feb 2023 08:49:37 GMT",
        "Sun, 06 Nov 0000 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 06 Nov 1994 08:60:00 GMT",
        "Sun, 06 Nov 1994 08:49:61 GMT",
        "Sun, 06 Nov 94 08:49:37 GMT",
        "Sun, 06 Nov 1994 8:49:37 GMT",
        "Sun, 06-Nov-1994 08:49:37 GMT",
        " Sun, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 GMT\n",
        "Sun, 06 Nov 1994 08:49:37 GMT\r\nX: y",
        "Sun, ٠٦ Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT",
        "1994-11-06T08:49:37Z",
    ],
)
def test_other_text_is_no_date(text: str) -> None:
    assert parse_http_date(text) is None


@given(st.datetimes(datetime(1000, 1, 1), datetime(9999, 12, 31)))  # noqa: DTZ001 - strftime needs no zone
def test_every_date_is_read_as_strftime_writes_it(moment: datetime) -> None:
    seconds = moment.replace(microsecond=0, tzinfo=UTC).timestamp()
    assert seconds == parse_http_date(moment.strftime("%a, %d %b %Y %H:%M:%S GMT"))
