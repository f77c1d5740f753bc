"""The commands of docs/bulk.md read the table of a run: DuckDB, pandas, zcat with jq."""

import csv
import json
import operator
import re
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from infra.build.template_file import ROOT
from infra.look.run_steps import list_readers
from infra.look.source_commands import FolderCommands

from intake.model.batch_table import COLUMNS, BatchTable
from intake.model.bulk_item import BulkItem
from intake.model.file import Fault, File
from intake.model.object_keys import table_key

PAGE = (ROOT / "docs" / "bulk.md").read_text()
SECTION = PAGE.split("\n## Read the table\n")[1].split("\n## ")[0]
TYPES = dict(re.findall(r"^\| `(\w+)` \| ([A-Z]+(?:\[\])?) \|", SECTION, re.MULTILINE))
PYTHON = ROOT / ".local" / "tables" / "bin" / "python"
RUN_SQL = """
import duckdb, json, sys
result = duckdb.sql(sys.stdin.read())
print(json.dumps(result.fetchall() if result else None, default=str))
"""
ROWS, PARTS = 120, 60
FAILED = range(101, ROWS + 1)
"""Rows that failed. They are in the last parts, behind those from which DuckDB guesses types."""


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", SECTION, re.MULTILINE | re.DOTALL)


def url(number: int) -> str:
    return f"https://a.example/{number}.jpg?sig=secret"


def file_id(number: int) -> str:
    """Return an id that programs may take for a number or a date."""
    return f"{number:03}" if number % 2 else f"2026-11-{number}"


def add_row(table: BatchTable, number: int) -> None:
    file = replace(File.parse({"id": file_id(number), "urls": [url(number)]}), note={"lot": f"0{number % 3}"})
    table.add_skipped(BulkItem({}, number), file)
    if number not in FAILED:
        facts: dict[str, Any] = {"reused": False, "key": f"images/{number}.jpg", "bytes": 3_000_000_000, "warnings": []}
        table.rows[-1] |= {"status": "stored", "code": None, "message": None} | facts


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A list of the caller, and the folder with the table of its run; one part is empty, and one row is no File."""
    if not PYTHON.exists():
        pytest.fail("DuckDB and pandas are not installed: run `make install`, or `make test` for everything.")
    folder = tmp_path_factory.mktemp("table")
    tables = [BatchTable() for _ in range(PARTS + 2)]
    for number in range(1, ROWS + 1):
        add_row(tables[(number - 1) * PARTS // ROWS], number)
    tables[PARTS].add_refused(BulkItem({}, ROWS + 1), [Fault("urls", "is missing")])
    for number, table in enumerate(tables):
        path = folder / "folder" / table_key("6d81586b", f"{number:03}")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(table.to_gzip())
    rows = [{"id": file_id(number), "url": url(number), "lot": f"{number:05}"} for number in range(1, ROWS + 1)]
    with (folder / "list.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, ["id", "url", "lot"])
        writer.writeheader()
        writer.writerows([*rows, {"id": "", "url": "no File", "lot": "x"}])
    return folder


def run(command: list[str], folder: Path, given: str = "") -> str:
    done = subprocess.run(command, cwd=folder, input=given, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def run_sql(folder: Path, sql: str) -> Any:
    return json.loads(run([str(PYTHON), "-W", "error", "-c", RUN_SQL], folder, sql))


def require_join(folder: Path) -> None:
    """Check the file that a command has written: each row of the list once, as it was, beside its image."""
    with (folder / "joined.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    (folder / "joined.csv").unlink()
    expected = [("", "no File", "x", ""), *((file_id(n), url(n), f"{n:05}", status_of(n)) for n in range(1, ROWS + 1))]
    assert sorted((row["id"], row["url"], row["lot"], row["status"]) for row in rows) == sorted(expected)
    [seventh] = [row for row in rows if row["id"] == file_id(7)]
    assert [seventh[name] for name in ("role", "index", "key")] == ["image", "0", "images/7.jpg"]
    assert {row["code"] for row in rows if row["status"] == "failed"} == {"deadline_exceeded"}


def status_of(number: int) -> str:
    return "failed" if number in FAILED else "stored"


def key_of(number: int) -> str | None:
    return None if number in FAILED else f"images/{number}.jpg"


def test_page_documents_the_columns_in_their_order() -> None:
    assert tuple(TYPES) == COLUMNS


def test_duckdb_reads_every_column_with_the_type_of_the_page(folder: Path) -> None:
    columns = ", ".join(f"{name}: '{type_}'" for name, type_ in TYPES.items())
    parts = "folder/runs/6d81586b/images/*.jsonl.gz"
    sql = f"SELECT * FROM read_json('{parts}', columns = {{{columns}}}) WHERE row IN (7, 102, 121) ORDER BY row"  # noqa: S608 - of this test
    stored, failed, refused = (dict(zip(TYPES, row, strict=True)) for row in run_sql(folder, sql))
    assert (stored["id"], stored["bytes"], stored["reused"], stored["warnings"]) == ("007", 3_000_000_000, False, [])
    assert (failed["id"], failed["code"], failed["url"]) == ("2026-11-102", "deadline_exceeded", url(102).split("?")[0])
    assert json.loads(failed["note"]) == {"lot": "00"}
    assert {name for name, value in refused.items() if value is not None} == {"row", "status", "message"}


def test_documented_sql_counts_joins_and_reads_notes(folder: Path) -> None:
    counts, join_by_id, join_by_row, notes = blocks("sql")
    assert run_sql(folder, counts) == [
        ["stored", None, 100],
        ["failed", "deadline_exceeded", 20],
        ["refused", None, 1],
    ]
    run_sql(folder, join_by_id)
    require_join(folder)
    of_list = [[file_id(number), url(number), f"{number:05}", number] for number in range(1, ROWS + 1)]
    of_image = [["image", 0, status_of(number), key_of(number)] for number in range(1, ROWS + 1)]
    refused = [None, "no File", "x", ROWS + 1, None, None, "refused", None]
    assert run_sql(folder, join_by_row) == [*map(operator.add, of_list, of_image), refused]
    assert sorted(run_sql(folder, notes), key=str) == [["00", 7], ["01", 6], ["02", 7], [None, 1]]


def test_commands_of_a_run_page_count_codes_and_read_all_rows(folder: Path) -> None:
    sql, python = (step.lines for step in list_readers("6d81586b", FolderCommands(Path("folder"))))
    counts = [["stored", None, 100], ["failed", "deadline_exceeded", 20], ["refused", None, 1]]
    assert run_sql(folder, "\n".join(sql)) == counts
    assert run([str(PYTHON), "-W", "error", "-c", "\n".join([*python, "print(len(images))"])], folder) == "121\n"


def test_documented_python_joins_the_list_with_pandas(folder: Path) -> None:
    [program] = blocks("python")
    run([str(PYTHON), "-W", "error", "-c", program], folder)
    require_join(folder)


def test_documented_command_lists_failures_with_jq(folder: Path) -> None:
    [command] = [block for block in blocks("sh") if "jq" in block]
    rows = list(csv.reader(run(["bash", "-c", command], folder).splitlines()))
    assert [int(row[0]) for row in rows] == [*FAILED, ROWS + 1]
    assert rows[0][:4] == ["101", file_id(101), url(101).split("?")[0], "deadline_exceeded"]
    assert rows[-1] == [str(ROWS + 1), "", "", "", "urls: is missing"]
