"""The folder of a run: which run a command continues, and what it writes at its end."""

import errno
import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import time
from typing import Any
from unittest.mock import Mock

import pytest
from infra.run.run_folder import RunFolder, open_run
from infra.run.spooled_list import Groups

from intake.model.bulk_item import BulkItem
from intake.model.bulk_report import BatchReport
from intake.model.error_codes import ConnectFailed, NotFound
from intake.model.file import File
from intake.model.invalid_file import Fault
from intake.model.outcome import Failed, FetchStats
from intake.model.receipt import Receipt
from support.process_memory import traced_peak
from support.run_table import encode_part

DIGEST, OTHER = "1" * 64, "2" * 64
_HOLD = "import fcntl, sys; f = open(sys.argv[1], 'r+b'); fcntl.lockf(f, fcntl.LOCK_EX); print(flush=True); input()"


def open_and_close(out: Path, source: str = "urls.txt", digest: str = DIGEST) -> RunFolder:
    with open_run(out, source, digest) as run:
        return run


def groups_of(*rows: int) -> Groups:
    """Groups with so many rows each."""
    groups = Groups()
    for number in rows:
        groups.append(size=10, rows=number)
    return groups


def write_report(run: RunFolder, number: int, *failed: Any, files: int = 1) -> None:
    report = BatchReport()
    for row, error in enumerate(failed, 1):
        document = {"urls": [f"https://a.example/{row}"]}
        outcomes = [Failed(error, FetchStats())]
        receipt = Receipt.of(File.parse(document), outcomes, bucket="b", created_at=datetime.now(UTC), elapsed_ms=1)
        report.add(BulkItem(document, row), receipt.images)
    report.counts.files += files
    part = encode_part([{"id": None, "key": None, "sha256": None}])
    for name, body in {"batches/{}.json": report.to_json(), "images/{}.jsonl.gz": part}.items():
        path = run.path / name.format(f"{number:08d}")
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(body)


def read_lines(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def test_command_continues_the_run_of_the_same_list_until_it_is_complete(tmp_path: Path) -> None:
    first = open_and_close(tmp_path)
    assert first == open_and_close(tmp_path)
    first.finish(1.0, groups=groups_of(1), error="No space left on device")
    assert first == open_and_close(tmp_path, "renamed.txt")
    write_report(first, 0)
    first.finish(1.0, groups=groups_of(1), error=None)
    assert first.name != open_and_close(tmp_path).name


def test_command_continues_a_run_that_was_killed_before_its_page_was_written(tmp_path: Path) -> None:
    run, pages = open_and_close(tmp_path), list[int]()
    write_report(run, 0)
    killed = Mock(side_effect=SystemExit)
    with pytest.raises(SystemExit):
        run.finish(1.0, groups=groups_of(1), error=None, write_page=killed)
    assert not list(run.path.glob("*summary*"))
    assert open_and_close(tmp_path) == run
    run.finish(1.0, groups=groups_of(1), error=None, write_page=lambda summary: pages.append(summary.counts.files))
    assert pages == [1]
    assert open_and_close(tmp_path) != run


def test_command_starts_a_run_of_its_own_when_another_list_has_not_come_to_its_end(tmp_path: Path) -> None:
    names = [open_and_close(tmp_path, digest=digest).name for digest in (DIGEST, OTHER, DIGEST, OTHER)]
    assert names[:2] == names[2:]
    assert names[0] != names[1]


def test_command_starts_a_run_of_its_own_when_another_process_works_on_the_first(tmp_path: Path) -> None:
    first = open_and_close(tmp_path)
    arguments = [sys.executable, "-c", _HOLD, str(first.path / "run.json")]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        second = open_and_close(tmp_path)
        holder.communicate(b"\n")
    assert second.name != first.name
    assert second.digest == first.digest


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP])
def test_run_is_continued_when_the_file_system_has_no_locks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    monkeypatch.setattr(fcntl, "lockf", Mock(side_effect=OSError(number, "no locks")))
    assert open_and_close(tmp_path) == open_and_close(tmp_path)


def test_command_starts_no_run_when_other_processes_take_each_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fcntl, "lockf", Mock(side_effect=[BlockingIOError()] * 2 + [None]))
    assert open_and_close(tmp_path).name.endswith("-3")
    monkeypatch.setattr(fcntl, "lockf", Mock(side_effect=BlockingIOError()))
    with pytest.raises(BlockingIOError):
        open_and_close(tmp_path)


@pytest.mark.parametrize(
    "record",
    [
        b"",
        b"\0" * 80,
        b"{",
        b"[]",
        b"null",
        b"{}",
        b'{"list": "a", "digest": "1"}',
        b'{"list": "a", "digest": "%b", "startedAt": "yesterday"}' % DIGEST.encode(),
        b'{"list": "a", "digest": "%b", "startedAt": 7}' % DIGEST.encode(),
        b'{"list": "\xff", "digest": "%b"}' % DIGEST.encode(),
    ],
)
def test_command_starts_a_run_of_its_own_when_a_record_is_damaged(tmp_path: Path, record: bytes) -> None:
    damaged = open_and_close(tmp_path)
    (damaged.path / "run.json").write_bytes(record)
    assert open_and_close(tmp_path).name != damaged.name


@pytest.mark.parametrize("summary", [b"", b"\0\0", b"[]", b'{"complete": "yes"}', b'{"seconds": "long"}'])
def test_command_continues_a_run_when_its_summary_is_damaged(tmp_path: Path, summary: bytes) -> None:
    run = open_and_close(tmp_path)
    (run.path / "summary.json").write_bytes(summary)
    assert run == open_and_close(tmp_path)
    run.note_start()
    write_report(run, 0)
    assert run.finish(2.0, groups=groups_of(1), error=None).seconds == 2.0


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("urls.txt", "urls"),
        ("/some where/my list.csv", "my-list"),
        ("Größe & mehr.jsonl", "Gr-e-mehr"),
        ("\udcff\udcfe.txt", "list"),
        ("画像.txt", "list"),
        ("-.-.txt", "list"),
        ("..a..csv", "a"),
        ("a" * 200 + ".txt", "a" * 60),
        ("a\nb.txt", "a-b"),
    ],
)
def test_run_is_named_after_its_list(tmp_path: Path, source: str, expected: str) -> None:
    run = open_and_close(tmp_path, source)
    stem, _, started = run.name.rpartition("-")
    assert expected == stem
    assert run.started_at == datetime.strptime(started, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    assert run.source == source == open_and_close(tmp_path).source


def test_runs_of_one_second_have_names_of_their_own(tmp_path: Path) -> None:
    names = {open_and_close(tmp_path, digest=str(number) * 64).name for number in range(9)}
    assert len(names) == 9


def test_receipts_of_a_run_that_ended_in_the_same_second_are_not_taken_over(tmp_path: Path) -> None:
    run = open_and_close(tmp_path)
    assert run.receipts_since > datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=1)
    assert run.receipts_since - run.started_at == timedelta(seconds=1)


@pytest.mark.parametrize("damaged", [b"", b"\0" * 100, b"{", b"[]", b'{"counts": 7}'])
def test_group_is_not_done_when_its_report_is_damaged(tmp_path: Path, damaged: bytes) -> None:
    run = open_and_close(tmp_path)
    assert list(run.done(groups_of(1, 1, 1))) == [0, 0, 0]
    write_report(run, 0)
    write_report(run, 2)
    (run.path / "batches" / "00000001.json").write_bytes(damaged)
    (run.path / "batches" / "note.json").write_bytes(b"{}")
    assert list(run.done(groups_of(1, 1, 1))) == [1, 0, 1]


def test_group_is_not_done_when_its_report_has_a_part_of_its_rows(tmp_path: Path) -> None:
    """Ctrl-C leaves such a report, which counts in the summary, and which the next command replaces."""
    run = open_and_close(tmp_path)
    write_report(run, 0, files=2)
    assert list(run.done(groups_of(3))) == [0]
    assert list(run.done(groups_of(2))) == [1]
    summary = run.finish(1.0, groups=groups_of(3), error="Ctrl-C")
    assert (summary.complete, summary.counts.files) == (False, 2)


def test_finish_writes_the_rows_that_failed_in_the_order_of_the_list(tmp_path: Path) -> None:
    run = open_and_close(tmp_path)
    for number in (11, 2, 0):
        write_report(run, number, *[NotFound()] * (number == 0), *[ConnectFailed()] * (number != 0))
    summary = run.finish(1.5, groups=groups_of(*[2] * 12), error="Ctrl-C")
    codes = [line["intakeFailure"]["errors"][0]["code"] for line in read_lines(run.path / "failed.jsonl")]
    assert codes == ["not_found", "connect_failed", "connect_failed"]
    assert (summary.complete, summary.error, summary.batches) == (False, "Ctrl-C", 3)
    assert summary.failed_key == f"runs/{run.name}/failed.jsonl"
    assert json.loads((run.path / "summary.json").read_bytes())["counts"]["codes"] == {
        "not_found": 1,
        "connect_failed": 2,
    }


def test_finish_removes_the_list_of_failures_when_a_later_command_has_none(tmp_path: Path) -> None:
    run = open_and_close(tmp_path)
    write_report(run, 0, NotFound())
    run.finish(1.0, groups=groups_of(1, 1), error="Ctrl-C")
    run.note_start()
    for number in (0, 1):
        write_report(run, number)
    summary = run.finish(1.25, groups=groups_of(1, 1), error=None)
    assert (summary.complete, summary.failed_key, summary.seconds) == (True, None, 2.25)
    assert sorted(path.name for path in run.path.iterdir()) == ["batches", "images", "run.json", "summary.json"]


def test_seconds_of_killed_commands_are_added_up_to_their_last_reports(tmp_path: Path) -> None:
    for _ in range(2):
        run = open_and_close(tmp_path)
        run.note_start()
        write_report(run, 0)
        os.utime(run.path / "batches", (0, time() + 30))
    run = open_and_close(tmp_path)
    run.note_start()
    assert run.finish(1.0, groups=groups_of(1), error=None).seconds == pytest.approx(61.0, abs=1.0)


@pytest.mark.parametrize("missing", [(), (0,), (2,)], ids=["all", "last two", "first two"])
def test_run_is_not_complete_when_a_group_has_no_report(tmp_path: Path, missing: Sequence[int]) -> None:
    run = open_and_close(tmp_path)
    for number in missing:
        write_report(run, number)
    summary = run.finish(1.0, groups=groups_of(1, 1, 1), error=None)
    assert not summary.complete
    assert summary.error == f"{3 - len(missing)} of 3 rows have no report"
    assert run == open_and_close(tmp_path)


def test_finish_writes_whatever_the_list_and_its_rows_contain(tmp_path: Path) -> None:
    run = open_and_close(tmp_path, "\udcff.jsonl")
    report = BatchReport()
    report.add_refused(BulkItem({"\ud800": "\udfff", "n": float("inf")}, 1), [Fault("\ud800", "is odd")])
    path = run.path / "batches" / "00000000.json"
    path.parent.mkdir()
    path.write_bytes(report.to_json())
    run.finish(1.0, groups=groups_of(1), error=None)
    assert json.loads((run.path / "summary.json").read_bytes())["list"] == "\udcff.jsonl"
    [line] = read_lines(run.path / "failed.jsonl")
    assert line["\ud800"] == "\udfff"


def test_run_without_rows_is_complete(tmp_path: Path) -> None:
    assert open_and_close(tmp_path).finish(0.0, groups=groups_of(), error=None).complete


def test_memory_at_the_end_of_a_run_does_not_grow_with_the_groups(tmp_path: Path) -> None:
    run = open_and_close(tmp_path)
    write_report(run, 0, *[NotFound()] * 2)
    for name in ("batches/{}.json", "images/{}.jsonl.gz"):
        for number in range(1, 400):
            (run.path / name.format(f"{number:08d}")).hardlink_to(run.path / name.format("00000000"))

    def end(groups: Groups) -> None:
        assert sum(run.done(groups)) == len(groups)
        assert run.finish(1.0, groups=groups, error=None).counts.images == {"failed": 2 * len(groups)}

    few, many = groups_of(*[3] * 50), groups_of(*[3] * 400)
    end(few)  # allocates what is needed once
    # Threads of earlier tests may allocate at the same time, but not each time.
    small, large = (min(traced_peak(lambda: end(groups)) for _ in range(3)) for groups in (few, many))  # noqa: B023 - called at once
    assert large - small < 350 * 16
