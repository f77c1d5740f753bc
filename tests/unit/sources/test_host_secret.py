"""`parse_secret`: one fault concerns one host, and no fault contains anything of the secret."""

import json
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.http_client.request_encoder import encode_head
from intake.sources.host_headers import HostHeaders
from intake.sources.host_secret import parse_secret

SECRET = "Canary-4f1d"
HOSTS = ("a.example", "b.example")
GOOD = {"bearer": SECRET}
HEADERS = HostHeaders({"Authorization": f"Bearer {SECRET}"})
NOT_AN_OBJECT = "the secret: expected a JSON object with an entry for each host, got "


@pytest.mark.parametrize("name", ["a.example", "A.Example", "a.example.", "\uff41.example"])
def test_secret_has_the_entry_of_a_host_in_any_spelling_of_its_name(name: str) -> None:
    found = parse_secret(json.dumps({name: GOOD, "other.example": 7, "": 8, "https://a.example": 9}), HOSTS)
    assert found == {"a.example": HEADERS, "b.example": "the secret has no entry for b.example"}


@pytest.mark.parametrize(
    "value", [json.dumps({"a.example": GOOD}).encode(), "\ufeff" + json.dumps({"a.example": GOOD})]
)
def test_secret_may_be_binary_or_begin_with_a_byte_order_mark(value: str | bytes) -> None:
    assert parse_secret(value, ["a.example"]) == {"a.example": HEADERS}


@pytest.mark.parametrize(
    ("fault", "entry"),
    [
        ("expected an object, got null", "null"),
        ("expected an object, got another text", f'"{SECRET}"'),
        ("expected exactly one of", f'{{"bearer": "{SECRET}", "headers": {{}}}}'),
        ("got a member that is there twice", f'{{"bearer": "{SECRET}", "bearer": "x"}}'),
        ("got a member that is there twice", f'{{"headers": {{"X": "{SECRET}", "X": "y"}}}}'),
        ("got a member that is there twice", f'{{"bearer": "x"}}, "a.example": {{"bearer": "{SECRET}"}}'),
        ("got a member that is there twice", f'{{"bearer": "x"}}, "A.EXAMPLE.": {{"bearer": "{SECRET}"}}'),
    ],
)
def test_fault_of_one_entry_does_not_concern_another_host(fault: str, entry: str) -> None:
    found = parse_secret(f'{{"a.example": {entry}, "b.example": {json.dumps(GOOD)}}}', HOSTS)
    assert found["b.example"] == HEADERS
    text = str(found["a.example"])
    assert text.startswith("the entry for a.example in the secret: ")
    assert fault in text
    assert SECRET not in text


@pytest.mark.parametrize(
    ("found", "value"),
    [
        ("text that is not JSON from line 1 column 1 on", SECRET),
        ("text that is not JSON from line 1 column 1 on", ""),
        ("text that is not JSON from line 2 column 1 on", f'{{"a.example":\n{SECRET}}}'),
        ("text that is not JSON from line 1 column 16 on", f'{{"a.example": "\\{SECRET}"}}'),
        ("text that is not JSON from line 1 column 27 on", f'{{"a.example": "{SECRET}\n"}}'),
        ("another text", json.dumps(SECRET)),
        ("a list", json.dumps([SECRET])),
        ("null", "null"),
        ("a number, true or false", "7"),
        ("bytes that are not UTF-8", SECRET.encode() + b"\xff"),
        ("too many levels of objects and lists", "[" * 100_000 + SECRET),
        ("a number of too many digits", f'{{"a.example": {{"bearer": {"1" * 5000}}}, "{SECRET}": 1}}'),
    ],
)
def test_secret_that_is_no_object_concerns_every_host(found: str, value: Any) -> None:
    assert parse_secret(value, HOSTS) == dict.fromkeys(HOSTS, NOT_AN_OBJECT + found)


_NAMES = st.sampled_from(["a.example", "bearer", "basic", "headers", "username", "password", "X-Key", "Host", SECRET])
_TEXTS = st.sampled_from(
    [SECRET, f"{SECRET}:{SECRET}", f"{SECRET}\r\nHost: b", f"{SECRET} ", "", "é" + SECRET, "If-" + SECRET]
)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | _TEXTS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(_NAMES | _TEXTS, inner, max_size=2),
    max_leaves=6,
)


@given(entry=_VALUES)
def test_entry_gives_headers_that_can_be_sent_or_a_fault_without_the_secret(entry: object) -> None:
    found = parse_secret(json.dumps({"a.example": entry}), ["a.example"])["a.example"]
    if isinstance(found, str):
        assert SECRET not in found
    else:
        head = encode_head(httpx.Request("GET", "https://a.example/", headers={"Host": "a.example", **found.fields}))
        assert head.count(b"\r\n") == 3 + len(found.fields)
        assert head.lower().count(b"host: ") == 1


def test_text_of_the_credentials_does_not_contain_them() -> None:
    assert SECRET not in repr(parse_secret(json.dumps({"a.example": GOOD}), HOSTS))
