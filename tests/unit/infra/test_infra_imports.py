"""Which package of infra may import which: the drawing of its architecture."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

INFRA = Path(__file__).parents[3] / "infra"
FILES = sorted(INFRA.rglob("*.py"))

ALLOWED = {
    "command": set(),  # child processes, signals, terminal: knows no other package
    "build": {"command"},
    "pictures": {"command"},
    "openapi": {"build", "intake"},
    "deploy": {"build", "command"},
    "publish": {"build"},
    "bulk": {"command", "intake"},  # runs against AWS: nothing of the local AWS
    "look": {"bulk", "command", "intake"},  # reads what is stored: nothing of the local AWS
    "run": {"bulk", "command", "look", "intake"},  # needs no AWS, local or real
    "smoke": {"bulk", "command", "local.api_client", "look", "pictures", "intake"},  # of the local AWS, only the client
    "local": {"build", "command", "look", "pictures", "local.ministack_patches"},  # never the demo
    "local.ministack_patches": {"bulk.input_limit"},  # runs inside MiniStack's environment
    "demo": {"build", "command", "local", "look", "pictures", "run", "intake"},  # `run`: the same settings by name
}
"""What each package may import of the others, and of the service (`intake`)."""

STANDARD_LIBRARY_ONLY = {"command", "local.ministack_patches", "bulk.input_limit"}
"""These run where nothing is installed but Python: MiniStack's environment, or before one is made."""


def package_of(module: str) -> str:
    """The package that a module of infra belongs to: its first name, or the patches."""
    parts = module.split(".")
    return "local.ministack_patches" if parts[:2] == ["local", "ministack_patches"] else parts[0]


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(INFRA).with_suffix("").parts).removesuffix(".__init__")


def imports_of(source: str) -> Iterator[str]:
    """Every module that a source imports. `from infra.build import artifact` imports `infra.build.artifact`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: a relative import"
            module = str(node.module)
            yield from (f"{module}.{name.name}" for name in node.names) if module.startswith("infra") else (module,)


def find_breaches(module: str, source: str) -> list[str]:
    """The imports of a module that break a rule."""
    own, found = package_of(module), []
    for imported in imports_of(source):
        top, _, rest = imported.partition(".")
        if top == "infra":
            allowed = ALLOWED[own] | {own}
            if package_of(rest) not in allowed and not any(
                rest.startswith(f"{name}.") for name in allowed if "." in name
            ):
                found.append(f"{own} imports {imported}")
        elif top == "intake" and "intake" not in ALLOWED[own]:
            found.append(f"{own} imports {imported}")
        elif {own, module} & STANDARD_LIBRARY_ONLY and top not in sys.stdlib_module_names:
            found.append(f"{module} imports the package {top}")
    return found


@pytest.mark.parametrize("path", FILES, ids=[str(path.relative_to(INFRA)) for path in FILES])
def test_module_imports_only_what_its_package_may(path: Path) -> None:
    if path == INFRA / "__init__.py":
        assert list(imports_of(path.read_text())) == []
    else:
        assert find_breaches(module_of(path), path.read_text()) == []


@pytest.mark.parametrize(
    ("expected", "module", "source"),
    [
        (
            "local imports infra.demo.stored_object_check.Mismatch",
            "local.start",
            "from infra.demo.stored_object_check import Mismatch",
        ),
        (
            "bulk imports infra.local.deploy_template.deploy",
            "bulk.check",
            "from infra.local.deploy_template import deploy",
        ),
        (
            "local.ministack_patches imports infra.bulk.stack.Stack",
            "local.ministack_patches.roles",
            "from infra.bulk.stack import Stack",
        ),
        (
            "demo imports infra.local.ministack_patches.roles",
            "demo.verify",
            "import infra.local.ministack_patches.roles",
        ),
        ("build imports intake.model.file", "build.artifact", "def f():\n  from intake.model.file import File"),
        ("command.ports imports the package httpx", "command.ports", "import httpx"),
        ("bulk.input_limit imports the package boto3", "bulk.input_limit", "import boto3"),
    ],
)
def test_rules_name_import_that_breaks_them(expected: str, module: str, source: str) -> None:
    assert find_breaches(module, source) == [expected]


def test_every_package_of_infra_has_a_rule() -> None:
    assert {package_of(module_of(path)) for path in FILES if path != INFRA / "__init__.py"} == set(ALLOWED)
