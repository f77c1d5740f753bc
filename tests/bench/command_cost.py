"""Runs commands from start to end, and measures what they and all of their child processes cost.

    python command_cost.py COMMANDS COST    reads one file of JSON, and writes the other

COMMANDS has the arguments of each command; all are run at the same time, with the environment, the directory and the
output of this process. COST is a `Cost`. Linux only. It runs in a process of its own: every process that ends below it
counts, and nothing else does.
"""

import ctypes
import json
import os
import re
import resource
import select
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypedDict

_SAMPLE_SECONDS = 0.2
_SET_CHILD_SUBREAPER = 36  # linux/prctl.h
_KIB = 1024
_PPID = 1  # of the fields behind the name of the process, which is in parentheses: proc(5)


class Cost(TypedDict):
    """What commands cost together.

    Attributes:
        wall: seconds from the start of the first to the end of the last one.
        cpu: seconds of user and system time of all processes, those included whose parent has ended.
        peak_mib: the highest sum of the proportional set sizes (PSS: a page that n processes share counts 1/n) of
            all processes at one moment, looked at every 0.2 seconds.
        statuses: the exit status of each command.
    """

    wall: float
    cpu: float
    peak_mib: float
    statuses: list[int]


def measure(commands: Sequence[Sequence[str]]) -> Cost:
    """Run the commands at the same time, to their end."""
    # Processes whose parent has ended become children of this one, so that their CPU time is counted as well.
    ctypes.CDLL(None, use_errno=True).prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    before = _cpu_seconds()
    begin = time.perf_counter()
    processes = [subprocess.Popen(command, stdin=subprocess.DEVNULL) for command in commands]
    peak = _wait_and_sample(processes)
    wall = time.perf_counter() - begin
    _wait_for_orphans()
    return Cost(
        wall=wall, cpu=_cpu_seconds() - before, peak_mib=peak, statuses=[process.returncode for process in processes]
    )


def _cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _wait_and_sample(processes: Sequence[subprocess.Popen[bytes]]) -> float:
    """Wait until all have ended; return the peak of their memory in MiB."""
    peak = 0.0
    for process in processes:
        ended = select.poll()
        descriptor = os.pidfd_open(process.pid)
        ended.register(descriptor, select.POLLIN)
        while not ended.poll(_SAMPLE_SECONDS * 1000):
            peak = max(peak, sum(_pss_mib(pid) for pid in _descendants(os.getpid())))
        process.wait()
        os.close(descriptor)
    return peak


def _wait_for_orphans() -> None:
    with suppress(ChildProcessError):
        while True:
            os.wait()


def _descendants(root: int) -> Iterator[int]:
    children = defaultdict(list)
    for entry in os.scandir("/proc"):
        if entry.name.isdecimal():
            with suppress(OSError):  # it has ended
                stat = Path(entry.path, "stat").read_text()
                children[int(stat.rpartition(") ")[2].split()[_PPID])].append(int(entry.name))
    unseen = children[root]
    while unseen:
        pid = unseen.pop()
        yield pid
        unseen += children[pid]


def _pss_mib(pid: int) -> float:
    with suppress(OSError):  # it has ended
        found = re.search(r"^Pss: +(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
        return int(found[1]) / _KIB if found else 0.0
    return 0.0


def main() -> None:
    commands, cost = map(Path, sys.argv[1:])
    cost.write_text(json.dumps(measure(json.loads(commands.read_text()))))


if __name__ == "__main__":
    main()
