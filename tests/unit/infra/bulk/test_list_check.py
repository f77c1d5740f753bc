"""The check of a list, and the JSON lines that it is converted to."""

import json
from io import BytesIO
from pathlib import Path

import pytest
from infra.bulk.list_check import MAX_FAULTS, ListCheck, convert_list
from infra.local.ministack_patches.item_batcher import batches

from intake.model.bulk_item import MAX_LINE_BYTES, BulkItem

BATCHER = {"MaxItemsPerBatch": 50, "MaxInputBytesPerBatch": 220_000}
MARK = "\ufeff"
AT = "https://a.example/"
ONE = {"urls": [{"url": AT + "1"}]}


def write(tmp_path: Path, name: str, content: bytes | str) -> Path:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def convert(path: Path) -> tuple[ListCheck, list[object]]:
    target = BytesIO()
    check = convert_list(path, target)
    return check, [json.loads(line) for line in target.getvalue().splitlines()]


@pytest.mark.parametrize(
    ("expected", "name", "content"),
    [
        ([{"urls": [AT]}, ["no File"], 7], "a.jsonl", f'{{"urls": ["{AT}"]}}\n\n["no File"]\n7'),
        ([{"urls": [AT]}] * 2, "a.jsonl", f'{MARK}{{"urls": ["{AT}"]}}\r\n{MARK}{{"urls": ["{AT}"]}}\r\n{MARK}'),
        ([{"urls": [AT]}] * 2, "a.JSONL", f'{{"urls": ["{AT}"]}}\r{{"urls": ["{AT}"]}}'),
        ([ONE], "a.csv", f"url\n{AT}1\n"),
        ([ONE], "a.CSV", f'{MARK}"url",id\r\n{AT}1,\r\n,\r\n\r\n'),
        ([ONE, ONE], "a.csv", f"url,id\r{AT}1\r{AT}1,,"),
        ([ONE, ONE], "a.csv", f'{MARK}"url"\n{AT}1\n{MARK}"url"\n{AT}1\n'),
        ([ONE, ONE], "a.csv", f"{MARK}url\n{AT}1\n{MARK}{AT}1\n{MARK}\n{MARK}"),
        (
            [{"urls": [{"url": AT + "a,b\\c"}], "note": {"note": 'two\nlines, "q"'}}],
            "a.csv",
            f'note,URL\n"two\nlines, ""q""","{AT}a,b\\c"\n',
        ),
        ([{"urls": [{"url": "u", "sha256": "ab" * 32}], "id": "a"}], "a.csv", f"ID,Url,SHA-256\na,u,{'ab' * 32}"),
        (
            [{"fileUrl": AT + "3", "baseUrls": [{"url": AT + "1"}, {"url": AT + "2"}], "id": "a"}],
            "a.csv",
            f'id,base_urls,File URL\na,"{AT}1 {AT}2",{AT}3\n',
        ),
        (
            [{"urls": [AT + "1"]}, {"urls": [AT + "\u00e4"]}],
            "a.txt",
            f"{MARK}# boards\r\n{AT}1\r\n\r\n {AT}\u00e4\t\r\n",
        ),
        ([{"urls": [AT + "1"]}, {"urls": ["url"]}], "a.TXT", f"{AT}1\rurl"),
        (
            [{"urls": [AT + str(n)] * 200} for n in range(2)],
            "a.jsonl",
            "\n".join(json.dumps({"urls": [AT + str(n)] * 200}) for n in range(2)),
        ),
    ],
)
def test_list_becomes_json_lines_that_a_run_can_read(
    tmp_path: Path, expected: list[object], name: str, content: str
) -> None:
    check, documents = convert(write(tmp_path, name, content))
    assert check.faults == []
    assert expected == documents


@pytest.mark.parametrize(
    ("expected", "header"),
    [
        ({"lot": "7", "Cam No": "x", "column_4": "y"}, "lot,url, Cam No ,"),
        ({"lot": "7", "lot_2": "x", "column_4": "y"}, "lot,url,lot,"),
        ({"note": "7", "__proto__": "x", "Note": "y"}, "note,url,__proto__,Note"),
    ],
)
def test_other_columns_of_a_row_become_its_note(tmp_path: Path, expected: object, header: str) -> None:
    check, [document] = convert(write(tmp_path, "a.csv", f"{header},more\n7,{AT}1, x ,y,\n"))
    assert (check.faults, check.refused) == ([], 0)
    assert document == ONE | {"note": expected}


@pytest.mark.parametrize("free", [-100, 0, 1, 7, 8, 9, 40, 41, 500, 2057, 2058, 5000])
def test_note_of_a_row_is_shortened_when_its_line_is_too_long(tmp_path: Path, free: int) -> None:
    """A line that fits without its note fits with it."""
    bare = json.dumps({"fileUrl": "f", "baseUrls": [{"url": "b"}] * 16_000}, separators=(",", ":"))
    longest = "b" + "x" * (MAX_LINE_BYTES - len(bare) - free)
    row = f"f,{longest}{' b' * 15_999},7,{'é' * 4000}\n"
    target = BytesIO()
    check = convert_list(write(tmp_path, "a.csv", f"fileUrl,baseUrls,lot,text\n{row}"), target)
    line = target.getvalue().rstrip(b"\n")
    assert (len(check.faults), check.refused) == (free < 0, 0)
    if free >= 0:
        assert MAX_LINE_BYTES - max(free - 2050, 60) <= len(line) <= MAX_LINE_BYTES


FORMS = "expected a column url, or columns fileUrl and baseUrls"
EMPTY = "the list is empty: expected a File, a URL list or a URL on each line"


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        (
            "a.jsonl",
            '{"id": 1}\n{no\n',
            "line 2 is not JSON: key must be a string at line 1 column 2; names and strings",
        ),
        ("a.jsonl", '{"id": NaN}\n', "line 1 is not JSON: expected value at line 1 column 8; NaN and Infinity"),
        ("a.jsonl", b'"caf\xe9"\n', "line 1 is not text in UTF-8: the byte 0xE9 at line 1 column 5"),
        ("a.jsonl", "[" * 200_000, "line 1 is nested too deeply at line 1 column 202"),
        ("a.jsonl", '{"urls": ["u"]}\n{"urls": [], "urls": []}', "line 2 has the member 'urls' twice in one object"),
        (
            "a.jsonl",
            json.dumps(ONE, indent=1),
            "line 1 is not JSON: it ends at line 1 column 1, before the document is",
        ),
        (
            "a.jsonl",
            json.dumps([ONE]),
            "line 1: must be an object, got a list. Send each File by itself, or many as lines",
        ),
        ("a.jsonl", json.dumps([ONE, ONE], indent=1), "line 1 is not JSON: it ends at line 1 column 1"),
        ("a.jsonl", '{"urls": ["u"]}{"urls": ["v"]}', "line 1 has a second document at line 1 column 16"),
        (
            "a.jsonl",
            AT + "1",
            "line 1 is not JSON: expected value at line 1 column 1; a plain list of URLs is named .txt",
        ),
        ("a.csv", json.dumps(ONE), "the list is JSON, not CSV: name a list of JSON lines .jsonl"),
        ("a.jsonl", '{"URLs": ["u"]}', "line 1: URLs: must be written urls"),
        ("a.jsonl", '7\n"' + "x" * MAX_LINE_BYTES + '"', "line 2 has 219,902 bytes; at most 219,900 are possible"),
        ("a.jsonl", "x" * 3_000_000, "line 1 has more than 1,048,576 bytes; at most 219,900 are possible"),
        ("a.jsonl", "\n \n" + MARK, EMPTY),
        ("a.csv", "url\n\n", EMPTY),
        ("a.csv", "url,id\n , \n,\n", EMPTY),
        ("a.csv", "", EMPTY),
        ("a.txt", MARK + "\r\n# nothing\r\n", EMPTY),
        ("a.csv", f"fileUrl\n{AT}1\n", "the first row has no column url, and not both columns fileUrl and baseUrls"),
        ("a.csv", f"id;url\na;{AT}1\n", "the columns are separated by semicolons: save the list as CSV with commas"),
        ("a.csv", f'"id";"url"\n"a";"{AT}1"\n', "the columns are separated by semicolons"),
        (
            "a.csv",
            f"Teil;Bild-URL\n7;{AT}1\n",
            "the columns are separated by semicolons: save the list as CSV with commas",
        ),
        ("a.csv", f"id\turl\na\t{AT}1\n", "the columns are separated by tabs"),
        ("a.csv", f'{MARK}"id"\t"url"\r\n"a"\t"{AT}1"\r\n', "the columns are separated by tabs"),
        ("a.csv", f'"url\n{AT}1\n', "line 1 is not CSV: unexpected end of data. Is a double quote missing"),
        ("a.csv", f"sep=;\nid;url\na;{AT}1\n", "the first row is 'sep=;', which only Excel reads: delete the row"),
        ("a.csv", f"sep=,\nid,url\na,{AT}1\n", "the first row is 'sep=', which only Excel reads: delete the row"),
        ("a.csv", f"{AT}1\n{AT}2\n", "the first row has a URL, and no names of columns"),
        ("a.csv", f"url,URL\n{AT}1,{AT}2\n", "the first row has the columns 'url' and 'URL', which both mean url"),
        (
            "a.csv",
            f"id,url\na,{AT}?size=1,2\n",
            "line 2 has 3 cells for 2 columns: a cell with a comma in it needs double",
        ),
        ("a.csv", f'url,note\n{AT}1,"two\nlines"\n{AT}1,a,b,c\n', "line 4 has 4 cells for 2 columns"),
        ("a.csv", f"url\n{AT}1,2\n", "line 2 has 2 cells for 1 column:"),
        (
            "a.csv",
            f'url\n{AT}1\n"{AT}2\n{AT}3\n',
            "line 3 is not CSV: unexpected end of data. Is a double quote missing",
        ),
        ("a.csv", "url\n1\n" + "x" * (MAX_LINE_BYTES - 1), "line 3 has 219,920 bytes; at most 219,900 are possible"),
        ("a.csv", "url\n1\n" + "x" * (MAX_LINE_BYTES + 1), "line 3 is not CSV: field larger than field limit (219900)"),
        (
            "a.csv",
            b"url\n1\nb\xe4r\n",
            "line 3 is not text in UTF-8: it has the byte 0xE4; save the list as CSV in UTF-8",
        ),
        ("a.csv", f"url\n{AT}1\n".encode("utf-16"), "the list is UTF-16, and not text in UTF-8: save it as text"),
        (
            "a.csv",
            b"PK\x03\x04[Content_Types].xml xl/workbook.xml",
            "the list is an Excel workbook (.xlsx), and not text",
        ),
        ("a.jsonl", b"\x1f\x8b\x08\x00\n\n", "the list is gzip data, and not text in UTF-8: unpack it first"),
        ("a.txt", b"\x1f\x8b\x08\x00\n\n", "the list is gzip data"),
        ("a.txt", '{"urls": ["u"]}', "line 1 is JSON, not a URL: name a list of JSON lines .jsonl"),
        ("a.txt", b"https://a.example/\xe4\n", "line 1 is not text in UTF-8: the byte 0xE4 at line 1 column 19"),
        ("a.txt", "x" * (MAX_LINE_BYTES - 1), "line 1 has 219,912 bytes; at most 219,900 are possible"),
    ],
)
def test_check_names_the_line_and_what_to_do(tmp_path: Path, name: str, content: bytes | str, expected: str) -> None:
    [fault] = convert(write(tmp_path, name, content))[0].faults
    assert fault.startswith(expected)


def test_check_names_lines_that_the_run_refuses(tmp_path: Path) -> None:
    lines = [{"urls": ["u"]}, {"fileUrl": "f"}, {"urls": [{"url": "u", "Sha256": "ab"}]}, *[{}] * 20]
    check, documents = convert(write(tmp_path, "a.jsonl", "\n\n".join(map(json.dumps, lines))))
    assert (documents, check.faults, check.files, check.refused) == (lines, [], 23, 22)
    assert check.refusals[1] == "line 5: urls[0].Sha256: must be written sha256"
    assert len(check.refusals) == MAX_FAULTS


@pytest.mark.parametrize(
    "line", [{"index": 0, "item": ONE}, {"index": 1, "item": {"1": 7}, "header": [{"1": "url", "2": ""}]}]
)
def test_check_refuses_a_line_that_looks_like_an_item_of_a_batch(tmp_path: Path, line: object) -> None:
    check, documents = convert(write(tmp_path, "a.jsonl", f"{json.dumps(line)}\n{json.dumps(ONE)}"))
    assert (documents, check.refused) == ([line, ONE], 1)


def test_check_stops_after_ten_faults(tmp_path: Path) -> None:
    assert len(convert(write(tmp_path, "a.jsonl", b"no\n" * 1000))[0].faults) == MAX_FAULTS


def test_check_says_why_when_the_run_would_refuse_every_line(tmp_path: Path) -> None:
    check, _ = convert(write(tmp_path, "a.csv", "file_url,base urls\nf,\n"))
    advice = 'without base images, send {"urls": ["https://..."]}'
    assert check.faults == [f"line 2: baseUrls: must have at least 1 item: {advice}"]


@pytest.mark.parametrize(
    ("refused", "row"),
    [
        (0, {"urls": [AT], "id": "a"}),
        (0, {"url": AT, "id": "a"}),
        (1, {"url": AT, "id": "?"}),
        (1, {"fileUrl": 7, "baseUrls": []}),
        (1, "no File"),
    ],
)
def test_line_of_failed_jsonl_is_checked_as_the_run_reads_it(tmp_path: Path, refused: int, row: object) -> None:
    line = BulkItem(row, 7).to_failed({"row": 7, "errors": []})
    check, documents = convert(write(tmp_path, "failed.jsonl", json.dumps(line) + "\n" + json.dumps(ONE)))
    assert (documents, check.refused, check.faults) == ([line, ONE], refused, [])


def test_longest_line_fits_into_a_batch_of_its_own() -> None:
    longest = {"index": 99_999_999, "item": "x" * (MAX_LINE_BYTES - 2)}
    assert [batch["Items"] for batch in batches([longest, longest], BATCHER, None)] == [[longest], [longest]]
    with pytest.raises(ValueError, match="does not fit"):
        list(batches(["x" * 220_000], BATCHER, None))
