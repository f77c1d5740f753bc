"""One competitor in a process of its own, warm, that runs whenever it is told to.

    python program.py NAME    with one command a line at stdin, and one answer a line at stdout, all JSON

`{"run": [url, ...]}` runs the job once; `{"reopen": true}` closes every connection first, beside the measured time.
The answer is what it cost: seconds of wall and CPU (of children too), and the peak of resident memory.
"""

import gc
import importlib
import json
import os
import re
import resource
import sys
import time
from pathlib import Path
from types import ModuleType
from typing import Any

TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(TESTS), str(TESTS.parent / "functions")]

_STATUS = Path("/proc/self/status")
_RESET_PEAK = "5"


def cpu_seconds() -> float:
    """What this process and its children that have ended have computed."""
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in spent)


def peak_mib() -> float:
    """Resident memory at its highest since it was last reset; children are not in it."""
    found = re.search(r"VmHWM:\s+(\d+) kB", _STATUS.read_text())
    assert found is not None
    return int(found[1]) / 1024


def measure(competitor: ModuleType, urls: list[str]) -> dict[str, float]:
    gc.collect()  # what the run before has left is not this one's cost
    Path("/proc/self/clear_refs").write_text(_RESET_PEAK)
    before, cpu, begin = peak_mib(), cpu_seconds(), time.perf_counter()
    competitor.run(urls, "bench")
    wall = time.perf_counter() - begin
    return {"wall": wall, "cpu": cpu_seconds() - cpu, "base_mib": before, "peak_mib": peak_mib()}


def main() -> None:
    out = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    # Writing log lines is part of the work; where they end up is not.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    competitor = importlib.import_module(f"bench.competitors.{sys.argv[1]}")
    for line in sys.stdin:
        command: dict[str, Any] = json.loads(line)
        answer: dict[str, float] = {}
        if "reopen" in command:
            competitor.reopen()
        else:
            answer = measure(competitor, command["run"])
        print(json.dumps(answer), file=out, flush=True)
    os._exit(0)  # as Lambda ends: nothing is closed


if __name__ == "__main__":
    main()
