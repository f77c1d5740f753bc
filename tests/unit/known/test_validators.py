"""Validators: which are strong, what is sent, and which 304 is about them."""

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.known.validators import Validators

MODIFIED = "Sat, 05 Nov 2022 08:00:00 GMT"
DATE = "Sun, 06 Nov 2022 08:00:00 GMT"
DATES = {"Last-Modified": MODIFIED, "Date": DATE}


@pytest.mark.parametrize("etag", ['"a"', '""', '"a,b"', '"W/a"', '"!#~"', '"a\\"', f'"{"x" * 254}"', '"5f3c-59e8"'])
def test_strong_etag_is_sent_back_as_it_came(etag: str) -> None:
    validators = Validators.of(httpx.Headers({"ETag": etag, **DATES}))
    assert validators is not None
    assert {"If-None-Match": etag} == validators.to_headers()


@pytest.mark.parametrize("etag", ['W/"a"', 'w/"a"', 'W/""', 'W/"a', '"b", W/"a"', 'W/ "a"', "W/a", '"b",\tw/"a"'])
def test_weak_etag_leaves_no_validator(etag: str) -> None:
    assert Validators.of(httpx.Headers({"ETag": etag, **DATES})) is None


@pytest.mark.parametrize(
    "etag",
    [
        "",
        "a",
        '"',
        '"a',
        'a"',
        "'a'",
        '"a b"',
        '"a""b"',
        '"a", "b"',
        '"a","b"',
        '"a\tb"',
        '"a\x7f"',
        '"a\r\nX: y"',
        '"a\n"',
        '"a"\n',
        '"a\x00"',
        '"\u00e9"',
        '"\u0661"',
        '"a" ',
        f'"{"x" * 255}"',
        "*",
        "4bw/x==",
        "'W/a'",
    ],
)
def test_malformed_etag_counts_as_none(etag: str) -> None:
    headers = {"last-modified": MODIFIED, "date": DATE}
    assert Validators(None, MODIFIED) == Validators.of({"etag": etag, **headers})
    assert Validators.of({"etag": etag}) is None
    with pytest.raises(ValueError, match="entity tag"):
        Validators(etag)


def test_several_etag_fields_count_as_none() -> None:
    assert Validators.of(httpx.Headers([("ETag", '"a"'), ("ETag", '"a"')])) is None


@pytest.mark.parametrize(
    "modified",
    [MODIFIED, "Saturday, 05-Nov-22 08:00:00 GMT", "Sat Nov  5 08:00:00 2022", "Sun, 06 Nov 2022 07:59:00 GMT"],
)
def test_old_last_modified_is_sent_back_as_it_came(modified: str) -> None:
    validators = Validators.of(httpx.Headers({"Last-Modified": modified, "Date": DATE}))
    assert validators is not None
    assert {"If-Modified-Since": modified} == validators.to_headers()


@pytest.mark.parametrize(
    ("modified", "date"),
    [
        ("Sun, 06 Nov 2022 07:59:01 GMT", DATE),
        (DATE, DATE),
        ("Mon, 07 Nov 2022 08:00:00 GMT", DATE),
        ("Fri, 01 Jan 2999 00:00:00 GMT", "Sat, 02 Jan 2999 00:00:00 GMT"),
        (MODIFIED, None),
        (MODIFIED, "yesterday"),
        (MODIFIED, f"{DATE}, {DATE}"),
        (f"{MODIFIED}, {MODIFIED}", DATE),
        ("0", DATE),
        ("", DATE),
    ],
)
def test_last_modified_is_no_validator_when_it_is_young_or_not_valid(modified: str, date: str | None) -> None:
    headers = {"Last-Modified": modified} | ({} if date is None else {"Date": date})
    assert Validators.of(httpx.Headers(headers)) is None


@pytest.mark.parametrize(
    "texts", [(None, None), (None, "soon"), (None, f"{MODIFIED}\r\nX: y"), ('"a"', "soon"), ("a", MODIFIED)]
)
def test_validators_refuse_other_texts(texts: tuple[str | None, str | None]) -> None:
    with pytest.raises(ValueError, match="expected"):
        Validators(*texts)


@given(st.text(), st.text())
def test_no_control_character_reaches_a_request(etag: str, modified: str) -> None:
    """Whatever a response or a document holds."""
    for texts in ((etag, None), (f'"{etag}"', None), (None, modified), (None, MODIFIED + modified)):
        try:
            headers = Validators(*texts).to_headers()
        except ValueError:
            continue
        assert all(value.isascii() and value.isprintable() for value in headers.values())


@pytest.mark.parametrize(
    ("expected", "ours", "headers"),
    [
        (True, Validators('"a"'), {}),
        (True, Validators('"a"'), {"ETag": '"a"'}),
        (True, Validators('"a"'), {"ETag": '"a"', "Last-Modified": DATE}),
        (True, Validators('"a"'), {"Last-Modified": DATE}),
        (True, Validators(None, MODIFIED), {}),
        (True, Validators(None, MODIFIED), {"Last-Modified": MODIFIED}),
        (True, Validators('"a"', MODIFIED), {"Last-Modified": MODIFIED}),
        (False, Validators('"a"'), {"ETag": '"b"'}),
        (False, Validators('"a"'), {"ETag": 'W/"a"'}),
        (False, Validators('"a"'), {"ETag": '"A"'}),
        (False, Validators('"a"'), {"ETag": ""}),
        (False, Validators('"a"'), {"ETag": '"b"', "Last-Modified": MODIFIED}),
        (False, Validators(None, MODIFIED), {"ETag": '"b"', "Last-Modified": MODIFIED}),
        (False, Validators(None, MODIFIED), {"Last-Modified": DATE}),
        (False, Validators('"a"', MODIFIED), {"Last-Modified": DATE}),
    ],
)
def test_304_confirms_its_own_validators_only(expected: bool, ours: Validators, headers: dict[str, str]) -> None:  # noqa: FBT001 - the expected value
    assert expected is ours.is_confirmed_by(httpx.Headers(headers))


def test_304_with_several_etags_confirms_nothing() -> None:
    assert not Validators('"a"').is_confirmed_by(httpx.Headers([("ETag", '"a"'), ("ETag", '"b"')]))
