"""The calls per image and the imported modules stay near counts.json, whatever else the machine does."""

import subprocess
import sys

import pytest
from infra.build.template import ROOT

from bench import counts

REFERENCE = {"functions": 1000.0, "calls": 2000.0, "modules": 700.0}


def test_image_costs_no_more_calls_than_before() -> None:
    program = ROOT / "tests" / "bench" / "counts.py"

    done = subprocess.run([sys.executable, program], capture_output=True, text=True, check=False, timeout=120)

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("expected", "found"),
    [(["calls"], {"calls": 2100.0}), (["modules"], {"modules": 600.0}), ([], {"functions": 1030.0, "calls": 1900.0})],
)
def test_counts_name_each_figure_that_differs_by_more_than_noise(expected: list[str], found: dict[str, float]) -> None:
    messages = counts.faults(REFERENCE | found, REFERENCE)

    assert [message.partition(":")[0] for message in messages] == expected
