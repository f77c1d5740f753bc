"""The artefact that is deployed: built by sam, byte-compiled, and checked before anybody relies on it.

`sam build` ships no bytecode, and /var/task is read-only: every cold start would compile every module anew.
It also ends well when it has found no requirements at all. So the artefact is compiled here, by the Python
of the runtime, and looked at: packages, bytecode, processor, and whether every handler imports with nothing
else around.
"""

import argparse
import compileall
import importlib.util
import os
import platform
import py_compile
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra import services
from infra.local.alone import alone
from infra.local.process import LocalError, run
from infra.local.sam import quiet
from infra.template import ROOT, functions, load

TASK_ROOT = "/var/task"
"""Where Lambda puts the code: what tracebacks should name."""

PACKAGES = ("aiohappyeyeballs", "aws_lambda_powertools", "boto3", "httpx", "intake", "pydantic")
COMPILED = ("pydantic_core",)
"""Packages with parts in C or Rust. Where sam finds no wheel it builds without them, says nothing, and all is slow."""

MACHINES = {"x86_64": 0x3E, "arm64": 0xB7}
"""The e_machine field of an ELF file (elf.h), by Lambda's name of the processor."""

UNZIPPED_LIMIT = 250 * 1024 * 1024
UNCHECKED_HASH = 0b01
"""The flags of a .pyc that is never compared with its source (PEP 552)."""

IMPORT = """
import importlib, sys
sys.path.insert(0, sys.argv[1])
module, _, name = sys.argv[2].rpartition(".")
found = getattr(importlib.import_module(module), name)
sys.exit(0 if callable(found) else "it is not callable")
"""


def machine() -> str:
    """Lambda's name of this machine's processor."""
    return "arm64" if platform.machine().lower() in {"aarch64", "arm64"} else "x86_64"


def local_build() -> Path:
    """Where the artefact for this machine is built, apart from the one that gets deployed to AWS."""
    return ROOT / ".local" / f"build-{machine()}" / "build"


@contextmanager
def reserved(into: Path) -> Iterator[None]:
    """Keep every other command from building there until the block is left, and wait for one that does.

    Until what was built has been read: a build begins with taking away the one before.
    """
    with alone(into.parent / "lock", "  Another command is building here: waiting for it ..."):
        yield


def build(architecture: str, into: Path, sam: Path) -> list[str]:
    """Build, compile and check; what can be said about the result, in lines.

    Raises:
        LocalError: sam failed, or the artefact is not what it must be.
    """
    if sys.version_info[:2] != (3, 13):
        raise LocalError(f"The runtime is Python 3.13; bytecode of {platform.python_version()} is no use.")
    _sam_build(architecture, into, sam)
    built = functions(load(into / "template.yaml"))
    make_alike([into / properties["CodeUri"] for properties in built.values()])
    report = []
    for name, properties in built.items():
        code = into / properties["CodeUri"]
        faults = faults_of(code, architecture)
        if not faults and architecture == machine() and sys.platform == "linux":
            faults = [fault for fault in [import_fault(code, properties["Handler"])] if fault]
        if faults:
            raise LocalError("\n  ".join([f"The artefact of {name} is not sound:", *faults]))
        report.append(f"{name}: {_size(code) / 1e6:.0f} MB for {architecture}, {properties['Handler']}")
    return report


def _sam_build(architecture: str, into: Path, sam: Path) -> None:
    into.parent.mkdir(parents=True, exist_ok=True)
    log = into.parent / "sam-build.log"
    log.unlink(missing_ok=True)
    # sam looks for the runtime's Python, and its pip, on PATH: the one that runs this.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    env = {**os.environ, "PATH": path, "AWS_DEFAULT_REGION": "us-east-1", **quiet(into.parent / "sam")}
    env |= hashed(ROOT / "requirements.txt")
    command: list[str | Path] = [
        sam,
        "build",
        "--cached",
        "--build-dir",
        into,
        "--cache-dir",
        into.parent / "cache",
    ]
    command += ["--parameter-overrides", f"Architecture={architecture}"]
    run(command, env=env, cwd=ROOT, log=log, doing="sam build")


def hashed(requirements: Path) -> dict[str, str]:
    """Variables that have pip hold every file against the hashes of a list.

    sam has wheels for another processor fetched by name and version alone; a constraint brings the hashes to them too.
    """
    return {"PIP_CONSTRAINT": requirements.resolve().as_uri()}


def make_alike(codes: list[Path]) -> None:
    """Finish one of the functions' directories and put it in the place of the others: sam makes the same of each."""
    first, *others = codes
    services.cut(first)
    remove_pages(first / "intake")
    compile_tree(first)
    for other in others:
        shutil.rmtree(other)
        shutil.copytree(first, other, copy_function=os.link)


def remove_pages(package: Path) -> None:
    """Remove the pages for people: nothing on Lambda reads them."""
    for page in package.rglob("*.md"):
        page.unlink()


def compile_tree(code: Path) -> None:
    """Give every module bytecode that is valid wherever and whenever the file is unpacked."""
    for stale in code.rglob("__pycache__"):
        shutil.rmtree(stale)  # of the source tree: stamped with times that do not survive the zip
    compileall.compile_dir(
        code,
        quiet=2,  # faults_of names what has no bytecode in the end
        force=True,
        workers=0,
        stripdir=str(code),
        prependdir=TASK_ROOT,
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )


def faults_of(code: Path, architecture: str) -> list[str]:
    """What is wrong with an artefact, as far as its files show it."""
    faults = [f"{package} is missing" for package in PACKAGES if not (code / package).is_dir()]
    compiled = [name for name in COMPILED if (code / name).is_dir()]
    faults += [f"{name} has no compiled part" for name in compiled if not any((code / name).rglob("*.so"))]
    bare = [file for file in code.rglob("*.py") if not _has_bytecode(file)]
    faults += [f"{file.relative_to(code)} has no bytecode" for file in bare]
    for library in code.rglob("*.so"):
        found = int.from_bytes(library.read_bytes()[18:20], "little")
        if found != MACHINES[architecture]:
            faults.append(f"{library.relative_to(code)} is for another processor (ELF machine {found:#x})")
    if _size(code) > UNZIPPED_LIMIT:
        faults.append(f"{_size(code)} bytes are more than Lambda takes")
    return faults


def _has_bytecode(source: Path) -> bool:
    compiled = Path(importlib.util.cache_from_source(str(source)))
    if not compiled.exists():
        return False
    head = compiled.read_bytes()[:8]
    return head[:4] == importlib.util.MAGIC_NUMBER and int.from_bytes(head[4:], "little") == UNCHECKED_HASH


def import_fault(code: Path, handler: str) -> str | None:
    """Import a handler with the artefact and the standard library alone; the reason if that fails."""
    # -I and -S: no PYTHONPATH, no site-packages, so that what is missing in the artefact is missing here too.
    command = [sys.executable, "-I", "-S", "-B", "-c", IMPORT, str(code.resolve()), handler]
    env = {"AWS_DEFAULT_REGION": "us-east-1", "IMAGE_BUCKET": "a-bucket"}
    done = subprocess.run(command, env=env, cwd=code, capture_output=True, text=True, check=False)
    return f"{handler} does not import: {done.stderr.strip()[-1500:]}" if done.returncode else None


def _size(code: Path) -> int:
    return sum(file.stat().st_size for file in code.rglob("*") if file.is_file())


def main() -> int:
    """`python -m infra.artefact arm64 --into .aws-sam/build --sam .local/sam/bin/sam`."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("architecture")
    parser.add_argument("--into", type=Path, default=ROOT / ".aws-sam" / "build")
    parser.add_argument("--sam", type=Path, default=ROOT / ".local" / "sam" / "bin" / "sam")
    asked = parser.parse_args()
    if asked.architecture not in MACHINES:
        print(f"make build: ARCH={asked.architecture} has to be arm64 or x86_64.", file=sys.stderr)
        return 1
    started = time.monotonic()
    print(f"Building for {asked.architecture} ...", flush=True)
    try:
        with reserved(asked.into):
            report = build(asked.architecture, asked.into, asked.sam)
    except LocalError as error:
        print(f"make build: {error}", file=sys.stderr)
        return 1
    print("\n".join(f"  {line}" for line in report))
    here = asked.architecture == machine() and sys.platform == "linux"
    imported = "every handler imports on its own" if here else "not imported: built for another machine"
    print(f"  bytecode of Python 3.13 with every module; {imported}")
    print(f"Built {asked.into} in {time.monotonic() - started:.0f} s.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
