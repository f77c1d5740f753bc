"""`make run` with lists and folders as people have them, on real sockets and real processes."""

import gzip
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from infra.build.template_file import ROOT
from infra.bulk.list_check import UnusableList, check_list

from support.run_lab import RunLab, check_folder, images, lines, numbered_image, rows, runs, summary

MARK = "\ufeff"
ODD_FOLDER = os.fsdecode(b"my lists, caf\xe9")


def file_of(lab: RunLab, *numbers: int, **members: object) -> str:
    first, *others = map(lab.url, numbers)
    return json.dumps({"fileUrl": first, "baseUrls": [[url] for url in others], **members})


def digest_of(number: int | str) -> str:
    return hashlib.sha256(numbered_image(f"/n/{number}")).hexdigest()


LISTS: dict[str, tuple[str, Callable[[RunLab], str], int, int]] = {
    "text": ("a.txt", lambda lab: "".join(f"{lab.url(n)}\n" for n in range(5)), 5, 5),
    "suffix in capitals": ("A B.TXT", lambda lab: lab.url(1), 1, 1),
    "mark, CRLF, comments, blank lines": (
        "a.txt",
        lambda lab: f"{MARK}# boards\r\n\r\n  {lab.url(1)}  \r\n\t\r\n#{lab.url(2)}\r\n{MARK}{lab.url(3)}\r\n",
        2,
        2,
    ),
    "CR": ("a.txt", lambda lab: f"{lab.url(1)}\r{lab.url(2)}\r", 2, 2),
    "commas": ("a.txt", lambda lab: f"{lab.url('1?a=1,2')}\n{lab.url('2,3')}\n", 2, 2),
    "folder with spaces that is not UTF-8": (f"{ODD_FOLDER}/a.txt", lambda lab: lab.url(1), 1, 1),
    "no URL is repeated": ("a.txt", lambda lab: f"{lab.url(1)}\n" * 250, 250, 250),
    "CSV of a spreadsheet": (
        "a.CSV",
        lambda lab: (
            f'{MARK}"ID","Url ","SHA-256","Lot no."\r\n'
            f'"a","{lab.url("1?a=1,2")}","{digest_of("1?a=1,2")}","7"\r\n,,,\r\n"b","{lab.url(2)}",,\r\n'
        ),
        2,
        2,
    ),
    "CSV with CR": ("a.csv", lambda lab: f"url\r{lab.url(1)}\r{lab.url(2)}\r", 2, 2),
    "CSV with a cell of two lines": ("a.csv", lambda lab: f'url,side\n{lab.url(1)},"a\nb"\n{lab.url(2)},c\n', 2, 2),
    "CSV of Files": (
        "a.csv",
        lambda lab: (
            "file_url,Base URLs,id,refresh\n"
            f"{lab.url(1)},{lab.url(2)} {lab.url(3)},lot-1,true\n{lab.url(4)},{lab.url(2)},,\n"
        ),
        2,
        5,
    ),
    "JSON lines": (
        "a.jsonl",
        lambda lab: "\n\n".join(
            [
                MARK + file_of(lab, 1, 2, 3, id="lot-1", sha256=digest_of(1)),
                json.dumps({"urls": [lab.url(4), {"url": lab.url(5), "note": {"n": 10**30}}], "refresh": True}),
                f'{{"urls": ["{lab.url(6)}"], "note": {{"b": "\\ud83d\\ude00"}}}}',
                json.dumps({"url": lab.url(7), "intakeFailure": {"row": 9}}),
            ]
        ),
        4,
        7,
    ),
}


@pytest.mark.parametrize(("name", "content", "documents", "images"), LISTS.values(), ids=LISTS)
def test_run_stores_each_image_of_a_list(
    lab: RunLab, name: str, content: Callable[[RunLab], str], documents: int, images: int
) -> None:
    status, output = lab.run(lab.write(name, content(lab)))

    assert status == 0, output
    [run] = runs(lab.out)
    assert len(rows(run)) == images
    assert sorted({row["row"] for row in rows(run)}) == list(range(1, documents + 1))
    assert {row["status"] for row in rows(run)} == {"stored"}
    assert f"\n{documents:,} row" in output
    assert (summary(run)["complete"], summary(run)["failedKey"]) == (True, None)
    assert (run / "index.html").stat().st_mode & 0o777 == 0o600
    check_folder(lab.out)


WRONG_LISTS: dict[str, tuple[str, str | bytes]] = {
    "missing": ("none.txt", ""),
    "UTF-16": ("a.txt", "https://a.example/1\n".encode("utf-16")),
    "UTF-16 in CSV": ("a.csv", "url\nhttps://a.example/1\n".encode("utf-16")),
    "gzip": ("a.jsonl", gzip.compress(b"{}", mtime=0)),
    "gzip with its suffix": ("a.txt.gz", gzip.compress(b"https://a.example/1", mtime=0)),
    "spreadsheet": ("a.xlsx", b"PK\x03\x04[Content_Types].xml xl/workbook.xml"),
    "no suffix": ("list", "https://a.example/1\n"),
    "empty": ("a.txt", "\n# nothing\n"),
    "JSON in text": ("a.txt", '{"urls": ["u"]}\n'),
    "quotes in text": ("a.txt", '"https://a.example/1"\n'),
    "Latin-1": ("a.txt", b"https://a.example/caf\xe9\n"),
    "semicolons": ("a.csv", "id;url\na;https://a.example/1\n"),
    "no header": ("a.csv", "https://a.example/1\n"),
    "open quote": ("a.csv", 'url\n"https://a.example/1\n'),
    "ten faults and more": ("a.jsonl", "no\n" * 30),
    "every line refused": ("a.jsonl", '{"urls": []}\n{"fileUrl": 7}\n'),
    "one File over lines": ("a.jsonl", json.dumps({"urls": ["u"]}, indent=1)),
}


@pytest.mark.parametrize(("name", "content"), WRONG_LISTS.values(), ids=WRONG_LISTS)
def test_run_refuses_a_wrong_list_in_the_words_of_make_bulk(lab: RunLab, name: str, content: str | bytes) -> None:
    path = lab.folder / name
    if content:
        lab.write(name, content)
    with Path(os.devnull).open("wb") as nowhere, pytest.raises(UnusableList) as expected:
        check_list(path, nowhere, consequence="was not downloaded")

    status, output = lab.run(path)

    assert status == 2
    assert output.endswith(f"make run: {expected.value}\n")
    assert not (lab.out / "runs").exists()


def test_run_reports_each_image_that_failed(lab: RunLab) -> None:
    codes = {
        "n/1": None,
        "status_404": "not_found",
        "status_503": "http_server_error",
        "html_followed_by_jpeg": "unsupported_type",
        "half_png": "invalid_image",
        "reset_in_body": "incomplete_body",
    }
    urls = {lab.origin.url(path): code for path, code in codes.items()} | {
        "http://10.0.0.1/private": "blocked",
        "http://127.0.0.1:1/port": "blocked",
        "javascript:alert(1)": "blocked",
        "http://": "invalid_url",
        "two words": "invalid_url",
    }
    path = lab.write("a.jsonl", "\n".join([*(json.dumps({"urls": [url]}) for url in urls), '{"urls": []}']))

    status, output = lab.run(path)

    assert status == 1, output
    [run] = runs(lab.out)
    assert [row["code"] for row in rows(run)] == [*urls.values(), None]
    assert [row["status"] for row in rows(run)] == ["stored", *["failed"] * (len(urls) - 1), "refused"]
    failed = lines(run / "failed.jsonl")
    assert [line["intakeFailure"]["row"] for line in failed] == list(range(2, len(urls) + 2))
    retryable = [line for line in failed if line["intakeFailure"]["retryable"]]
    assert lines(run / "retryable.jsonl") == retryable
    assert [line["urls"] for line in retryable] == [[lab.origin.url("status_503")], [lab.origin.url("reset_in_body")]]
    assert "  refused  1 row that is no File" in output
    assert "  blocked  http://127.0.0.1:1: port not in ALLOWED_PORTS" in output
    assert f"  blocked  To allow what is yours: ALLOWED_PORTS=1,80,{lab.origin.port} ALLOW=10.0.0.0/8\n" in output
    assert len(images(lab.out)) == 1

    assert lab.run(run / "failed.jsonl")[0] == 1
    assert len(rows(runs(lab.out)[1])) == len(urls)


def test_columns_of_the_user_are_in_the_table(lab: RunLab) -> None:
    path = lab.write("a.csv", f"url,id,Lot,remark\n{lab.url(1)},x-1,7,\n{lab.url(2)},x-2,8,größer\n{lab.url(3)},,,\n")

    assert lab.run(path)[0] == 0

    table = rows(runs(lab.out)[0])
    assert [row["note"] for row in table] == [{"Lot": "7"}, {"Lot": "8", "remark": "größer"}, None]
    assert [row["id"] for row in table][:2] == ["x-1", "x-2"]


def test_file_over_several_lines_has_a_receipt(lab: RunLab) -> None:
    document = json.loads(file_of(lab, 1, 2, 1, id="lot-7"))
    path = lab.write("my file.json", MARK + json.dumps(document, indent=2))

    status, output = lab.run("", None, "--file", str(path))

    assert status == 0, output
    receipt = json.loads((lab.out / "receipts/lot-7.json").read_bytes())
    assert [image["role"] for image in receipt["images"]] == ["file", "base", "base"]
    assert len(rows(runs(lab.out)[0])) == 3
    assert f"Page: {runs(lab.out)[0]}/index.html" in output


@pytest.mark.parametrize(
    ("list_", "file", "out", "expected"),
    [
        ("", "", "x", "which list? make run LIST=urls.txt OUT=pictures. For one File: FILE=my-file.json"),
        ("a.txt", "a.json", "x", "LIST and FILE are both set: keep one."),
        ("a.txt", "", "", "into which folder? make run LIST=a.txt OUT=pictures"),
        ("", "a.json", "", "into which folder? make run FILE=a.json OUT=pictures"),
        ("", "{none}", "{out}", "{none} cannot be read: No such file or directory."),
        (
            "",
            "{text}",
            "{out}",
            "{text} is not JSON: expected value at line 1 column 1; a plain list of URLs is ",
        ),
        (
            "",
            "{faults}",
            "{out}",
            "{faults} is not a valid File:\n  fileUrl: must be a string, got a number\n  baseUrls:",
        ),
        ("{text}", "", "{text}", "{text} is not a folder: name one in OUT, which need not exist."),
        ("{text}", "", "{link}", "{link} is not a folder: name one in OUT, which need not exist."),
        ("{text}", "", "{text}/x", "the folder {text}/x cannot be written: Not a directory."),
        ("{text}", "", "{long}", "the folder {long} cannot be written: File name too long."),
        ("{text}", "", "/proc/x", "the folder /proc/x cannot be written: No such file or directory."),
    ],
)
def test_run_says_what_is_wrong_with_its_arguments(lab: RunLab, list_: str, file: str, out: str, expected: str) -> None:
    paths = {
        "none": lab.folder / "none.json",
        "text": lab.write("a.txt", lab.url(1)),
        "faults": lab.write("a.json", '{"fileUrl": 7}'),
        "out": lab.out,
        "long": lab.folder / ("x" * 300),
        "link": lab.folder / "link",
    }
    paths["link"].symlink_to("nowhere")
    options = ["--file", file.format(**paths)] if file else []
    command = lab.start(list_.format(**paths), out.format(**paths), *options)

    assert command.wait() == 2
    assert f"make run: {expected.format(**paths)}" in command.output
    assert ("To download a list, set LIST in place of FILE." in command.output) == (file == "{text}")


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        (
            ["LIST=none.txt", "MAX_PER_ORGIN=8"],
            "MAX_PER_ORGIN is not a setting of make run. Did you mean MAX_PER_ORIGIN?",
        ),
        (["LIST=-none.txt"], "-none.txt does not exist, or is not a file."),
        (["FILE=-none.json"], "-none.json cannot be read: No such file or directory."),
    ],
)
def test_make_run_passes_its_variables_to_the_command(tmp_path: Path, variables: list[str], expected: str) -> None:
    command = ["make", "-s", "run", f"OUT={tmp_path}", *variables]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 2
    assert f"make run: {expected}\n" in done.stderr


@pytest.mark.parametrize("streams", ["| head -n 1", ">&- 2>&-", ">/dev/full 2>/dev/full"])
def test_run_stores_every_image_when_nobody_reads_its_output(lab: RunLab, streams: str) -> None:
    path = lab.write_urls("a.txt", range(3))
    command = f'set -o pipefail; "$0" -m infra.run "$1" "$2" {streams}'
    environment = lab.environment | {"PYTHONPATH": "functions"}
    arguments = ["bash", "-c", command, sys.executable, str(path), str(lab.out)]

    assert subprocess.run(arguments, cwd=ROOT, env=environment, check=False, timeout=120).returncode == 0

    [run] = runs(lab.out)
    assert [row["status"] for row in rows(run)] == ["stored"] * 3
