"""The document of a cool-down: what is written, and what is not accepted."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.download.cool_down_document import encode_cool_down, parse_cool_down

WRITTEN = b'{"version":1,"notBefore":"2026-11-22T12:00:30.250Z"}'
TIME = 1795348830.25


def test_time_is_written_with_milliseconds() -> None:
    assert encode_cool_down(TIME) == WRITTEN
    assert encode_cool_down(TIME, never_answered=True) == WRITTEN[:-1] + b',"neverAnswered":true}'


@given(milliseconds=st.integers(0, 4_000_000_000_000), never_answered=st.booleans())
def test_document_stays_the_same_when_it_is_written_and_read(milliseconds: int, *, never_answered: bool) -> None:
    body = encode_cool_down(milliseconds / 1000, never_answered=never_answered)
    assert parse_cool_down(body) == (milliseconds / 1000, never_answered)


@pytest.mark.parametrize(
    "body",
    [
        WRITTEN,
        b'{"version": 1, "notBefore": "2026-11-22T12:00:30.25Z"}\n',  # written by hand
        b'{"notBefore":"2026-11-22T12:00:30.250000Z","version":1}',
    ],
)
def test_other_spellings_of_a_document_are_read(body: bytes) -> None:
    assert parse_cool_down(body) == (TIME, False)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"\xff\xfe",
        b"1",
        b"[" * 1000,
        b"[" * 100_000,
        b"{" + WRITTEN,
        WRITTEN + b" " * 1000,
        b"[" + WRITTEN + b"]",
        b'{"notBefore":"2026-11-22T12:00:30.250Z"}',
        b'{"version":1}',
        *(
            json.dumps({"version": version, "notBefore": "2026-11-22T12:00:30Z"}).encode()
            for version in (2, 0, 1.0, "1", True, None, [1])
        ),
        *(
            json.dumps({"version": 1, "notBefore": time}).encode()
            for time in (
                *(TIME, None, "", "soon", "2026-11-22", "2026-11-22T12:00:30", "2026-11-22T12:00:30+00:00"),
                *("2026-11-22t12:00:30z", "2026-13-22T12:00:30Z", "2026-11-22T25:00:30Z", " 2026-11-22T12:00:30Z"),
                *(
                    "2026-11-22T12:00:30Z\n",
                    "2026-11-22T12:00:30.Z",
                    "2026-11-22T12:00:30.1234567Z",
                    "20261122T120030Z",
                ),
                *("٢026-11-22T12:00:30Z", "0000-01-01T00:00:00Z", "+10000-01-01T00:00:00Z", "2026-11-22T12:00:60Z"),
            )
        ),
        b'{"version":1,"notBefore":"2026-11-22T12:00:30Z","more":1}',
        *(
            WRITTEN[:-1] + b',"neverAnswered":%b}' % value
            for value in (b"1", b"false", b"null", b'"true"', b"1.0", b'true,"x":1')
        ),
    ],
)
def test_anything_else_is_no_document(body: bytes) -> None:
    assert parse_cool_down(body) is None


@given(st.binary(max_size=80))
def test_no_bytes_raise(body: bytes) -> None:
    assert parse_cool_down(body) is None
