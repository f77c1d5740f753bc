"""CONTRIBUTING.md names files that exist; the editor and commit settings fit the files."""

import configparser
import re
import subprocess
from fnmatch import fnmatch
from pathlib import Path

import pytest
import yaml
from infra.build.template_file import ROOT

PAGE = (ROOT / "CONTRIBUTING.md").read_text()
CODE = re.compile(r"`([^`\n]+)`")
PATH = re.compile(r"(?!\.venv/|\.local/)[\w.-]+/[\w./<>*-]*|[\w.-]+\.(?:md|toml|yaml|txt)|Makefile")
PLACEHOLDER = re.compile(r"<\w+>")


def tracked_files() -> list[Path]:
    """Return the text files of the repository."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    files = [ROOT / name for name in listed.split("\0") if name]
    return [file for file in files if file.is_file() and not file.is_symlink() and file.suffix != ".png"]


def editor_settings(file: Path) -> dict[str, str]:
    """Return what .editorconfig says about a file; later sections win."""
    parser = configparser.ConfigParser()
    parser.read_string("[preamble]\n" + (ROOT / ".editorconfig").read_text())
    sections = [name for name in parser.sections() if fnmatch(file.name, name)]
    return {key: value for name in sections for key, value in parser[name].items()}


def named_paths() -> list[str]:
    """Return the paths in the page's code, those in its commands included; what `make` installs is left out."""
    return sorted({word for code in CODE.findall(PAGE) for word in code.split() if PATH.fullmatch(word)})


@pytest.mark.parametrize("path", named_paths())
def test_contributing_names_only_paths_that_exist(path: str) -> None:
    """A placeholder such as `<format>` stands for at least one existing file."""
    assert list(ROOT.glob(PLACEHOLDER.sub("*", path.rstrip("/")))), path


def test_files_follow_the_editor_settings() -> None:
    faults = []
    for file in tracked_files():
        text, settings = file.read_text(newline=""), editor_settings(file)
        indents = {line[: len(line) - len(line.lstrip())] for line in text.split("\n") if line.strip()}
        wrong = "\t" if settings["indent_style"] == "space" else " "
        checks = {
            "line ending": "\r" in text,
            "final newline": text != "" and not text.endswith("\n"),
            "trailing whitespace": any(line != line.rstrip() for line in text.split("\n")),
            "indentation": any(indent.startswith(wrong) for indent in indents),
        }
        faults += [f"{file.relative_to(ROOT)}: {name}" for name, found in checks.items() if found]

    assert faults == []


def test_commit_hooks_are_local_and_run_tools_of_the_project() -> None:
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())
    hooks = [hook for repository in config["repos"] for hook in repository["hooks"]]

    assert [repository["repo"] for repository in config["repos"]] == ["local"]
    assert {hook["entry"].split()[0] for hook in hooks} <= {"git", "make", ".venv/bin/ruff", ".local/sam/bin/cfn-lint"}
    assert {hook["language"] for hook in hooks} == {"unsupported"}
