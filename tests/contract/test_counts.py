"""What an image costs is held against what it cost before, in counts that no other program's load can move."""

import subprocess
import sys

import pytest
from infra.build.template import ROOT

from bench import counts

REFERENCE = {"functions": 1000.0, "calls": 2000.0, "modules": 700.0}


def test_an_image_costs_as_many_calls_as_it_did() -> None:
    program = ROOT / "tests" / "bench" / "counts.py"

    done = subprocess.run([sys.executable, program], capture_output=True, text=True, check=False, timeout=120)

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(("name", "found"), [("calls", 2100.0), ("functions", 1050.0), ("modules", 600.0)])
def test_a_count_that_has_moved_is_named(name: str, found: float) -> None:
    told = counts.faults(REFERENCE | {name: found}, REFERENCE)

    assert [name] == [fault.partition(":")[0] for fault in told]


def test_counts_move_a_little_between_runs() -> None:
    found = {"functions": 1030.0, "calls": 1900.0, "modules": 700.0}

    assert not counts.faults(found, REFERENCE)
