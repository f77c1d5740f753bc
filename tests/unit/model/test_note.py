"""The limits of a note: its bytes, its levels, and what JSON in UTF-8 cannot contain."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.model.note import MAX_NOTE_BYTES, MAX_NOTE_LEVELS, encode_note, find_note_fault
from intake.model.receipt import FailedEntry


def nest(levels: int, *, kind: type = dict) -> dict[str, Any]:
    """Return a note with so many levels of objects and lists."""
    inner: Any = 1
    for _ in range(levels - 1):
        inner = {"a": inner} if kind is dict else [inner]
    return {"a": inner}


@pytest.mark.parametrize(
    "note",
    [
        {},
        {"a": "x" * (MAX_NOTE_BYTES - len('{"a":""}'))},
        {"a": "é" * ((MAX_NOTE_BYTES - len('{"a":""}')) // 2)},
        {"a": [1, 2.5, -0.0, 1e308, 10**40, None, True, "\x00\u2028\U0001f600"]},
        nest(MAX_NOTE_LEVELS),
        nest(MAX_NOTE_LEVELS, kind=list),
        {"a": "[{" * 400},
        {"a": [[]] * 500},
    ],
)
def test_note_is_accepted_within_its_limits(note: dict[str, Any]) -> None:
    assert find_note_fault(note) is None


SIZE = "must have at most 2,048 bytes as compact JSON in UTF-8, got"
LEVELS = "must have at most 32 levels of objects and lists, got"


@pytest.mark.parametrize(
    ("expected", "note"),
    [
        (f"{SIZE} 2,049: shorten it, or", {"a": "x" * (MAX_NOTE_BYTES + 1 - len('{"a":""}'))}),
        (f"{SIZE} 2,050", {"a": "é" * 1021}),
        (f"{SIZE} 4,008", {"a": "\U0001f600" * 1000}),
        (f"{SIZE} 2,408", {"a": "\x01" * 400}),
        (f"{SIZE} 1,000,003", {"a" * 999_997: 1}),
        (f"{LEVELS} 33: flatten it, or write the inner part as a string", nest(33)),
        (f"{LEVELS} 33", nest(33, kind=list)),
        (f"{LEVELS} 100,000", nest(100_000, kind=list)),
        ("must be Unicode text, got the unpaired surrogate \\ud83d: write the whole character", {"a": "secret\ud83d"}),
        ("must be Unicode text, got the unpaired surrogate \\udc00", {"a": [{"secret\udc00": 1}]}),
        ("must have finite numbers, got NaN or infinity, as 1e400 is read", json.loads('{"a": 1e400}')),
        ("must have finite numbers", json.loads('{"a": {"secret": [-1e999]}}')),
        ("must have finite numbers", json.loads('{"a": [NaN]}')),
    ],
)
def test_fault_names_what_was_found_and_what_to_do_without_the_content(expected: str, note: dict[str, Any]) -> None:
    fault = find_note_fault(note)
    assert fault is not None
    assert fault.startswith(expected)
    assert "secret" not in fault


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec=None)), inner),
)


@given(st.dictionaries(st.text(), JSON))
def test_note_that_is_accepted_is_the_same_after_it_was_stored(note: dict[str, Any]) -> None:
    if find_note_fault(note) is not None:
        return
    error = {"code": "timeout", "class": "transient", "message": "x", "retryable": True}
    entry = {"role": "file", "index": 0, "url": "u", "attempts": 0, "elapsedMs": 0, "error": error, "note": note}
    stored = FailedEntry.model_validate(entry).model_dump_json(by_alias=True)
    assert encode_note(json.loads(stored)["note"]) == encode_note(note)
    assert FailedEntry.model_validate_json(stored).note == note
