"""Rows of CSV lists: the columns, and the document of each row."""

from collections.abc import Sequence

import pytest

from intake.model.csv_list import CsvColumns, row_to_document
from intake.model.file import File
from intake.model.invalid_file import InvalidFile

DIGEST = "ab" * 32


@pytest.mark.parametrize(
    ("expected", "header"),
    [
        ({"url": 0}, ["url"]),
        ({"id": 0, "url": 2}, ["id", "name", "url"]),
        ({"url": 0, "id": 1}, ["\ufeffurl", "id"]),
        ({"url": 0, "id": 1}, ['\ufeff"url"', "id"]),
        ({"url": 0, "sha256": 1}, ["URL", " SHA-256 "]),
        ({"fileUrl": 1, "baseUrls": 0}, ["base_urls", "File URL"]),
        ({"fileUrl": 0, "baseUrls": 1, "id": 3}, ["fileurl", "Base-Urls", "", "ID", "", ""]),
        ({"url": 0}, ["url", "note", "note", "url; id"]),
        ({"url": 0, "sha256": 1}, ["\u200bU\u00adRL", "SHA\u2011256"]),
        ({"url": 0, "sha256": 1}, ["\uff35\uff32\uff2c", "sha\u2013256\u200e"]),
        ({"fileUrl": 0, "baseUrls": 1}, ["file\u00a0url", "base\uff3furls"]),
    ],
)
def test_columns_are_found_by_their_names(expected: dict[str, int], header: Sequence[str]) -> None:
    assert expected == CsvColumns.parse(header).positions


NO_COLUMN = "the first row has no column url, and not both columns fileUrl and baseUrls; it has"


SEMICOLONS = (
    "the columns are separated by semicolons: save the list as CSV with commas, and name the column of the URLs url, or"
    " those of a File fileUrl and baseUrls; it has"
)


@pytest.mark.parametrize(
    ("expected", "header"),
    [
        (
            f"{NO_COLUMN} 'image_url, name': name the column of the URLs url, or those of a File fileUrl",
            ["image_url", "name"],
        ),
        (f"{NO_COLUMN} 'fileUrl, id'", ["fileUrl", "id"]),
        ("the first row is empty", []),
        ("the first row is empty", ["\ufeff", "", ""]),
        ("the first row has the columns 'url' and 'URL', which both mean url: keep one", ["url", "id", "URL"]),
        ("the first row has the columns 'sha256' and 'sha_256', which both mean", ["sha256", "url", "sha_256"]),
        ("the first row has the columns url and baseUrls: expected a column url, or", ["url", "baseUrls"]),
        ("the columns are separated by semicolons: save the list as CSV with commas", ["id;url;sha256"]),
        ("the columns are separated by semicolons", ["url;name"]),
        ("the columns are separated by semicolons", ['"name, long";"url"']),
        ("the columns are separated by tabs", ["\ufeffid\tURL"]),
        ("the columns are separated by vertical bars", ["fileUrl|baseUrls"]),
        (f"{SEMICOLONS} 'Teilenummer, Bild-URL, Los'", ["Teilenummer;Bild-URL;Los"]),
        (f"{SEMICOLONS} 'Prüfbild, Basisbilder'", ['"Prüfbild"; "Basisbilder";']),
        (f"{SEMICOLONS} 'Teil,Nr, Bild, Los'", ["Teil", " Nr;Bild;Los"]),
        (f"{SEMICOLONS.replace('semicolons', 'tabs')} 'part, picture'", ["\ufeffpart\tpicture"]),
        (f"{SEMICOLONS.replace('semicolons', 'vertical bars')} 'part, picture'", ["part|picture"]),
        (f"{NO_COLUMN} 'size; in mm, picture'", ["size; in mm", "picture"]),
        (f"{NO_COLUMN} 'a;b, c|d, e'", ["a;b", "c|d", "e"]),
        ("the first row has a URL, and no names", ["https://a.example/1;jsessionid=2;7"]),
        ("the first row is 'sep=;', which only Excel reads: delete the row", ["sep=;"]),
        ("the first row is 'sep=', which only Excel reads: delete the row", ["sep=", ""]),
        ("the first row has a URL, and no names of columns: write a row above it", ["https://a.example/1"]),
        ("the first row has a URL, and no names", ["a", "http://a.example/1"]),
        ("the lines end in CR alone", ["name\rhttps://a.example/1\rhttps://a.example/2"]),
        ("the list is not text in UTF-8", ["\ufffd\ufffdu", "r"]),
        ("the list is an Excel workbook (.xlsx)", ["PK\x03\x04\x14\x00xl/workbook.xml"]),
        ("the list is UTF-16", ["u\0r\0l\0"]),
    ],
)
def test_first_row_is_refused_when_it_does_not_name_the_columns(expected: str, header: Sequence[str]) -> None:
    with pytest.raises(InvalidFile) as caught:
        CsvColumns.parse(header)
    assert str(caught.value).startswith(expected)


@pytest.mark.parametrize(
    ("expected", "row"),
    [
        ({"urls": [{"url": "u"}]}, {"url": "u", "id": "", "sha256": " ", "lot": " "}),
        (
            {"urls": [{"url": "u"}], "note": {"lot": "7", "Cam No": "x y"}},
            {" lot": " 7", "url": "u", "\ufeffCam No ": "x y\n"},
        ),
        (
            {"urls": [{"url": "u"}], "id": "a", "note": {"note": "mine", "NOTE": "too"}},
            {"url": "u", "note": "mine", "NOTE": "too", "id": "a"},
        ),
        (
            {"urls": [{"url": "u"}], "note": {"__proto__": "a", "id2": "b", "ur": "c"}},
            {"url": "u", "__proto__": "a", "id2": "b", "ur": "c"},
        ),
        ({"urls": [{"url": "u"}], "note": {"lot": "1", "lot_2": "2"}}, {"url": "u", "lot": "1", "lot ": "2"}),
        ({"urls": [{"url": "u"}], "note": {"column_2": "0"}}, {"url": "u", "": "0", "x": ""}),
        ({"urls": [{"url": "u"}], "note": {"text": "cut \ufffd"}}, {"url": "u", "text": "cut \ud83d"}),
        (
            {"fileUrl": "f", "baseUrls": [{"url": "a"}], "refresh": True, "note": {"lot": "7"}},
            {"lot": "7", "fileUrl": "f", "baseUrls": "a", "refresh": "true"},
        ),
        ({"urls": [{"url": "u", "sha256": "ab"}], "id": "x"}, {"id": " x", "SHA-256": "ab", "\ufeffurl": " u "}),
        ({"urls": [{"url": ""}], "id": "x"}, {"url": "", "id": "x"}),
        ({"urls": [{"url": "u"}], "id": "true", "refresh": True}, {"url": "u", "id": "true", "Refresh": "TRUE"}),
        ({"urls": [{"url": "u"}], "refresh": "yes"}, {"url": "u", "refresh": " yes"}),
        ({"fileUrl": "f", "baseUrls": [{"url": "a"}, {"url": "b"}]}, {"fileUrl": "f", "baseUrls": "a  b\n", "id": ""}),
        ({"fileUrl": "f", "baseUrls": [], "sha256": "ab"}, {"file_url": "f", "Base URLs": "", "sha256": "ab"}),
    ],
)
def test_row_becomes_the_document_of_a_file(expected: object, row: object) -> None:
    assert expected == row_to_document(row)
    assert expected == row_to_document(row_to_document(row))


def test_digest_in_a_row_is_compared_however_its_column_is_spelled() -> None:
    [image] = File.parse(row_to_document({"URL": "u", "Sha 256": DIGEST})).images
    assert image.sha256 == DIGEST


@pytest.mark.parametrize(
    "item",
    [
        {"urls": ["u"]},
        {"fileUrl": "f", "baseUrls": [["a"]]},
        "text",
        None,
        {"url": 3},
        {"url": "u", "extra": ["cut"]},
        {"index": 1, "item": {"1": 7}, "header": [{"1": "url", "2": ""}]},
        {"index": 1, "item": {"1": "u"}, "header": [{"1": ["url"], "2": ""}]},
        {},
    ],
)
def test_item_is_returned_unchanged_when_it_is_not_a_row(item: object) -> None:
    assert row_to_document(item) is item


@pytest.mark.parametrize(
    ("expected", "cells"),
    [
        ("has 3 cells for 2 columns", ["a", "https://a.example/?size=1", "2"]),
        ("has 5 cells for 2 columns", ["a", "https://a.example/1", "", "", "x"]),
        ("is empty", ["", " "]),
        ("is empty", []),
    ],
)
def test_row_is_refused_when_its_cells_do_not_fit_the_columns(expected: str, cells: Sequence[str]) -> None:
    with pytest.raises(InvalidFile, match=f"^{expected}"):
        CsvColumns.parse(["id", "url"]).to_document(cells)


def test_row_may_have_fewer_cells_and_empty_ones_beyond_the_columns() -> None:
    columns = CsvColumns.parse(["url", "id", "sha256"])
    assert columns.to_document(["u"]) == {"urls": [{"url": "u"}]}
    assert columns.to_document(["\ufeffu", "a", "", "", " "]) == {"urls": [{"url": "u"}], "id": "a"}


@pytest.mark.parametrize(
    "others",
    [
        {"text": "x" * 9000},
        {"text": 'é"\x00' * 3000, "more": "y" * 3000},
        {"n" * 5000: "x"},
        {"name " + "é" * 60 + str(number): "some text" for number in range(1000)},
        {"\ud800" * 90: "\udfff" * 3000},
    ],
)
def test_row_has_a_valid_note_whatever_its_other_columns_have(others: dict[str, str]) -> None:
    """Nobody loses an image because of a long description beside it."""
    file = File.parse(row_to_document({"id": "a", **others, "url": "u"}))
    assert (file.images[0].url, file.id) == ("u", "a")
    assert file.note


def test_columns_of_step_functions_become_members_of_the_note() -> None:
    names = {"1": "lot", "2": "", "3": "url", "4": "lot", "5": "text", "6": "", "7": ""}
    cells = {"1": "7", "2": "0", "3": "u", "4": " 8 ", "5": "", "6": "", "7": " "}
    document = row_to_document({"index": 3, "item": cells, "header": [names]})
    assert document == {"urls": [{"url": "u"}], "note": {"lot": "7", "column_2": "0", "lot_2": "8"}}


def test_row_is_refused_when_it_has_no_base_urls() -> None:
    with pytest.raises(InvalidFile, match="baseUrls"):
        File.parse(row_to_document({"fileUrl": "f", "baseUrls": " "}))
