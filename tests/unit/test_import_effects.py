"""Importing a module changes nothing: only app.py, which the handlers import, has side effects at import."""

import subprocess
import sys
from pathlib import Path

import pytest

FUNCTIONS = Path(__file__).parents[2] / "functions"
MODULES = sorted(
    ".".join(path.relative_to(FUNCTIONS).with_suffix("").parts).removesuffix(".__init__")
    for path in (FUNCTIONS / "intake").rglob("*.py")
)
WITH_EFFECTS = ("intake.app", "intake.handlers")

OBSERVE = """
import asyncio, gc, logging, os, sys, threading
{preload}

def state():
    return {{
        "garbage collector": (gc.isenabled(), gc.get_freeze_count()),
        "environment": dict(os.environ),
        "logging": (logging._srcfile, logging.logThreads, logging.logProcesses, logging.logMultiprocessing),
        "threads": threading.active_count(),
        "descriptors": sorted(os.listdir("/proc/self/fd")),
        "event loop policy": asyncio.events._event_loop_policy,
    }}

before = state()
for module in {modules!r}:
    __import__(module)
after = state()
print([name for name in before if before[name] != after[name]])
"""


def changes_of(modules: list[str], preload: str = "") -> str:
    """Import modules in a new process, and return the names of what that changed."""
    code = OBSERVE.format(modules=modules, preload=preload)
    env = {"PYTHONPATH": str(FUNCTIONS), "HOME": "/nonexistent"}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_importing_modules_changes_no_global_state() -> None:
    modules = [module for module in MODULES if not module.startswith(WITH_EFFECTS)]
    assert len(modules) > 60

    assert changes_of(modules, preload="import aws_lambda_powertools, boto3, httpx, pydantic") == "[]"


@pytest.mark.parametrize("expected", ["garbage collector", "logging"])
def test_effects_of_app_are_noticed(expected: str) -> None:
    assert expected in changes_of(["intake.app"])
