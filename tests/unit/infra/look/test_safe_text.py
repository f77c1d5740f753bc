"""Hostile text and links on a page."""

import pytest
from infra.look.safe_text import MAX_TEXT, show_json, show_text, to_link


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
        "s3://my-photos/a.jpg",
        "https://user:secret@a.example/",
        '"><script>',
        "",
    ],
)
def test_other_text_is_no_link(url: str) -> None:
    assert to_link(url) is None


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
