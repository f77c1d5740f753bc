"""The notes in a File: where they are read, and the faults of those that are none."""

import pytest

from intake.model.file import File, InvalidFile

URL = "https://a.example/1.png"


def faults_of(document: object) -> dict[str, str]:
    with pytest.raises(InvalidFile) as caught:
        File.parse(document)
    return {fault.path: fault.message for fault in caught.value.faults}


OF_FILE: dict[str, object] = {"fileUrl": URL, "baseUrls": [[URL]]}


def notes_of(document: object) -> list[object]:
    file = File.parse(document)
    return [file.note, *(image.note for image in file.images)]


@pytest.mark.parametrize(
    ("expected", "document"),
    [
        ([{"lot": 7}, None, None], OF_FILE | {"note": {"lot": 7}}),
        ([{"lot": 7}, None], {"urls": [URL], "note": {"lot": 7}}),
        (
            [None, None, {"a": [1.5, None, {"b": "\u2028"}]}],
            OF_FILE | {"baseUrls": [{"url": URL, "note": {"a": [1.5, None, {"b": "\u2028"}]}}]},
        ),
        (
            [None, {"a": 1}, {"a": 2}, None],
            {"urls": [{"url": URL, "note": {"a": 1}}, {"url": URL, "note": {"a": 2}}, URL]},
        ),
        ([{}, None], {"urls": [URL], "note": {}}),
        (
            [{"__proto__": {"URL": 1}, "": "", "fileUrl": 7}, None],
            {"urls": [URL], "note": {"__proto__": {"URL": 1}, "": "", "fileUrl": 7}},
        ),
        ([None, None, None], OF_FILE | {"note": None, "baseUrls": [{"url": URL, "note": None}]}),
        ([None, None, None], OF_FILE | {"baseUrls": [[URL, {"note": {"a": 1}}]], "lot": 7}),
    ],
)
def test_notes_are_read_from_a_file_its_base_objects_and_the_items_of_a_url_list(
    expected: list[object], document: dict[str, object]
) -> None:
    """A base image in a list has none; null means the same as a missing note."""
    assert repr(expected) == repr(notes_of(document))
    assert repr(expected) == repr(notes_of(document | {"an": "unknown member"}))


def test_note_changes_neither_id_nor_digest() -> None:
    assert File.parse({"urls": [{"url": URL, "note": {"a": 1}}], "note": {"b": 1}}) == File.parse({"urls": [URL]})


@pytest.mark.parametrize(
    ("expected", "document"),
    [
        ({"note": "must be an object, got a string"}, OF_FILE | {"note": "lot 7"}),
        ({"note": "must be an object, got a boolean"}, {"urls": [URL], "note": False}),
        (
            {"baseUrls[0].note": "must be an object, got a list", "id": "must be a string, got a number"},
            OF_FILE | {"baseUrls": [{"url": URL, "note": []}], "id": 7},
        ),
        ({"urls[1].note": "must be an object, got a number"}, {"urls": [URL, {"url": URL, "note": 0}]}),
        ({"Note": "must be written note"}, {"urls": [URL], "Note": {}}),
        (
            {"NOTE": "must be written note", "urls[0].no-te": "must be written note"},
            {"urls": [{"url": URL, "no-te": 1}], "NOTE": 1},
        ),
        ({"baseUrls[0]. note": "must be written note"}, OF_FILE | {"baseUrls": [{"url": URL, " note": {}}]}),
    ],
)
def test_parse_refuses_a_note_that_is_no_object_or_is_spelled_differently(
    expected: dict[str, str], document: object
) -> None:
    assert expected == faults_of(document)


@pytest.mark.parametrize("note", [{"a": "x" * 2048}, {"a": float("inf")}, {"\ud800": 1}])
def test_parse_names_the_place_of_a_note_over_its_limits_once(note: object) -> None:
    document = {"urls": [{"url": URL, "note": note}, URL], "note": note}
    assert list(faults_of(document)) == ["urls[0].note", "note"]
