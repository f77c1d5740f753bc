"""A note: an object of the caller's own, which the receipt and the table of a run repeat. Here are its limits."""

import json
from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any

MAX_NOTE_BYTES = 2048
"""The limit of a note, as `encode_note` writes it."""

MAX_NOTE_LEVELS = 32
"""Levels of objects and lists in a note, itself included: far fewer than the encoder of pydantic permits (255)."""

_TO_TEXT = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


def encode_note(value: object) -> bytes:
    """Encode a note, or a part of it, as compact JSON in UTF-8.

    Raises:
        UnicodeEncodeError: a string has an unpaired surrogate.
        ValueError: a number is infinite, or is not a number.
        RecursionError: it has about 1,000 levels or more.
    """
    return _TO_TEXT(value).encode()


def find_note_fault(note: Mapping[str, Any]) -> str | None:
    """Return why an object cannot be a note, as the rest of a sentence; None if it can. Its content is not repeated."""
    try:
        text = encode_note(note)
    except UnicodeEncodeError as error:
        surrogate = ord(error.object[error.start])
        return f"must be Unicode text, got the unpaired surrogate \\u{surrogate:04x}: write the whole character"
    except ValueError:
        return "must have finite numbers, got NaN or infinity, as 1e400 is read: write a smaller number, or a string"
    except RecursionError:
        return _describe_levels(note)
    if len(text) > MAX_NOTE_BYTES:
        return (
            f"must have at most {MAX_NOTE_BYTES:,} bytes as compact JSON in UTF-8, got {len(text):,}: "
            "shorten it, or write a key of your own data there"
        )
    has_few_levels = text.count(b"{") + text.count(b"[") <= MAX_NOTE_LEVELS
    return None if has_few_levels or _count_levels(note) <= MAX_NOTE_LEVELS else _describe_levels(note)


def _describe_levels(note: Mapping[str, Any]) -> str:
    levels = _count_levels(note)
    return (
        f"must have at most {MAX_NOTE_LEVELS} levels of objects and lists, got {levels:,}: "
        "flatten it, or write the inner part as a string"
    )


def _count_levels(value: object) -> int:
    """Return the levels of objects and lists. It works level by level, because recursion has a limit."""
    levels, level = 0, [value]
    while level := [item for item in level if isinstance(item, (dict, list))]:
        levels, level = levels + 1, list(chain.from_iterable(map(_items, level)))
    return levels


def _items(value: object) -> Iterable[object]:
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
