"""An artifact is built again if one of its inputs has changed, or if the last build did not end."""

from pathlib import Path

import pytest
from infra.build.build_inputs import digest_inputs, read_report, write_report


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "functions" / "intake" / "__pycache__").mkdir(parents=True)
    (tmp_path / "functions" / "intake" / "app.py").write_text("")
    (tmp_path / "infra").mkdir()
    for name in ("template.yaml", "requirements.txt", "pyproject.toml"):
        (tmp_path / name).write_text("one")
    return tmp_path


@pytest.mark.parametrize(
    "changed",
    ["functions/intake/app.py", "functions/new.py", "infra/openapi.yaml", "template.yaml", "requirements.txt"],
)
def test_digest_changes_when_an_input_changes(root: Path, changed: str) -> None:
    before = digest_inputs("arm64", root)
    (root / changed).write_text("two")
    assert digest_inputs("arm64", root) != before


@pytest.mark.parametrize("changed", ["README.md", "functions/intake/__pycache__/app.cpython-313.pyc"])
def test_digest_stays_when_another_file_changes(root: Path, changed: str) -> None:
    before = digest_inputs("arm64", root)
    (root / changed).write_text("two")
    assert digest_inputs("arm64", root) == before


def test_digest_differs_for_another_processor(root: Path) -> None:
    assert digest_inputs("arm64", root) != digest_inputs("x86_64", root)


def test_report_is_read_for_the_same_inputs_alone(tmp_path: Path) -> None:
    assert read_report(tmp_path, "a") is None
    write_report(tmp_path, "a", ["HttpFunction: 20 MB"])
    assert read_report(tmp_path, "a") == ["HttpFunction: 20 MB"]
    assert read_report(tmp_path, "b") is None


def test_report_of_a_damaged_record_is_not_read(tmp_path: Path) -> None:
    write_report(tmp_path, "a", [])
    [record] = tmp_path.iterdir()
    record.write_text(record.read_text()[:10])
    assert read_report(tmp_path, "a") is None
