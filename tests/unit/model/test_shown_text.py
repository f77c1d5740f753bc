"""What is shown of a caller's text: bounded, printable, without the secrets of URLs."""

import pytest

from intake.model.file import Fault
from intake.model.shown_text import MAX_CHARACTERS, excerpt, redact_fault, redact_message, shorten

URL = "https://a.example/x.jpg"


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        ("", ""),
        ("größe 寸", "größe 寸"),
        ("a" * MAX_CHARACTERS, "a" * MAX_CHARACTERS),
        ("a" * MAX_CHARACTERS + "…", "a" * (MAX_CHARACTERS + 1)),
        (r"\x1b[31m\n\x7f", "\x1b[31m\n\x7f"),
        (r"\u202e\ufeff\ud83d", "\u202e\ufeff\ud83d"),
    ],
)
def test_shorten_bounds_a_text_and_escapes_what_cannot_be_printed(expected: str, text: str) -> None:
    assert expected == shorten(text) == shorten(shorten(text))


def test_shorten_bounds_escapes_too() -> None:
    assert len(shorten("\x00" * 1_000_000)) == MAX_CHARACTERS + 1


@pytest.mark.parametrize(
    ("expected", "message"),
    [
        (f"got `{URL}`", f"got `{URL}?X-Amz-Signature=secret`"),
        (f"got {URL} and {URL}", f"got {URL}#secret and {URL}?a=b&c=d"),
        (f'"{URL}"', f'"{URL}?a=secret"'),
        ("//a.example/x", "//user:secret@a.example/x"),
        ("must be a number? Use 7.", "must be a number? Use 7."),
        ("must match ^[A-Z]{0,127}$", "must match ^[A-Z]{0,127}$"),
    ],
)
def test_redact_message_removes_query_and_credentials_of_urls_alone(expected: str, message: str) -> None:
    assert expected == redact_message(message)


@pytest.mark.parametrize("text", ["/" * 1_000_000, "//a" * 300_000, "?" * 1_000_000, "//a?" * 300_000])
def test_redact_message_bounds_a_text_of_any_length(text: str) -> None:
    assert len(redact_message(text)) <= MAX_CHARACTERS + 1


def test_redact_fault_bounds_path_and_message() -> None:
    fault = redact_fault(Fault("x" * 1000, f"must not be {URL}?secret"), "line 3")
    assert fault.path == "line 3: " + "x" * (MAX_CHARACTERS - 8) + "…"
    assert fault.message == f"must not be {URL}"
    assert redact_fault(Fault("", "is missing"), "line 3") == Fault("line 3", "is missing")


@pytest.mark.parametrize(
    ("expected", "value"),
    [
        ('{"id": "lot-7", "fileUrl": 7}', {"id": "lot-7", "fileUrl": 7}),
        (f'["{URL}"]', [URL + "?X-Amz-Signature=secret"]),
        (f'{{"{URL}": "{URL}"}}', {URL + "?a=secret": URL + "?b=secret"}),
        ('{"urls": [{"url": "…"}]}', {"urls": [{"url": {"x": "secret"}}]}),
        ('"größe"', "größe"),
        (r'"\\ud83d"', "\ud83d"),
        ("null", None),
    ],
)
def test_excerpt_shows_a_value_without_secrets(expected: str, value: object) -> None:
    assert expected == excerpt(value)


def test_excerpt_bounds_members_strings_and_depth() -> None:
    nested: object = "secret"
    for _ in range(900):
        nested = [nested]
    for value in (nested, {str(n): n for n in range(100_000)}, "x" * 1_000_000, [["x" * 99] * 99] * 99):
        assert len(excerpt(value)) <= MAX_CHARACTERS + 1
