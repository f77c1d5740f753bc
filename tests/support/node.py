"""Runs the JavaScript files of docs/calling.md with the Node.js and the packages that `make javascript` installs."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
from infra.build.template_file import ROOT

from support.calling_page import write_files

_NODE = ROOT / ".local" / "nodejs" / "bin" / "node"
_PACKAGES = ROOT / ".local" / "node" / "node_modules"


def write_javascript(folder: Path) -> Path:
    """Write the JavaScript files of the page into a folder in which Node.js finds the packages; return the folder."""
    if not _PACKAGES.exists():
        pytest.fail("Node.js and its packages are not installed: run `make javascript`.")
    (folder / "node_modules").symlink_to(_PACKAGES)
    return write_files(folder, "js")


def run_node(folder: Path, environment: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a program in a folder to its end."""
    return subprocess.run(
        [_NODE, *arguments], cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
