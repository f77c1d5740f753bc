"""`fresh_until`: the lifetime that an origin states, as a shared cache reads it (RFC 9111)."""

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.known.freshness import fresh_until

NOW = 1_667_721_600  # Sun, 06 Nov 2022 08:00:00 GMT
DATE = "Sun, 06 Nov 2022 08:00:00 GMT"
TEN_SECONDS_AGO = "Sun, 06 Nov 2022 07:59:50 GMT"
IN_ONE_MINUTE = "Sun, 06 Nov 2022 08:01:00 GMT"


def seconds_left(headers: dict[str, str] | list[tuple[str, str]]) -> float | None:
    """Return for how long a response is fresh that was requested at NOW."""
    until = fresh_until(httpx.Headers(headers), NOW)
    return None if until is None else until - NOW


@pytest.mark.parametrize(
    ("expected", "cache_control"),
    [
        (60, "max-age=60"),
        (60, "MAX-AGE=60"),
        (60, "public,max-age=60"),
        (60, " ,, public , max-age=60\t,"),
        (60, 'max-age="60"'),
        (60, "max-age=0000000000060"),
        (60, "max-age=60, must-revalidate, proxy-revalidate, no-transform, immutable"),
        (60, 'max-age=60, stale-while-revalidate=9, community="UCI"'),
        (60, 'max-age=60, ext="a, no-store, b"'),
        (60, 'max-age=60, ext="\\", no-store, \\\\"'),
        (60, "max-age=60, x-no-store, no-store-x"),
        (10, "s-maxage=10, max-age=60"),
        (60, "max-age=10, S-MaxAge=60"),
        (10, "max-age=60, max-age=10"),
        (10, "max-age=10, MAX-AGE=60"),
        (10, "s-maxage=60, max-age=5, s-maxage=10"),
        (300, "max-age=301"),
        (300, "max-age=4294967296"),
        (300, f"max-age={'9' * 9000}"),
    ],
)
def test_response_is_fresh_for_the_stated_lifetime(expected: int, cache_control: str) -> None:
    assert expected == seconds_left({"Cache-Control": cache_control})
    assert expected == seconds_left({"Cache-Control": cache_control, "Date": DATE, "Expires": TEN_SECONDS_AGO})


@pytest.mark.parametrize(
    "cache_control",
    [
        "",
        "public",
        "max-age=0",
        "s-maxage=0, max-age=60",
        "no-store, max-age=60",
        "max-age=60, NO-STORE",
        "no-store=1, max-age=60",
        "must-understand, no-store, max-age=60",
        "no-cache, max-age=60",
        'no-cache="set-cookie", max-age=60',
        "private, max-age=60",
        'max-age=60, private="set-cookie, x"',
        "private=set-cookie, max-age=60",
        "max-age",
        "max-age=",
        'max-age=""',
        "max-age=abc",
        "max-age=-60",
        "max-age=+60",
        "max-age=6_0",
        "max-age=60.5",
        "max-age=60s",
        "max-age=1e9",
        "max-age=\u0663",
        "max-age='60'",
        "max-age=60, max-age=x",
        "s-maxage=x, max-age=60",
        "s-maxage, max-age=60",
        "s-maxage=60, max-age=x",
        # Malformed: another reader may find other directives.
        "max-age = 60",
        "max-age= 60",
        "max-age=60; public",
        "max-age=60 no-store",
        "max-age=60, no-store;",
        'max-age="60',
        'max-age=60, ext="a',
        'max-age=60, ext="a" b',
        "max-age=60=60",
        "=60, max-age=60",
        "max-age=60, \u00e9",
        "x-max-age=60",
        'ext="max-age=60"',
    ],
)
def test_response_is_not_fresh_when_its_directives_do_not_permit_it(cache_control: str) -> None:
    assert fresh_until({"cache-control": cache_control}, NOW) is None


def test_directives_of_several_fields_count_together() -> None:
    assert seconds_left([("Cache-Control", "max-age=60"), ("Cache-Control", "no-store")]) is None
    assert seconds_left([("Cache-Control", "public"), ("Cache-Control", "max-age=60")]) == 60


@pytest.mark.parametrize(
    ("expected", "headers"),
    [
        (60, {"Expires": IN_ONE_MINUTE}),
        (60, {"Expires": IN_ONE_MINUTE, "Date": DATE}),
        (60, {"Expires": "Sunday, 06-Nov-22 08:01:00 GMT", "Date": "Sun Nov  6 08:00:00 2022"}),
        (60, {"Expires": IN_ONE_MINUTE, "Cache-Control": "public"}),
        (60, {"Expires": IN_ONE_MINUTE, "Cache-Control": "public", "Pragma": "no-cache"}),
        (60, {"Expires": IN_ONE_MINUTE, "Pragma": "x"}),
        # The clock of the origin is behind or ahead: Expires counts from its own Date.
        (50, {"Expires": DATE, "Date": "Sun, 06 Nov 2022 07:59:00 GMT", "Cache-Control": "max-age=110"}),
        (60, {"Expires": "Sun, 06 Nov 2022 09:01:00 GMT", "Date": "Sun, 06 Nov 2022 09:00:00 GMT"}),
        (300, {"Expires": "Fri, 31 Dec 9999 23:59:59 GMT", "Date": DATE}),
        (None, {"Expires": DATE, "Date": DATE}),
        (None, {"Expires": "0", "Date": DATE}),
        (None, {"Expires": "-1"}),
        (None, {"Expires": "Sun, 06 Nov 2022 08:01:00 UTC", "Date": DATE}),
        (None, {"Expires": IN_ONE_MINUTE, "Date": "now"}),
        (None, {"Expires": IN_ONE_MINUTE, "Pragma": "x, No-Cache"}),
        (None, {"Expires": IN_ONE_MINUTE, "Cache-Control": "max-age=0"}),
        (None, {"Expires": IN_ONE_MINUTE, "Cache-Control": "max-age=x"}),
        (None, {"Expires": IN_ONE_MINUTE, "Cache-Control": "no-cache"}),
        (None, {"Last-Modified": "Sat, 05 Nov 2005 08:00:00 GMT", "Date": DATE}),
        (None, {}),
    ],
)
def test_expires_counts_without_another_lifetime(expected: int | None, headers: dict[str, str]) -> None:
    assert expected == seconds_left(headers)


@pytest.mark.parametrize(
    ("expected", "headers"),
    [
        (60, {"Age": "0"}),
        (50, {"Age": "10"}),
        (50, {"Age": "10, 20"}),
        (60, {"Age": "x"}),
        (60, {"Age": "-10"}),
        (None, {"Age": "60"}),
        (None, {"Age": "9" * 9000}),
        (60, {"Date": DATE}),
        (50, {"Date": TEN_SECONDS_AGO}),
        (50, {"Date": TEN_SECONDS_AGO, "Age": "5"}),
        (45, {"Date": TEN_SECONDS_AGO, "Age": "15"}),
        (60, {"Date": IN_ONE_MINUTE}),
        (55, {"Date": IN_ONE_MINUTE, "Age": "5"}),
        (None, {"Date": "Sun, 06 Nov 2022 07:59:00 GMT"}),
    ],
)
def test_age_shortens_the_lifetime(expected: int | None, headers: dict[str, str]) -> None:
    """The larger of Age and the time since Date (RFC 9111, 4.2.3)."""
    assert expected == seconds_left({"Cache-Control": "max-age=60", **headers})


@pytest.mark.parametrize("vary", ["Accept-Encoding", "accept-encoding", "ACCEPT-ENCODING , accept-encoding", "", ","])
def test_vary_by_accept_encoding_stays_fresh(vary: str) -> None:
    assert seconds_left({"Cache-Control": "max-age=60", "Vary": vary}) == 60


@pytest.mark.parametrize(
    "vary", ["*", "Accept", "Accept-Encoding, Origin", "Cookie", "Accept-Encoding, *", "User-Agent"]
)
def test_vary_by_another_field_is_not_fresh(vary: str) -> None:
    assert seconds_left({"Cache-Control": "max-age=60", "Vary": vary}) is None
    assert seconds_left([("Cache-Control", "max-age=60"), ("Vary", "Accept-Encoding"), ("Vary", vary)]) is None


def test_fresh_until_is_in_whole_seconds_and_not_later() -> None:
    assert fresh_until({"cache-control": "max-age=60"}, NOW + 0.9) == NOW + 60
    assert fresh_until({"cache-control": "max-age=1"}, NOW + 0.9) == NOW + 1


@given(st.dictionaries(st.sampled_from(["cache-control", "expires", "age", "vary", "pragma", "date"]), st.text()))
def test_any_headers_are_fresh_for_five_minutes_at_most(headers: dict[str, str]) -> None:
    until = fresh_until(headers, NOW)
    assert until is None or NOW < until <= NOW + 300


@given(st.text(alphabet='max-age=60,s"\\ \t;no-tore', max_size=60))
def test_no_store_is_found_beside_any_text(text: str) -> None:
    assert fresh_until({"cache-control": f"no-store,{text}"}, NOW) is None
