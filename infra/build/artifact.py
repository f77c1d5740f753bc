"""`python -m infra.build.artifact arm64`: build the artifact that is deployed, and check it.

`sam build` alone is not enough. It ships no bytecode, and Lambda's /var/task is read-only, so every cold start would
compile every module again. It also exits 0 when it finds no requirements. This module compiles the artifact with the
Python version of the runtime, and `artifact_check` looks for missing packages, missing bytecode and code for another
processor.
"""

import argparse
import compileall
import os
import platform
import py_compile
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.build import artifact_check, botocore_data, build_inputs, decoders
from infra.build.artifact_check import MACHINES, count_bytes
from infra.build.sam_environment import offline_environment
from infra.build.template_file import ROOT, list_functions, load
from infra.command.child_process import run
from infra.command.errors import CommandError
from infra.command.file_lock import exclusive_lock

TASK_ROOT = "/var/task"
"""The directory of the code on Lambda. Tracebacks name files below it."""


def local_architecture() -> str:
    """Return Lambda's name of this machine's processor."""
    return "arm64" if platform.machine().lower() in {"aarch64", "arm64"} else "x86_64"


def is_runnable(architecture: str) -> bool:
    """Whether code built for a processor can be imported on this machine."""
    return architecture == local_architecture() and sys.platform == "linux"


def local_build_directory(*, with_decoders: bool = False) -> Path:
    """Return the directory of the artifact for this machine; the artifact for AWS has another."""
    return ROOT / ".local" / f"build-{local_architecture()}{'-decode' if with_decoders else ''}" / "build"


@contextmanager
def build_lock() -> Iterator[None]:
    """Keep other commands of this clone from building until the block ends; wait for a command that builds.

    One lock for all build directories: sam keeps the dependencies of every build in .aws-sam/deps. Hold the lock until
    the result has been read: each build first deletes the previous one.
    """
    with exclusive_lock(ROOT / ".local" / "build.lock", "  Another command is building here: waiting for it ..."):
        yield


def build(architecture: str, into: Path, sam: Path, *, with_decoders: bool = False) -> list[str]:
    """Build the artifact, compile it and check it, unless it was built from the same inputs before.

    Args:
        architecture: Lambda's name of the processor.
        into: the directory of the artifact.
        sam: the program.
        with_decoders: whether it has the decoders of VERIFY=decode.

    Returns:
        One line for each function: its size, its processor and its handler.

    Raises:
        CommandError: sam failed, or the artifact has a fault.
    """
    if sys.version_info[:2] != (3, 13):
        raise CommandError(
            f"The Lambda runtime is Python 3.13. Bytecode of {platform.python_version()} does not run there."
        )
    inputs = build_inputs.digest_inputs(f"{architecture}{' with decoders' if with_decoders else ''}")
    if (report := build_inputs.read_report(into, inputs)) is not None:
        return report
    _run_sam_build(architecture, into, sam)
    built = list_functions(load(into / "template.yaml"))
    directories = [into / properties["CodeUri"] for properties in built.values()]
    if with_decoders:
        decoders.install(directories[0], architecture, into.parent / "decoders.log")
    finish_code(directories)
    report = [
        _check(name, properties, into, architecture, with_decoders=with_decoders) for name, properties in built.items()
    ]
    build_inputs.write_report(into, inputs, report)
    return report


def _check(name: str, properties: dict[str, str], into: Path, architecture: str, *, with_decoders: bool) -> str:
    code, programs = into / properties["CodeUri"], [properties["Handler"]]
    faults = artifact_check.find_faults(code, architecture)
    if with_decoders:
        faults += artifact_check.find_missing_pins(code, decoders.REQUIREMENTS)
        programs.append(decoders.PROGRAM)
    if not faults and is_runnable(architecture):
        faults = [fault for each in programs if (fault := artifact_check.find_import_fault(code, each))]
    if faults:
        raise CommandError("\n  ".join([f"The artifact of {name} has faults:", *faults]))
    return f"{name}: {count_bytes(code) / 1e6:.0f} MB for {architecture}, {programs[0]}"


def _run_sam_build(architecture: str, into: Path, sam: Path) -> None:
    into.parent.mkdir(parents=True, exist_ok=True)
    log = into.parent / "sam-build.log"
    log.unlink(missing_ok=True)
    # sam uses the first Python on PATH and its pip, which must be the Python that runs this module.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    env = {**os.environ, "PATH": path, "AWS_DEFAULT_REGION": "us-east-1", **offline_environment(into.parent / "sam")}
    env |= require_hashes(ROOT / "requirements.txt")
    command: list[str | Path] = [sam, "build", "--cached", "--build-dir", into, "--cache-dir", into.parent / "cache"]
    command += ["--parameter-overrides", f"Architecture={architecture}"]
    run(command, env=env, cwd=ROOT, log=log, action="sam build")


def require_hashes(requirements: Path) -> dict[str, str]:
    """Return variables that make pip check the hash of every file that it installs.

    sam downloads wheels for another processor by name and version alone. A constraint file adds the hashes.
    """
    return {"PIP_CONSTRAINT": requirements.resolve().as_uri()}


def finish_code(directories: list[Path]) -> None:
    """Trim and compile the code of the first function, and copy it to the others: sam builds the same code for each."""
    first, *others = directories
    botocore_data.trim(first)
    remove_pages(first / "intake")
    compile_tree(first)
    for other in others:
        shutil.rmtree(other)
        shutil.copytree(first, other, copy_function=os.link)


def remove_pages(package: Path) -> None:
    """Remove the README files of packages: nothing on Lambda reads them."""
    for page in package.rglob("*.md"):
        page.unlink()


def compile_tree(code: Path) -> None:
    """Compile every module to bytecode that is valid regardless of the timestamps of the unpacked files."""
    for stale in code.rglob("__pycache__"):
        shutil.rmtree(stale)  # copied from the source tree: it would be compared with timestamps that the zip changes
    compileall.compile_dir(
        code,
        quiet=2,  # find_faults names each module without bytecode
        force=True,
        workers=0,
        stripdir=str(code),
        prependdir=TASK_ROOT,
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )


def main() -> int:
    """Run `make build`; return 0 if the artifact is built and has no fault."""
    parser = argparse.ArgumentParser(prog="make build", description="Build the artifact that is deployed.")
    parser.add_argument("architecture")
    parser.add_argument("--verify", default="", help="decode adds the decoders; structure, or nothing, does not")
    parser.add_argument("--into", type=Path, default=ROOT / ".aws-sam" / "build")
    parser.add_argument("--sam", type=Path, default=ROOT / ".local" / "sam" / "bin" / "sam")
    options = parser.parse_args()
    if options.architecture not in MACHINES:
        print(f"make build: ARCH={options.architecture}: expected arm64 or x86_64.", file=sys.stderr)
        return 1
    if options.verify not in {"", "structure", "decode"}:
        print(f"make build: VERIFY={options.verify}: expected structure or decode.", file=sys.stderr)
        return 1
    with_decoders = options.verify == "decode"
    started = time.monotonic()
    print(f"Building for {options.architecture}{', with decoders' if with_decoders else ''} ...", flush=True)
    try:
        with build_lock():
            report = build(options.architecture, options.into, options.sam, with_decoders=with_decoders)
    except CommandError as error:
        print(f"make build: {error}", file=sys.stderr)
        return 1
    print("\n".join(f"  {line}" for line in report))
    print(f"  {_describe_check(options.architecture)}")
    print(f"Built {options.into} in {time.monotonic() - started:.0f} s.")
    return 0


def _describe_check(architecture: str) -> str:
    if is_runnable(architecture):
        return "Checked: every module has bytecode, and every handler imports."
    return f"Checked: every module has bytecode. No handler was imported: that needs Linux on {architecture}."


if __name__ == "__main__":
    sys.exit(main())
