"""The code of functions: extracted once for all processes that run it."""

import io
import zipfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from infra.local.ministack_patches.function_code import SharedZipFile

FILES = {"intake/app.py": "1"} | {f"package/{number}.py": "2" for number in range(300)}
"""Enough files that processes start while the first one extracts."""


def start(home: Path, files: Mapping[str, str]) -> Path:
    """Extract a zip as MiniStack does for a process of a function; return the folder of its code."""
    content, code = io.BytesIO(), home / "code"
    with zipfile.ZipFile(content, "w") as written:
        for name, text in files.items():
            written.writestr(zipfile.ZipInfo(name), text)
    code.mkdir(parents=True)
    (home / "code.zip").write_bytes(content.getvalue())
    with SharedZipFile(str(home / "code.zip")) as read:
        read.extractall(str(code))
    return code


def test_processes_with_the_same_code_share_one_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    homes = [tmp_path / f"process-{number}" for number in range(8)]
    with ThreadPoolExecutor(len(homes)) as threads:
        codes = list(threads.map(lambda home: start(home, FILES), homes))

    assert len({code.resolve() for code in codes}) == 1
    assert (codes[0] / "intake" / "app.py").read_text() == "1"
    assert len(list(tmp_path.glob("code-*"))) == 1


def test_changed_code_has_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    old, new = (start(tmp_path / text, {"app.py": text}) for text in ("old", "new"))

    assert [(code / "app.py").read_text() for code in (old, new)] == ["old", "new"]
