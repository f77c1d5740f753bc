"""Adds the decoders of VERIFY=decode to an artifact: the packages of requirements-decode.txt.

`python -m infra.build.decoders` prints the packages that the decoders import, for `make pins`.
"""

import os
import shutil
import sys
import tomllib
from pathlib import Path

from infra.build.template_file import ROOT
from infra.command.child_process import run

REQUIREMENTS = ROOT / "requirements-decode.txt"

PROGRAM = "intake.decode.child.main"
"""The program that imports the decoders."""

_MACHINES = {"x86_64": "x86_64", "arm64": "aarch64"}
_GLIBC = ("2_34", "2_28", "2_27", "2_26", "2_17")
"""The versions of manylinux (PEP 600) that Amazon Linux 2023 runs, which has glibc 2.34: the newest first."""


def install(code: Path, architecture: str, log: Path) -> None:
    """Install the packages into a code directory, as wheels for a processor. pip checks the hash of each file.

    Args:
        code: the directory.
        architecture: Lambda's name of the processor.
        log: gets the output of pip.

    Raises:
        CommandError: pip failed.
    """
    platforms = [f"manylinux_{version}_{_MACHINES[architecture]}" for version in _GLIBC]
    command: list[str | Path] = [sys.executable, "-m", "pip", "install", "--requirement", REQUIREMENTS]
    command += ["--require-hashes", "--no-deps", "--only-binary", ":all:", "--no-compile"]
    command += ["--target", code, "--upgrade", "--implementation", "cp", "--python-version", "3.13"]
    command += [f"--platform={platform}" for platform in platforms]
    run(command, env=dict(os.environ), cwd=ROOT, log=log, action="pip install (decoders)")
    for tests in list((code / "numpy").rglob("tests")):  # a third of numpy
        shutil.rmtree(tests)


def main() -> None:
    """Print the group `decode` of pyproject.toml, a package a line."""
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    print(*groups["decode"], sep="\n")


if __name__ == "__main__":
    main()
