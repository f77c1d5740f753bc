"""The memory of this process: all of it, from /proc, or what Python allocates."""

import re
import tracemalloc
from collections.abc import Callable
from pathlib import Path

_STATUS = Path("/proc/self/status")


def peak_mib() -> float:
    """Return the peak of this process's resident memory since its start or the last reset, without its children."""
    found = re.search(r"VmHWM:\s+(\d+) kB", _STATUS.read_text())
    assert found is not None
    return int(found[1]) / 1024


def traced_peak(action: Callable[[], object]) -> int:
    """Return the most bytes that Python has allocated at once during an action. It is the same each time."""
    tracemalloc.start()
    try:
        action()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
