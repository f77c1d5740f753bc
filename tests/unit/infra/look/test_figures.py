"""Numbers, bytes and times on a page."""

from datetime import UTC, datetime

import pytest
from infra.look.figures import (
    format_bytes,
    format_count,
    format_ms,
    format_rate,
    format_seconds,
    format_share,
    format_time,
)


@pytest.mark.parametrize(
    ("expected", "moment"),
    [
        ("22 Nov 2026, 12:00:00 UTC", "2026-11-22T12:00:00Z"),
        ("1 Jan 2027, 00:30:00 UTC", datetime(2027, 1, 1, 0, 30, tzinfo=UTC)),
        ("22 Nov 2026, 10:00:00 UTC", "2026-11-22T12:00:00+02:00"),
        ("<b>now</b>", "<b>now</b>"),
        ("0001-01-01T00:00:00+23:59", "0001-01-01T00:00:00+23:59"),
    ],
)
def test_time_is_in_utc_and_other_text_stays(expected: str, moment: datetime | str) -> None:
    assert format_time(moment) == expected


@pytest.mark.parametrize(
    ("expected", "number"),
    [
        ("0 bytes", 0),
        ("999 bytes", 999),
        ("1.0 KB", 1000),
        ("44.6 KB", 44_574),
        ("1.0 MB", 999_960),
        ("8.3 GB", 8_300_000_000),
        ("1,000,000.0 TB", 10**40),
        ("-5 bytes", -5),
    ],
)
def test_bytes_have_a_unit(expected: str, number: int) -> None:
    assert format_bytes(number) == expected


def test_count_has_commas() -> None:
    assert format_count(12_000) == "12,000"


@pytest.mark.parametrize(
    ("expected", "milliseconds"),
    [("", None), ("0 ms", 0), ("999 ms", 999), ("1.9 s", 1_900), ("15 s", 15_000), ("2 min 5 s", 125_000)],
)
def test_milliseconds_have_a_unit(expected: str, milliseconds: int | None) -> None:
    assert format_ms(milliseconds) == expected


@pytest.mark.parametrize(("expected", "seconds"), [("0.8 s", 0.8), ("41 s", 41.2), ("3 min 20 s", 200.0)])
def test_seconds_have_a_unit(expected: str, seconds: float) -> None:
    assert format_seconds(seconds) == expected


@pytest.mark.parametrize(("expected", "number"), [("0.4", 0.4), ("488", 488.2), ("12,000", 12_000.0)])
def test_rate_has_one_decimal_place_when_it_is_small(expected: str, number: float) -> None:
    assert format_rate(number) == expected


@pytest.mark.parametrize(
    ("expected", "part", "whole"),
    [("0 %", 0, 5), ("100 %", 5, 5), ("< 0.1 %", 1, 9_999), ("99.9 %", 9_999, 10_000), ("33.3 %", 1, 3)],
)
def test_share_is_0_or_100_percent_only_for_none_or_all(expected: str, part: int, whole: int) -> None:
    assert format_share(part, whole) == expected
