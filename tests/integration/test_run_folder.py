"""The folder of `make run`: later runs, runs at once, and folders that cannot be written."""

import hashlib
import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import count, islice
from pathlib import Path

import pytest
from infra.run.spooled_list import GroupSize, SpooledList

from support.run_lab import RunLab, check_folder, images, numbered_image, rows, runs, summary

ROWS = 300


def test_second_run_of_a_list_requests_no_image_without_a_condition(lab: RunLab) -> None:
    path = lab.write_urls("a.txt", range(ROWS))
    assert lab.run(path)[0] == 0
    assert len(lab.requested()) == ROWS

    status, output = lab.run(path)

    assert status == 0, output
    assert lab.requested() == []
    assert f"  images   {ROWS} reused;" in output
    assert {row["source"] for row in rows(runs(lab.out)[1])} == {"unchanged"}
    check_folder(lab.out)


def test_list_with_a_new_first_line_keeps_nearly_all_images_known(lab: RunLab) -> None:
    """The groups after the first line that ends one, whatever is before it, are those of the first run."""
    first = list(islice((number for number in count() if not ends_group(lab, number)), 40))
    end = next(number for number in count(ROWS) if ends_group(lab, number))
    numbers = [*first, end, *range(10_000, 10_000 + ROWS - len(first))]
    path = lab.write_urls("a.txt", numbers)
    assert lab.run(path)[0] == 0
    lab.requested()
    lab.write_urls("a.txt", ["new", *numbers])

    status, output = lab.run(path)

    assert status == 0, output
    plain = lab.requested()
    assert "/n/new" in plain
    assert set(plain) <= {f"/n/{number}" for number in ["new", *numbers[:41]]}
    assert len(images(lab.out)) == ROWS + 2


def ends_group(lab: RunLab, number: int) -> bool:
    """Whether a group of a short list ends after the line of an image, if it has enough lines."""
    with closing(SpooledList(lab.folder, GroupSize.of_list(0)._replace(minimum=1))) as spooled:
        spooled.write(json.dumps({"urls": [lab.url(number)]}, separators=(",", ":")).encode() + b"\n")
        return len(spooled.groups) == 1


@pytest.mark.parametrize("overlap", [ROWS, ROWS // 3], ids=["same list", "overlapping lists"])
def test_two_runs_at_once_store_every_image_of_both(lab: RunLab, overlap: int) -> None:
    paths = [lab.write_urls(f"{first}.txt", range(first, first + ROWS)) for first in (0, ROWS - overlap)]
    commands = [lab.start(path) for path in paths]

    assert [command.wait() for command in commands] == [0, 0], [command.output for command in commands]

    check_folder(lab.out)
    assert len(images(lab.out)) == 2 * ROWS - overlap
    assert len(runs(lab.out)) == 2
    for run in runs(lab.out):
        assert [row["row"] for row in rows(run)] == list(range(1, ROWS + 1))
        assert summary(run)["complete"]
    assert lab.run(paths[0])[0] == 0
    assert not [path for path in lab.out.rglob("*") if path.name.endswith(".part")]


def test_run_continues_with_the_rows_that_are_not_done(lab: RunLab) -> None:
    path = lab.write_urls("a.txt", range(ROWS))
    assert lab.run(path)[0] == 0
    [run] = runs(lab.out)
    (run / "summary.json").unlink()
    first, *_, last = sorted((run / "batches").iterdir())
    lost = sum(json.loads(report.read_bytes())["counts"]["files"] for report in (first, last))
    first.unlink()
    last.write_bytes(b"")  # as a crash of the machine may leave it

    status, output = lab.run(path)

    assert status == 0
    assert f"Downloading the remaining {lost:,} rows into" in output
    assert runs(lab.out) == [run]
    assert [row["row"] for row in rows(run)] == list(range(1, ROWS + 1))


@pytest.mark.parametrize(
    ("names", "body"),
    [
        ("images/*/*.jpg", None),
        ("images/*/*.jpg", b"x"),
        ("receipts/*.json", None),
        ("known/*.json", None),
        ("runs/*/images/*.gz", None),
        ("runs/*/images/*.gz", b""),
    ],
)
def test_run_stores_again_what_is_lost_before_it_continues(lab: RunLab, names: str, body: bytes | None) -> None:
    path = lab.write_urls("a.txt", range(ROWS))
    assert lab.run(path)[0] == 0
    [run] = runs(lab.out)
    (run / "summary.json").unlink()
    max((run / "batches").iterdir()).unlink()
    for lost in lab.out.glob(names):
        lost.unlink() if body is None else lost.write_bytes(body)

    status, output = lab.run(path)

    assert status == 0, output
    assert runs(lab.out) == [run]
    assert [row["row"] for row in rows(run)] == list(range(1, ROWS + 1))
    assert len(images(lab.out)) == ROWS
    assert {row["id"] for row in rows(run)} == {receipt.stem for receipt in (lab.out / "receipts").iterdir()}
    check_folder(lab.out)


@pytest.mark.parametrize(
    "names", [["receipts"], ["images"], ["runs"], ["known"], ["origins", "images", "receipts", "runs", "known"]]
)
def test_folders_of_results_may_be_on_another_file_system(lab: RunLab, names: list[str]) -> None:
    path = lab.write_urls("a.txt", range(ROWS))
    with tempfile.TemporaryDirectory(dir="/dev/shm") as other:  # a file system of its own (shm_overview(7))
        lab.out.mkdir()
        for name in names:
            (Path(other) / name).mkdir()
            (lab.out / name).symlink_to(Path(other) / name)

        for source in ("fetched", "unchanged"):
            status, output = lab.run(path)
            assert status == 0, output
            assert {row["source"] for row in rows(runs(lab.out)[-1])} == {source}

        assert (runs(lab.out)[0] / "index.html").exists()
        check_folder(lab.out)
        assert list(lab.out.rglob("*.part", recurse_symlinks=True)) == []


def test_folder_may_have_any_name(lab: RunLab) -> None:
    out = lab.folder / os.fsdecode(b"my pictures, caf\xe9")
    status, output = lab.run(lab.write("a.csv", f"url,id\n{lab.url(1)},lot-1\n"), out)
    assert status == 0, output
    check_folder(out)
    assert (runs(out)[0] / "index.html").exists()


@contextmanager
def mounted(folder: Path, options: str) -> Iterator[Path]:
    """Mount a tmpfs, which needs root. Without it, the test is skipped on a user's machine, and fails in CI."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    done = subprocess.run(mount, capture_output=True, text=True, check=False)
    if done.returncode:
        # A developer who is not root can still run the suite.
        (pytest.fail if os.environ.get("CI") else pytest.skip)(
            f"a file system of its own needs root: {done.stderr.strip()}"
        )
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_run_goes_on_when_a_full_disk_has_space_again(lab: RunLab) -> None:
    """Every image takes a page of 4 KiB. The disk is full before the first half of them."""
    path = lab.write_urls("a.txt", range(ROWS))
    with mounted(lab.folder / "disk", "size=700k") as disk:
        statuses = []
        for _ in range(2):
            status, output = lab.run(path, disk)
            statuses.append(status)
            assert "No space left on device" in output
            assert "Traceback" not in output
            check_folder(disk)
        assert statuses in ([1, 1], [1, 2])  # 2 if the list, which is written into the folder, has no space
        subprocess.run(["mount", "-o", "remount,size=64m", str(disk)], check=True)

        status, output = lab.run(path, disk)

        assert status == 0, output
        [run] = runs(disk)
        assert [row["row"] for row in rows(run)] == list(range(1, ROWS + 1))
        assert len(images(disk)) == ROWS
        assert not [path for path in disk.rglob("*") if path.name.endswith(".part")]
        check_folder(disk)


def test_run_says_that_its_folder_is_read_only(lab: RunLab) -> None:
    with mounted(lab.folder / "disk", "ro") as disk:
        for out in (disk, disk / "new"):
            status, output = lab.run(lab.write_urls("a.txt", range(3)), out)
            assert status == 2
            assert f"make run: the folder {out} cannot be written: Read-only file system.\n" in output


def test_image_of_another_list_is_downloaded_again_unless_its_digest_is_given(lab: RunLab) -> None:
    assert lab.run(lab.write_urls("a.txt", range(ROWS)))[0] == 0
    lab.requested()
    digests = [hashlib.sha256(numbered_image(f"/n/{number}")).hexdigest() for number in (7, 8, 9)]
    lines = [f"{lab.url(number)},{digest}" for number, digest in zip((7, 8, 9), digests, strict=True)]

    status, output = lab.run(lab.write("b.csv", "\n".join(["url,sha256", *lines, f"{lab.url(10)},"])))

    assert status == 0, output
    assert lab.requested() == ["/n/10"]
    assert [row["source"] for row in rows(runs(lab.out)[1])] == ["known", "known", "known", "fetched"]
    assert "  images   4 reused;" in output
