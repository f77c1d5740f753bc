"""`FileStore` on a disk that is full, has no space for another file, is read-only, or is taken away."""

import errno
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from infra.run.file_store import FileStore

from intake.model.error_codes import StoreFailed
from support.file_systems import COMPLETE, ELSEWHERE, NO_LINKS, NO_UNNAMED_FILES
from support.folder_writer import body_of, put

ROOT = Path(__file__).parents[2]
FULL = "No space left on device"
ADVICE = "Correct this and run the same command again."


@pytest.fixture(scope="module", params=[COMPLETE, NO_UNNAMED_FILES, NO_LINKS, ELSEWHERE, "fsync"])
def results(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What happened on small disks, which only the program itself sees."""
    as_root = [] if os.geteuid() == 0 else ["--map-root-user"]
    program = [sys.executable, "-W", "error", "-m", "support.small_disk"]
    command = ["unshare", *as_root, "--mount", *program, str(tmp_path_factory.mktemp("disk")), request.param]
    path = os.pathsep.join(str(ROOT / name) for name in (".", "functions", "tests"))
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": path}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    if done.returncode:
        pytest.fail(f"This machine permits no mount, so nothing was tested: {command}\n{done.stderr}", pytrace=False)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("disk", ["size", "files"])
def test_store_says_that_the_disk_is_full_and_leaves_nothing_half(disk: str, results: dict[str, Any]) -> None:
    result = results[disk]
    assert 10 < result["stored"] < 120
    assert result["images"] == result["whole"] == result["stored"]
    assert (result["reason"], result["code"], result["fault"]) == (FULL, "store_failed", errno.ENOSPC)
    assert result["document"] == f"The folder cannot be used: {FULL}. {ADVICE}"
    assert result["leftovers"] == 0


@pytest.mark.parametrize("disk", ["size", "files"])
def test_store_goes_on_when_there_is_space_again(disk: str, results: dict[str, Any]) -> None:
    result = results[f"{disk}, with space"]
    assert result == {"new": True, "images": result["whole"], "whole": result["whole"], "leftovers": 0}


def test_store_cannot_be_opened_in_a_read_only_folder(results: dict[str, Any]) -> None:
    assert (results["read-only"], results["writable"]) == (errno.EROFS, None)


async def test_store_says_that_the_folder_was_removed(tmp_path: Path) -> None:
    store = FileStore(tmp_path / "out")
    await put(store, body_of(1, 100))
    shutil.rmtree(tmp_path / "out")
    for number in (1, 2):
        with pytest.raises(StoreFailed, match="No such file or directory"):
            await put(store, body_of(number, 100))
    with pytest.raises(StoreFailed, match="No such file or directory"):
        await store.put_document("receipts/a.json", b"{}")
    assert store.fault is not None
    assert not (tmp_path / "out").exists()
