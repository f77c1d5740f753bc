"""A function that has lived for a while holds no more than a young one; bench/load.py is the long version."""

import subprocess
import sys
from pathlib import Path

import pytest

LOAD = Path(__file__).parents[1] / "bench" / "load.py"


def test_sixty_files_one_image_in_ten_failing_leave_no_socket_no_task_and_no_thread_behind() -> None:
    done = subprocess.run(
        [sys.executable, LOAD, "--files", "60", "--counts"], capture_output=True, text=True, timeout=120, check=False
    )
    if done.returncode:
        pytest.fail(done.stdout + done.stderr[-2000:])
    assert "| asyncio tasks left | 0 | 0 |" in done.stdout
