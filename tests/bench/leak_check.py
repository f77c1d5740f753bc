"""Looks for leaks in a long-lived process: sends 200 Files of 20 images through its HTTP handler.

    .venv/bin/python tests/bench/leak_check.py [--files 200] [--counts]

Two images of each File come from an origin that fails, in 40 ways that are spread over all its behaviors. The others
come from a healthy origin. The work repeats every 20 Files. The first 20 warm the process up; the table compares the
next 20 with the last 20. Exits with 1 where something has grown or an image has the wrong result. With --counts, growth
of time and memory is shown but is no failure.
"""

import argparse
import asyncio
import json
import multiprocessing
import os
import socket
import statistics
import sys
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(TESTS.parent), str(TESTS), str(TESTS.parent / "functions")]

from bench.python_servers import start_server  # noqa: E402 - the path comes first
from support.origin import BEHAVIOURS, MAX_BYTES, STORED, Origin  # noqa: E402
from support.origin.fake_dns import FakeDns  # noqa: E402
from support.origin.redirects import MAX_REDIRECTS  # noqa: E402

IMAGES = 20
FAILING = 2
PERIOD = 20
"""Files after which the same work repeats."""

_HEALTHY = ("length", "chunked", "length", "trailers", "length", "continue_first", "length", "length_then_close")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_MAY_GROW = {"sockets": 2.0, "descriptors": 2.0, "tasks": 0.0, "threads": 0.0, "MiB": 10.0, "ms per File": 100.0}
"""Growth that is noise: a connection that happens to be open, garbage that is not collected yet."""

_COUNTS = ("sockets", "descriptors", "tasks", "threads")


@dataclass(frozen=True, slots=True)
class Sample:
    """The resources that the process holds after a File."""

    values: dict[str, float]

    @classmethod
    def now(cls, milliseconds: float) -> "Sample":
        from intake import app  # noqa: PLC0415 - reads the settings

        links = []
        for descriptor in Path("/proc/self/fd").iterdir():
            with suppress(OSError):  # the descriptor of the listing itself is closed by now
                links.append(str(descriptor.readlink()))
        resident = int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE
        return cls(
            {
                "sockets": sum(link.startswith("socket:") for link in links),
                "descriptors": len(links),
                "tasks": len(asyncio.all_tasks(app._runner.get_loop())),
                "threads": threading.active_count(),
                "MiB": resident / 2**20,
                "ms per File": milliseconds,
            }
        )


def files(good: str, bad: str, number: int) -> Generator[list[str]]:
    """Yield the URLs of each File."""
    failing = sorted(name for name, behaviour in BEHAVIOURS.items() if behaviour.code != STORED)
    failing = failing[:: len(failing) // (PERIOD * FAILING)]
    for turn in range(number):
        begin = turn % PERIOD * FAILING
        fine = [f"{good}/{_HEALTHY[n % len(_HEALTHY)]}?{turn}-{n}" for n in range(IMAGES - FAILING)]
        yield fine + [f"{bad}/{name}" for name in failing[begin : begin + FAILING]]


def measure(good: str, bad: str, number: int) -> list[Sample]:
    """Send Files through the handler, one after the other; return a sample after each."""
    from intake.handlers import http  # noqa: PLC0415 - reads the settings
    from support.lambda_context import Context  # noqa: PLC0415

    samples = []
    for urls in files(good, bad, number):
        event = {"httpMethod": "POST", "path": "/files", "headers": {}, "requestContext": {}, "isBase64Encoded": False}
        begin = time.perf_counter()
        response = http.handler(event | {"body": json.dumps({"urls": urls})}, Context(29.0))
        samples.append(Sample.now((time.perf_counter() - begin) * 1000))
        codes = [image.get("error", {}).get("code", STORED) for image in json.loads(response["body"])["images"]]
        expected = [BEHAVIOURS[url.rsplit("/", 1)[1].partition("?")[0]].code for url in urls]
        if codes != expected:
            raise RuntimeError([case for case in zip(urls, expected, codes, strict=True) if case[1] != case[2]])
    return samples


def compare(samples: list[Sample]) -> dict[str, tuple[float, float]]:
    """Return each value of the first period after the warm-up, and of the last: the maximum, or for time the mean.

    Half of the Files wait for a retry, so the median of the times would be arbitrary.
    """
    first, last = samples[PERIOD : 2 * PERIOD], samples[-PERIOD:]
    found = {}
    for name in _MAY_GROW:
        sum_up = statistics.mean if name == "ms per File" else max
        found[name] = (sum_up([s.values[name] for s in first]), sum_up([s.values[name] for s in last]))
    return found


async def _serve(ready: Connection) -> None:
    async with Origin() as origin:
        ready.send(origin.base)
        await asyncio.Event().wait()


def _run(ready: Connection) -> None:
    asyncio.run(_serve(ready))


@contextmanager
def start_test_origin() -> Generator[str]:
    """Start the test origin in a process of its own, so that its resources are not counted; yield its URL."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_run, args=(theirs,), daemon=True)
    process.start()
    try:
        yield ours.recv()
    finally:
        process.kill()
        process.join()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--files", type=int, default=200)
    options.add_argument("--counts", action="store_true")
    chosen = options.parse_args()
    with start_test_origin() as good, start_test_origin() as bad, start_server("s3", delay=0.0) as s3:
        os.environ |= {
            "AWS_ENDPOINT_URL_S3": s3, "AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench",
            "AWS_DEFAULT_REGION": "eu-central-1", "IMAGE_BUCKET": "bench", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
            "ALLOWED_NETWORKS": "127.0.0.0/8", "READ_TIMEOUT": "0.3", "IMAGE_TIMEOUT": "1.5",
            "MAX_IMAGE_BYTES": str(MAX_BYTES), "MAX_REDIRECTS": str(MAX_REDIRECTS),
            "ALLOWED_PORTS": ",".join(url.rsplit(":", 1)[1] for url in (good, bad)),
        }  # fmt: skip
        socket.getaddrinfo = FakeDns().getaddrinfo  # type: ignore[assignment]  # no DNS query leaves the machine
        with os.fdopen(os.dup(sys.stdout.fileno()), "w") as shown:
            # The measured work includes writing log lines; the lines themselves are discarded.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            found = compare(measure(good, bad, chosen.files))
            grown = [name for name, (first, last) in found.items() if last > first + _MAY_GROW[name]]
            from bench import results  # noqa: PLC0415 - after the measurement, whose memory it would add to

            if not chosen.counts:
                results.save("load", f"{chosen.files} Files", found)
            print(results.long_life_table(found, chosen.files, PERIOD), file=shown)
            print(f"grown: {', '.join(grown) or 'nothing'}", file=shown)
    os._exit(
        bool(set(grown) & set(_COUNTS) if chosen.counts else grown)
    )  # Lambda ends a process without closing anything either


if __name__ == "__main__":
    main()
