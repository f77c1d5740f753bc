"""A process that has handled many Files holds no more resources than before: a short run of bench/leak_check.py."""

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parents[1] / "bench" / "leak_check.py"


def test_handler_leaks_no_socket_task_or_thread_over_sixty_files_with_failing_images() -> None:
    done = subprocess.run(
        [sys.executable, PROGRAM, "--files", "60", "--counts"], capture_output=True, text=True, timeout=120, check=False
    )
    if done.returncode:
        pytest.fail(done.stdout + done.stderr[-2000:])
    assert "| asyncio tasks left | 0 | 0 |" in done.stdout
