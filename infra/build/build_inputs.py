"""Whether a build is up to date: compares the digest of everything that a build reads with that of the last one."""

import hashlib
import json
import platform
from pathlib import Path

from infra.build.template_file import ROOT

INPUTS = ("functions", "infra", "template.yaml", "requirements.txt", "requirements-decode.txt", "pyproject.toml")
"""Files and directories that determine an artifact: code, definitions, pinned packages, and the program that builds."""

_RECORD = "build.json"


def digest_inputs(options: str, root: Path = ROOT) -> str:
    """Return the SHA-256 of the options of the build, the Python version, and the names and bytes of all inputs.

    Args:
        options: the processor, and how images are verified.
        root: the directory of the inputs.
    """
    digest = hashlib.sha256(f"{options} {platform.python_version()}".encode())
    for path in _list_files(root):
        content = path.read_bytes()
        digest.update(f"\n{path.relative_to(root)} {len(content)}\n".encode() + content)
    return digest.hexdigest()


def _list_files(root: Path) -> list[Path]:
    found = [path for name in INPUTS for path in [root / name, *(root / name).rglob("*")]]
    return sorted(path for path in found if path.is_file() and "__pycache__" not in path.parts)


def read_report(into: Path, digest: str) -> list[str] | None:
    """Return the report of the build in a directory, or None if it was built from other inputs or is not complete."""
    try:
        record = json.loads((into / _RECORD).read_bytes())
    except (OSError, ValueError):
        return None
    return record["report"] if record["inputs"] == digest else None


def write_report(into: Path, digest: str, report: list[str]) -> None:
    """Record a complete build. sam deletes the directory, and so the record, when it begins the next one."""
    (into / _RECORD).write_text(json.dumps({"inputs": digest, "report": report}, indent=2))
