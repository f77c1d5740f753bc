"""The page of a run, whose groups are counted while it downloads."""

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path

from infra.run.page import RunPage
from infra.run.run_folder import RunFolder

from intake.model.bulk_report import Summary
from intake.model.object_keys import table_key


def run_of(folder: Path, name: str = "urls") -> RunFolder:
    return RunFolder(folder, name, "urls.txt", "0" * 64, datetime.now(UTC))


def write_part(run: RunFolder, number: int) -> None:
    part = run.out / table_key(run.name, f"{number:08d}")
    part.parent.mkdir(parents=True, exist_ok=True)
    part.write_bytes(gzip.compress(json.dumps({"row": number + 1, "status": "stored", "key": ""}).encode()))


def test_each_group_is_counted_once_whether_it_is_added_or_found_at_the_end(tmp_path: Path) -> None:
    run = run_of(tmp_path)
    for number in range(3):
        write_part(run, number)
    page = RunPage(run, 4, None, {})
    page.add_group(1)
    page.add_group(1)
    page.add_group(3)  # has stored nothing

    at = "2026-11-22T12:00:00Z"
    path = page.write(Summary(run=run.name, source="urls.txt", started_at=at, ended_at=at, seconds=1.0, complete=True))

    assert path == run.path / "index.html"
    assert "All 3 images are stored" in path.read_text()


def test_group_whose_part_cannot_be_looked_up_does_not_end_the_run(tmp_path: Path) -> None:
    RunPage(run_of(tmp_path, "x" * 300), 1, None, {}).add_group(0)
