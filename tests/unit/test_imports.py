"""Imports point inwards: the rings of the house, and what each may know."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[2] / "functions" / "intake"
FILES = sorted(HOUSE.rglob("*.py"))

ALLOWED = {
    "domain": {"domain"},
    "bounds": {"domain"},
    "ports": {"domain", "bounds"},
    "receipts": {"domain", "ports"},
    "service": {"domain", "ports", "bounds", "receipts"},
    "batch": {"domain", "service"},
    "manifests": {"domain", "ports", "batch", "service"},
    "settings": {"domain"},
    "start": set(),
    "config": {"domain", "settings"},
    "telemetry": {"domain"},
    "adapters": {"adapters", "domain", "ports", "bounds", "start"},
    "runtime": {"adapters", "config", "domain", "manifests", "service", "telemetry"},
    "handlers": {"batch", "runtime", "service", "start", "telemetry", "domain"},
    "__init__": set(),
}
"""What a ring may import of the others."""

FOREIGN = {
    "domain": {"idna", "pydantic", "pydantic_core"},
    "bounds": set(),
    "ports": set(),
    "receipts": set(),
    "service": set(),
    "config": set(),
    "start": set(),
}
"""What the inner rings may import from outside Python itself; the outer ones are adapters to the rest."""

IMPURE = {"asyncio", "os", "time", "socket", "random", "threading", "logging", "subprocess", "urllib.request", "io"}
"""What the domain does not touch even of Python: input and output, the clock, the environment, chance."""


def ring_of(path: Path) -> str:
    return path.relative_to(HOUSE).parts[0].removesuffix(".py")


def imports_of(source: str) -> Iterator[tuple[int, str]]:
    """Every module that a source imports, wherever it does so, and the line."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, name.name) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: a relative import"
            # `from intake import app` names a module by what it imports.
            names = [f"{node.module}.{name.name}" for name in node.names] if node.module == "intake" else [node.module]
            yield from ((node.lineno, str(name)) for name in names)


def breaches(ring: str, source: str) -> list[str]:
    """Say which imports of a source its ring does not allow."""
    found = []
    for line, module in imports_of(source):
        top, _, rest = module.partition(".")
        if top == "intake":
            inner = rest.partition(".")[0]
            wrong = f"knows {inner}" if inner not in ALLOWED[ring] else ""
        elif ring == "domain" and (module in IMPURE or top in IMPURE):
            wrong = "touches the world"
        else:
            known = top in sys.stdlib_module_names or top in FOREIGN.get(ring, {top})
            wrong = "" if known else "leans on a package"
        if wrong:
            found.append(f"line {line}: import of {module}: {ring} {wrong}")
    return found


@pytest.mark.parametrize("path", FILES, ids=[str(path.relative_to(HOUSE)) for path in FILES])
def test_imports_point_inwards(path: Path) -> None:
    assert ring_of(path) in ALLOWED, f"{path} belongs to no ring"
    assert breaches(ring_of(path), path.read_text()) == []


@pytest.mark.parametrize(
    ("expected", "ring", "source"),
    [
        (
            "line 1: import of intake.ingest.ports: domain knows ports",
            "domain",
            "from intake.ingest.ports import Downloader",
        ),
        (
            "line 2: import of intake.s3.store: service knows adapters",
            "service",
            "\nimport intake.s3.store",
        ),
        ("line 1: import of intake.app: adapters knows runtime", "adapters", "from intake import app"),
        ("line 2: import of asyncio: domain touches the world", "domain", "def f():\n  import asyncio"),
        ("line 1: import of os.path: domain touches the world", "domain", "import os.path"),
        ("line 1: import of httpx: domain leans on a package", "domain", "import httpx"),
        ("line 1: import of boto3: service leans on a package", "service", "import boto3"),
    ],
)
def test_an_import_that_points_outwards_is_named(expected: str, ring: str, source: str) -> None:
    assert breaches(ring, source) == [expected]


def test_every_ring_is_there() -> None:
    assert set(ALLOWED) == {ring_of(path) for path in FILES}
