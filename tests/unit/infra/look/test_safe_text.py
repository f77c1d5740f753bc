"""Hostile text, links, times and figures on a page."""

from datetime import UTC, datetime

import pytest
from infra.look.safe_text import MAX_TEXT, format_bytes, format_count, format_time, show_json, show_text, to_link


@pytest.mark.parametrize(
    ("expected", "value"),
    [
        ("plain", "plain"),
        ("Größe 7 Łódź שלום", "Größe 7 Łódź שלום"),
        ("\\u202egnp.exe", "\u202egnp.exe"),
        ("\\u2066a\\u2069", "\u2066a\u2069"),
        ("a\\x00b\\x1b[31m\\x7f", "a\0b\x1b[31m\x7f"),
        ("\\ufeff\\u200bzero", "\ufeff\u200bzero"),
        ("\\ud800", "\ud800"),
        ("line\\nbreak", "line\nbreak"),
        ("12", 12),
        ("x" * MAX_TEXT + "…", "x" * (MAX_TEXT + 1)),
    ],
)
def test_text_shows_what_cannot_be_printed_as_escapes(expected: str, value: object) -> None:
    assert show_text(value) == expected


@pytest.mark.parametrize("url", ["https://a.example/x.png", "http://a.example:8080/a b", "HTTPS://bücher.example/"])
def test_valid_url_is_a_link(url: str) -> None:
    assert to_link(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)//https://a.example/",
        "java\tscript:alert(1)",
        " https://a.example/",
        "https:alert(1)",
        "data:text/html,x",
        "//a.example/",
        "/receipts/x",
        "vbscript:x",
        "file:///etc/passwd",
        "https://user:secret@a.example/",
        '"><script>',
        "",
    ],
)
def test_other_text_is_no_link(url: str) -> None:
    assert to_link(url) is None


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
    ("expected", "value"),
    [("night", "night"), ('{"ä": [1, null]}', {"ä": [1, None]}), ("7", 7), ("true", True), ("null", None)],
)
def test_json_shows_text_without_quotes(expected: str, value: object) -> None:
    assert show_json(value) == expected


def test_json_that_is_nested_too_deeply_is_left_out() -> None:
    value: list[object] = []
    for _ in range(100_000):
        value = [value]

    assert show_json(value) == "…"
