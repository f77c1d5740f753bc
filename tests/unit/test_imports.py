"""The architecture of functions/intake: which package may import which.

`handlers` call `ingest`, `ingest` knows the outside world by its ports, `download` and `s3` implement them, and `app`
connects everything. `model` and `image` are pure values and rules. `known` is a memory of images and the
rules of HTTP for it. `http_client` knows nothing of intake.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "functions" / "intake"
FILES = sorted(PACKAGE.rglob("*.py"))

ALLOWED = {
    "http_client": set(),
    "model": set(),
    "image": {"model"},
    "known": {"model", "image.formats"},
    "decode": {"model", "image"},
    "ingest": {"model", "image", "known", "decode.verdict"},
    "download": {"model", "image", "known", "ingest.ports", "ingest.download_port", "ingest.deadline", "http_client"},
    "s3": {"model", "image.formats", "ingest.ports", "http_client", "gc_pause"},
    "sources": {
        "model",
        "ingest.ports",
        "http_client",
        "gc_pause",
        "s3.background_signer",
        "s3.client",
        "s3.signer",
    },
    "telemetry": {"model", "ingest.ports", "metrics"},
    "metrics": set(),
    "settings": {"model", "image.formats", "decode.requirements"},
    "app": {
        "settings",
        "telemetry",
        "ingest",
        "decode",
        "download",
        "s3",
        "sources",
        "http_client",
        "gc_pause",
        "model",
    },
    "handlers": {"app", "ingest", "model", "telemetry"},
    "gc_pause": set(),
    "__init__": set(),
}
"""What each package, or module at the root, may import of intake: a whole package, or one module of it."""

FOREIGN = {
    "http_client": {"httpx"},
    "model": {"idna", "pydantic", "pydantic_core"},
    "image": set(),
    "known": set(),
    "ingest": set(),
    "settings": set(),
    "gc_pause": set(),
    "metrics": {"aws_lambda_powertools"},
}
"""The only packages from PyPI that these may import. The others adapt the service to them."""

IMPURE = {"asyncio", "os", "time", "socket", "random", "threading", "logging", "subprocess", "urllib.request", "io"}
"""Input and output, clock, environment and chance: modules that `model` and `image` may not import."""

PURE = {"model": IMPURE, "image": IMPURE, "known": IMPURE - {"time"}}
"""What each package without input and output may not import. `known` has a memory, whose entries become old."""


def package_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports_of(source: str) -> Iterator[tuple[int, str]]:
    """Yield every module that the source imports, at any depth, with its line."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, name.name) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: a relative import"
            # `from intake import app` and `from intake.image import jpeg` may import a module.
            is_ours = str(node.module).partition(".")[0] == "intake"
            names = [f"{node.module}.{name.name}" for name in node.names] if is_ours else [node.module]
            yield from ((node.lineno, str(name)) for name in names)


def forbidden_imports(package: str, source: str) -> list[str]:
    found = []
    for line, module in imports_of(source):
        top, _, inner = module.partition(".")
        if top == "intake":
            may = ALLOWED[package] | {package}
            forbidden = not any(f"{inner}.".startswith(f"{allowed}.") for allowed in may)
        elif not PURE.get(package, set()).isdisjoint({module, top}):
            forbidden = True
        else:
            forbidden = top not in sys.stdlib_module_names and top not in FOREIGN.get(package, {top})
        if forbidden:
            found.append(f"line {line}: {package} imports {module}")
    return found


@pytest.mark.parametrize("path", FILES, ids=[str(path.relative_to(PACKAGE)) for path in FILES])
def test_module_imports_only_what_its_package_may(path: Path) -> None:
    assert forbidden_imports(package_of(path), path.read_text()) == []


@pytest.mark.parametrize(
    ("expected", "package", "source"),
    [
        ("line 1: model imports intake.ingest.ports.Store", "model", "from intake.ingest.ports import Store"),
        ("line 2: ingest imports intake.s3.store", "ingest", "\nimport intake.s3.store"),
        ("line 1: download imports intake.app", "download", "from intake import app"),
        (
            "line 1: download imports intake.ingest.concurrent_files.x",
            "download",
            "from intake.ingest.concurrent_files import x",
        ),
        ("line 1: http_client imports intake.model.url.Url", "http_client", "from intake.model.url import Url"),
        ("line 2: model imports asyncio", "model", "def f():\n  import asyncio"),
        ("line 1: image imports os.path", "image", "import os.path"),
        ("line 1: model imports httpx", "model", "import httpx"),
        ("line 1: known imports asyncio", "known", "import asyncio, time"),
        ("line 1: known imports intake.image.verify.verify", "known", "from intake.image.verify import verify"),
        ("line 1: ingest imports boto3", "ingest", "import boto3"),
    ],
)
def test_forbidden_import_is_named(expected: str, package: str, source: str) -> None:
    assert forbidden_imports(package, source) == [expected]


def test_every_package_has_a_rule() -> None:
    assert set(ALLOWED) == {package_of(path) for path in FILES}
