"""Runs one competitor in this process, as often as it is told to.

    python competitor_runner.py NAME    reads one JSON command per line, writes one JSON response per line

`{"run": [url, ...]}` stores the images once and answers with the cost: seconds of wall time and CPU (children
included) and the peak of resident memory. `{"reopen": true}` closes the connections; its time is not measured.
"""

import gc
import importlib
import json
import os
import resource
import sys
import time
from pathlib import Path
from types import ModuleType
from typing import Any

TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(TESTS), str(TESTS.parent / "functions")]

from support.process_memory import peak_mib  # noqa: E402 - the path comes first

_RESET_PEAK = "5"


def cpu_seconds() -> float:
    """Return the CPU seconds of this process and of its children that have ended."""
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in spent)


def measure(competitor: ModuleType, urls: list[str]) -> dict[str, float]:
    gc.collect()  # garbage of the previous run is not a cost of this one
    Path("/proc/self/clear_refs").write_text(_RESET_PEAK)
    before, cpu, begin = peak_mib(), cpu_seconds(), time.perf_counter()
    competitor.run(urls, "bench")
    wall = time.perf_counter() - begin
    return {"wall": wall, "cpu": cpu_seconds() - cpu, "base_mib": before, "peak_mib": peak_mib()}


def main() -> None:
    out = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    # The measured work includes writing log lines; the lines themselves are discarded.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    competitor = importlib.import_module(f"bench.competitors.{sys.argv[1]}")
    for line in sys.stdin:
        command: dict[str, Any] = json.loads(line)
        response: dict[str, float] = {}
        if "reopen" in command:
            competitor.reopen()
        else:
            response = measure(competitor, command["run"])
        print(json.dumps(response), file=out, flush=True)
    os._exit(0)  # Lambda ends a process without closing anything either


if __name__ == "__main__":
    main()
