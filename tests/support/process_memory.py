"""The memory of this process, from /proc."""

import re
from pathlib import Path

_STATUS = Path("/proc/self/status")


def peak_mib() -> float:
    """Return the peak of this process's resident memory since its start or the last reset, without its children."""
    found = re.search(r"VmHWM:\s+(\d+) kB", _STATUS.read_text())
    assert found is not None
    return int(found[1]) / 1024
