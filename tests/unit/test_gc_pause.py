"""What a door imports when it starts, and what it leaves for later."""

import subprocess
import sys

import pytest
from infra.build.template import ROOT

LATE = ("boto3", "botocore.session", "s3transfer")
"""A third of all that there is to import; the first image is fetched meanwhile."""


def starts(door: str, then: str) -> str:
    code = f"import gc, sys; import intake.handlers.{door}; print({then})"
    env = {"PYTHONPATH": str(ROOT / "functions")}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.mark.parametrize("door", ["http", "s3", "bulk", "summary"])
def test_a_door_opens_without_boto3(door: str) -> None:
    assert starts(door, f"[name for name in {LATE!r} if name in sys.modules]") == "[]"


def test_the_collector_of_garbage_leaves_alone_what_was_imported_and_is_on_again() -> None:
    assert starts("http", "gc.isenabled(), gc.get_freeze_count() > 10_000") == "True True"
