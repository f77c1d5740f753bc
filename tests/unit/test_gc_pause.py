"""What a handler imports at a cold start, and that garbage collection is paused meanwhile."""

import subprocess
import sys

import pytest
from infra.build.template import ROOT

IMPORTED_LATER = ("boto3", "botocore.session", "s3transfer")
"""A third of the whole import time; a thread imports them while the first image is downloaded."""


def import_handler(handler: str, expression: str) -> str:
    """Import a handler in a new process, and return the value of an expression there."""
    code = f"import gc, sys; import intake.handlers.{handler}; print({expression})"
    env = {"PYTHONPATH": str(ROOT / "functions")}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.mark.parametrize("handler", ["http", "s3", "bulk", "summary"])
def test_handler_does_not_import_boto3_at_start(handler: str) -> None:
    assert import_handler(handler, f"[name for name in {IMPORTED_LATER!r} if name in sys.modules]") == "[]"


def test_collector_ignores_imported_objects_and_runs_again_after_start() -> None:
    assert import_handler("http", "gc.isenabled(), gc.get_freeze_count() > 10_000") == "True True"
