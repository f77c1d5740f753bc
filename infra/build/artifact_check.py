"""Checks a built artifact: packages, bytecode, processor, size, and whether a handler imports."""

import importlib.util
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

PACKAGES = ("aws_lambda_powertools", "boto3", "httpx", "intake", "pydantic")
COMPILED_PACKAGES = ("pydantic_core",)
"""Packages with parts in C or Rust. If there is no wheel for the processor, sam silently omits them."""

MACHINES = {"x86_64": 0x3E, "arm64": 0xB7}
"""The e_machine field of an ELF file (elf.h), by Lambda's name of the processor."""

_PIN = re.compile("^([a-z0-9-]+)==([^ ]+)", re.MULTILINE)
_LIBRARY = re.compile(r"\.so(\.[0-9.]+)?$")

UNZIPPED_LIMIT = 250 * 1024 * 1024
"""Lambda's limit of a deployment package, in bytes (AWS Lambda quotas)."""

UNCHECKED_HASH = 0b01
"""The flags of a .pyc file that Python never compares with its source (PEP 552)."""

IMPORT = """
import importlib, sys
sys.path.insert(0, sys.argv[1])
module, _, name = sys.argv[2].rpartition(".")
handler = getattr(importlib.import_module(module), name)
sys.exit(0 if callable(handler) else "it is not callable")
"""


def find_faults(code: Path, architecture: str) -> list[str]:
    """Return the faults in the files of a code directory."""
    faults = [f"{package} is missing" for package in PACKAGES if not (code / package).is_dir()]
    compiled = [name for name in COMPILED_PACKAGES if (code / name).is_dir()]
    faults += [f"{name} has no compiled part" for name in compiled if not any((code / name).rglob("*.so"))]
    sources = [file for file in code.rglob("*.py") if not _has_bytecode(file)]
    faults += [f"{file.relative_to(code)} has no bytecode" for file in sources]
    faults += _find_foreign_libraries(code, architecture)
    if count_bytes(code) > UNZIPPED_LIMIT:
        faults.append(f"{count_bytes(code)} bytes are more than Lambda's limit of {UNZIPPED_LIMIT}")
    return faults


def find_missing_pins(code: Path, requirements: Path) -> list[str]:
    """Return a fault for each package of a list with pins that a code directory does not have in that version."""
    installed = {path.name.removesuffix(".dist-info").lower() for path in code.glob("*.dist-info")}
    pins = {f"{name.replace('-', '_')}-{version}" for name, version in _PIN.findall(requirements.read_text())}
    return [f"{pin} is missing" for pin in sorted(pins - installed)]


def _find_foreign_libraries(code: Path, architecture: str) -> list[str]:
    faults = []
    for library in _find_libraries(code):
        machine = int.from_bytes(library.read_bytes()[18:20], "little")
        if machine != MACHINES[architecture]:
            faults.append(f"{library.relative_to(code)} is for another processor (ELF machine {machine:#x})")
    return faults


def _find_libraries(code: Path) -> Iterator[Path]:
    """Yield the shared libraries: `x.so`, and those with a version, `libx.so.6.2`, which wheels bring along."""
    return (path for path in code.rglob("*.so*") if _LIBRARY.search(path.name) and not path.is_symlink())


def _has_bytecode(source: Path) -> bool:
    compiled = Path(importlib.util.cache_from_source(str(source)))
    if not compiled.exists():
        return False
    head = compiled.read_bytes()[:8]
    return head[:4] == importlib.util.MAGIC_NUMBER and int.from_bytes(head[4:], "little") == UNCHECKED_HASH


def find_import_fault(code: Path, handler: str) -> str | None:
    """Import a handler with the code directory and the standard library alone; return why that fails, or None."""
    # -I and -S disable PYTHONPATH and site-packages, so a package that is missing in the artifact is missing here.
    command = [sys.executable, "-I", "-S", "-B", "-c", IMPORT, str(code.resolve()), handler]
    env = {"AWS_DEFAULT_REGION": "us-east-1", "IMAGE_BUCKET": "a-bucket"}
    completed = subprocess.run(command, env=env, cwd=code, capture_output=True, text=True, check=False)
    return f"{handler} does not import: {completed.stderr.strip()[-1500:]}" if completed.returncode else None


def count_bytes(code: Path) -> int:
    """Return the size of all files below a directory, in bytes."""
    return sum(file.stat().st_size for file in code.rglob("*") if file.is_file())
