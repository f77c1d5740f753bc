"""The commands on the page of a run that read its table, run as a reader would run them."""

import json
import subprocess
from collections import Counter
from pathlib import Path

import pytest
from infra.build.template_file import ROOT
from infra.look.run_steps import list_readers
from infra.look.source_commands import FolderCommands

from support.run_table import RUN, failed_row, stored_row, write_part

PYTHON = ROOT / ".local" / "tables" / "bin" / "python"
RUN_SQL = "import duckdb, json, sys; print(json.dumps(duckdb.sql(sys.stdin.read()).fetchall()))"
SHOW = "\nimport json; print(json.dumps(sorted(images['id'])))"


@pytest.fixture(params=["pictures", "it's mine"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The folder of a run whose first parts have no failure, and whose ids look like numbers."""
    folder = tmp_path / str(request.param)
    for part in range(30):
        write_part(folder, [stored_row(part, id=f"{part:03}")], f"{part:03}")
    write_part(folder, [failed_row(30, id="030"), failed_row(31, id="031")], "zzz")
    return folder


def run(folder: Path, name: str, *arguments: str, given: str = "") -> object:
    """Run Python with the lines of a step on the page as its input or as its program."""
    if not PYTHON.exists():
        pytest.fail("DuckDB and pandas are not installed: run `make install`.")
    [step] = [step for step in list_readers(RUN, FolderCommands(folder)) if name in step.text]
    text = "\n".join(step.lines)
    command = [str(PYTHON), "-W", "error", "-c", *(arguments or [text + given])]
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


def test_duckdb_counts_images_by_code(folder: Path) -> None:
    assert run(folder, "DuckDB", RUN_SQL) == [["stored", None, 30], ["failed", "not_found", 2]]


def test_pandas_reads_every_row_and_keeps_ids(folder: Path) -> None:
    ids = run(folder, "pandas", given=SHOW)

    assert isinstance(ids, list)
    assert Counter(ids) == Counter(f"{row:03}" for row in range(32))
