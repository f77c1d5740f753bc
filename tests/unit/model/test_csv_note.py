"""The note of a row in a CSV list: the names of its members, and how it is shortened until it fits."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.model.csv_note import make_note, make_unique, name_members
from intake.model.note import MAX_NOTE_BYTES, encode_note, find_note_fault


@pytest.mark.parametrize(
    ("expected", "names"),
    [
        (["lot", "camera"], ["lot", "camera"]),
        (["lot", "lot_2", "lot_3"], ["lot", "lot", "lot"]),
        (["lot", "Lot", "LOT"], ["lot", "Lot", "LOT"]),
        (["lot", "lot_3", "lot_2"], ["lot", "lot", "lot_2"]),
        (["column_1", "url", "column_3"], ["", "url", ""]),
        (["column_1_2", "column_1"], ["", "column_1"]),
        (["__proto__", "__proto___2"], ["__proto__", "__proto__"]),
        ([], []),
    ],
)
def test_columns_get_names_of_their_own(expected: Sequence[str], names: Sequence[str]) -> None:
    assert make_unique(names) == expected


def test_names_of_members_are_short_unicode_text() -> None:
    names = name_members(["x" * 100, "y" * 101, "y" * 5000, "\ud800", "\ud83d\ude00"])
    assert names == ["x" * 100, "y" * 99 + "…", "y" * 99 + "…_2", "\ufffd", "\U0001f600"]


def test_forty_thousand_equal_names_take_no_longer_than_others() -> None:
    """Each of the second half is taken already; a search from the start for each would take minutes."""
    names = make_unique(["lot"] * 20_000 + [f"lot_{number}" for number in range(20_000)])
    assert len(set(names)) == 40_000


def test_note_has_the_cells_that_are_not_empty() -> None:
    assert make_note({"lot": "7", "camera": "", "line": "é\n"}) == {"lot": "7", "line": "é\n"}
    assert make_note({"lot": ""}) == {}


def test_longest_cells_are_shortened_until_the_note_fits() -> None:
    note = make_note({"lot": "7", "text": "a" * 5012, "more": "b" * 600, "name": "c" * 300})
    assert note["text"].endswith("a… (5,012 characters)")
    assert (note["lot"], note["more"], note["name"]) == ("7", "b" * 600, "c" * 300)
    assert MAX_NOTE_BYTES - len("é") < len(encode_note(note)) <= MAX_NOTE_BYTES


def test_cells_are_shortened_to_the_same_length_when_several_are_long() -> None:
    note = make_note({"a": "é" * 5000, "b": "é" * 4000, "c": "é" * 3000, "d": "short"})
    assert len({len(note[name]) for name in "abc"}) == 1
    assert note["d"] == "short"


def test_last_columns_are_left_out_when_shortening_is_not_enough() -> None:
    note = make_note({f"column {number}": "x" * 40 for number in range(1000)})
    kept = len(note) - 1
    assert list(note)[:kept] == [f"column {number}" for number in range(kept)]
    assert note["leftOut"] == f"{1000 - kept} of 1000 columns"
    assert {note[name] for name in list(note)[:kept]} == {"x" * 15 + "… (40 characters)"}


def test_mark_of_left_out_columns_hides_no_column() -> None:
    note = make_note({"leftOut": "mine"} | {f"column {number}": "x" * 40 for number in range(1000)})
    assert note["leftOut"] == "mine"
    assert note["leftOut_2"].endswith("of 1001 columns")


def test_unpaired_surrogates_are_replaced() -> None:
    assert make_note({"a": "x\ud83d", "b": "\ud83d\ude00"}) == {"a": "x\ufffd", "b": "\U0001f600"}


@pytest.mark.parametrize(("expected", "max_bytes"), [({}, -5), ({}, 20), ({"leftOut": "2 of 2 columns"}, 28)])
def test_note_is_as_short_as_it_must_be(expected: object, max_bytes: int) -> None:
    assert make_note({"a": "x" * 90, "b": "y" * 90}, max_bytes) == expected


@given(
    st.lists(st.tuples(st.text(st.characters(codec=None)), st.text(st.characters(codec=None)), st.integers(0, 900))),
    st.sampled_from([MAX_NOTE_BYTES, 300, 40]),
)
def test_every_row_has_a_valid_note(columns: list[tuple[str, str, int]], max_bytes: int) -> None:
    names = name_members([name for name, _, _ in columns])
    cells = [text * times for _, text, times in columns]
    note = make_note(dict(zip(names, cells, strict=True)), max_bytes)
    assert find_note_fault(note) is None
    assert len(encode_note(note)) <= max_bytes or not note
    is_complete = len(note) == sum(map(bool, cells))
    assert is_complete or not note or list(note)[-1].startswith("leftOut")
