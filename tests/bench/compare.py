"""Side by side, in one run: this service and what callers have. Prints medians, ratios and CPU per image.

    .venv/bin/python tests/bench/compare.py [--runs 10] [--images 48] [--bytes 150000]

An origin answers after 50 ms, an S3 stand-in after 20 ms. Every competitor stores every image and one summary; each
runs in a process of its own, warm, in turns with the others.
"""

import argparse
import contextlib
import importlib
import multiprocessing
import os
import resource
import statistics
import sys
import time
from collections.abc import Generator
from multiprocessing.connection import Connection
from pathlib import Path

TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(TESTS), str(TESTS.parent / "functions")]

from bench.servers import running  # noqa: E402 - the path comes first

ORIGIN_SECONDS, SINK_SECONDS = 0.050, 0.020
_GO, _STOP = "go", "stop"
COMPETITORS = ("pool_of_gets", "pool_with_client", "obvious_rewrite", "ours")
# At most so much of the other's time.
WANTED = {"pool_of_gets": 1 / 5, "pool_with_client": 1 / 2}


def _work(name: str, urls: list[str], sink: str, report: Connection) -> None:
    """Run one competitor each time the other end asks; report seconds of wall and CPU."""
    port = urls[0].rsplit(":", 1)[1].split("/")[0]
    os.environ |= {
        "AWS_ENDPOINT_URL_S3": sink,
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "bench",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "IMAGE_BUCKET": "bench",
        "ALLOWED_NETWORKS": "127.0.0.0/8",
        "ALLOWED_PORTS": f"80,443,{port}",
    }
    # Writing log lines is part of the work; where they end up is not.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    competitor = importlib.import_module(f"bench.competitors.{name}")
    while report.recv() == _GO:
        cpu, wall = _cpu(), time.perf_counter()
        competitor.run(urls, "bench")
        report.send((time.perf_counter() - wall, _cpu() - cpu))
    os._exit(0)  # as Lambda ends: nothing is closed


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


@contextlib.contextmanager
def _started(name: str, urls: list[str], sink: str) -> Generator[Connection]:
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_work, args=(name, urls, sink, theirs), daemon=True)
    process.start()
    theirs.close()  # so that a competitor that dies is noticed
    try:
        yield ours
        ours.send(_STOP)
        process.join()
    finally:
        process.kill()


def measure(images: int, size: int, runs: int) -> dict[str, list[tuple[float, float]]]:
    """Return for every competitor its runs: seconds of wall, seconds of CPU."""
    results: dict[str, list[tuple[float, float]]] = {name: [] for name in COMPETITORS}
    with contextlib.ExitStack() as stack:
        origin = stack.enter_context(running("origin", delay=ORIGIN_SECONDS, size=size, number=images))
        sink = stack.enter_context(running("sink", delay=SINK_SECONDS))
        urls = [f"{origin}/{number}" for number in range(images)]
        pipes = {name: stack.enter_context(_started(name, urls, sink)) for name in COMPETITORS}
        for turn in range(runs + 2):  # two to warm up
            for name, pipe in pipes.items():
                pipe.send(_GO)
                result = pipe.recv()
                if turn > 1:
                    results[name].append(result)
    return results


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--runs", type=int, default=10)
    options.add_argument("--images", type=int, default=48)
    options.add_argument("--bytes", type=int, default=150_000)
    chosen = options.parse_args()
    results = measure(chosen.images, chosen.bytes, chosen.runs)
    medians = {name: statistics.median(wall for wall, _ in runs) for name, runs in results.items()}
    print(f"{chosen.images} images of {chosen.bytes} bytes, warm, median of {chosen.runs} runs")
    print(f"{'':18}{'wall ms':>9}{'min':>7}{'max':>7}{'CPU ms/image':>14}{'ours takes':>12}")
    for name, runs in results.items():
        walls = [wall * 1000 for wall, _ in runs]
        cpu = statistics.median(seconds for _, seconds in runs) * 1000 / chosen.images
        share = medians["ours"] / medians[name]
        print(f"{name:18}{medians[name] * 1000:9.0f}{min(walls):7.0f}{max(walls):7.0f}{cpu:14.2f}{share:12.2f}")
    missed = [name for name, most in WANTED.items() if medians["ours"] > most * medians[name]]
    for name in missed:
        print(f"ours takes more than {WANTED[name]:.2f} of {name}'s time")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
