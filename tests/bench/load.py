"""What a function keeps that lives long: 200 Files of 20 images through the HTTPS door, two origins of which one fails.

    .venv/bin/python tests/bench/load.py [--files 200] [--counts]

Two images in each File, one in ten, come from an origin that fails, each time in another of 40 ways, which are spread
over all that tests/origin has; the rest from one that register. Every 20 Files the work begins anew, so that the first
20 that count (the very first warm everything up) and the last are the same. Prints a table; exits with 1 where
something has grown, or failed that should not. With --counts neither time nor memory counts.
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
sys.path[:0] = [str(TESTS), str(TESTS.parent / "functions")]

from bench.servers import running  # noqa: E402 - the path comes first
from support.origin import BEHAVIOURS, MAX_BYTES, STORED, Origin  # noqa: E402
from support.origin.fake_dns import FakeDns  # noqa: E402
from support.origin.redirects import MAX_REDIRECTS  # noqa: E402

IMAGES = 20
FAILING = 2
PERIOD = 20
"""Files after which the same work comes again."""

_HEALTHY = ("length", "chunked", "length", "trailers", "length", "continue_first", "length", "length_then_close")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_MAY_GROW = {"sockets": 2.0, "descriptors": 2.0, "tasks": 0.0, "threads": 0.0, "MiB": 10.0, "ms per File": 100.0}
"""What is noise: a connection more or less that happens to be open, garbage that is not collected yet."""

_COUNTS = ("sockets", "descriptors", "tasks", "threads")


@dataclass(frozen=True, slots=True)
class Sample:
    """What there is after a File."""

    values: dict[str, float]

    @classmethod
    def now(cls, milliseconds: float) -> "Sample":
        from intake import app  # noqa: PLC0415 - the settings have to be there first

        links = []
        for descriptor in Path("/proc/self/fd").iterdir():
            with suppress(OSError):  # the listing's own is gone already
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
    """The URLs of one File after the other."""
    failing = sorted(name for name, behaviour in BEHAVIOURS.items() if behaviour.code != STORED)
    failing = failing[:: len(failing) // (PERIOD * FAILING)]
    for turn in range(number):
        begin = turn % PERIOD * FAILING
        fine = [f"{good}/{_HEALTHY[n % len(_HEALTHY)]}?{turn}-{n}" for n in range(IMAGES - FAILING)]
        yield fine + [f"{bad}/{name}" for name in failing[begin : begin + FAILING]]


def measure(good: str, bad: str, number: int) -> list[Sample]:
    """Take Files in, one after the other, in this process."""
    from intake.handlers import http  # noqa: PLC0415 - the settings have to be there first
    from support.lambda_context import Context  # noqa: PLC0415

    samples = []
    for urls in files(good, bad, number):
        event = {"httpMethod": "POST", "path": "/files", "headers": {}, "requestContext": {}, "isBase64Encoded": False}
        begin = time.perf_counter()
        answer = http.handler(event | {"body": json.dumps({"urls": urls})}, Context(29.0))
        samples.append(Sample.now((time.perf_counter() - begin) * 1000))
        codes = [image.get("error", {}).get("code", STORED) for image in json.loads(answer["body"])["images"]]
        wanted = [BEHAVIOURS[url.rsplit("/", 1)[1].partition("?")[0]].code for url in urls]
        if codes != wanted:
            raise RuntimeError([case for case in zip(urls, wanted, codes, strict=True) if case[1] != case[2]])
    return samples


def compare(samples: list[Sample]) -> dict[str, tuple[float, float]]:
    """Each value at the beginning, once all is warm, and at the end: the most, or for time the mean.

    The median of times would be chance: half of the Files wait for a retry, half do not.
    """
    first, last = samples[PERIOD : 2 * PERIOD], samples[-PERIOD:]
    found = {}
    for name in _MAY_GROW:
        sum_up = statistics.mean if name == "ms per File" else max
        found[name] = (sum_up([s.values[name] for s in first]), sum_up([s.values[name] for s in last]))
    return found


def table(found: dict[str, tuple[float, float]], number: int) -> str:
    lines = [f"| | Files {PERIOD + 1} to {2 * PERIOD} | Files {number - PERIOD + 1} to {number} |", "|---|---|---|"]
    names = {
        "MiB": "MiB resident",
        "ms per File": "ms per File, mean",
        "sockets": "sockets open",
        "tasks": "asyncio tasks left",
    }
    lines += [f"| {names.get(name, name)} | {first:.0f} | {last:.0f} |" for name, (first, last) in found.items()]
    return "\n".join(lines)


async def _serve(report: Connection) -> None:
    async with Origin() as origin:
        report.send(origin.base)
        await asyncio.Event().wait()


def _run(report: Connection) -> None:
    asyncio.run(_serve(report))


@contextmanager
def origin_apart() -> Generator[str]:
    """An ill-mannered origin in a process of its own, so that nothing of it is counted."""
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
    with origin_apart() as good, origin_apart() as bad, running("sink", delay=0.0) as sink:
        os.environ |= {
            "AWS_ENDPOINT_URL_S3": sink, "AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench",
            "AWS_DEFAULT_REGION": "eu-central-1", "IMAGE_BUCKET": "bench", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
            "ALLOWED_NETWORKS": "127.0.0.0/8", "READ_TIMEOUT": "0.3", "IMAGE_TIMEOUT": "1.5",
            "MAX_IMAGE_BYTES": str(MAX_BYTES), "MAX_REDIRECTS": str(MAX_REDIRECTS),
            "ALLOWED_PORTS": ",".join(url.rsplit(":", 1)[1] for url in (good, bad)),
        }  # fmt: skip
        socket.getaddrinfo = FakeDns().getaddrinfo  # type: ignore[assignment]  # no name leaves the machine
        with os.fdopen(os.dup(sys.stdout.fileno()), "w") as shown:
            # Writing log lines is part of the work; where they end up is not.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            found = compare(measure(good, bad, chosen.files))
            grown = [name for name, (first, last) in found.items() if last > first + _MAY_GROW[name]]
            print(table(found, chosen.files), file=shown)
            print(f"grown: {', '.join(grown) or 'nothing'}", file=shown)
    os._exit(bool(set(grown) & set(_COUNTS) if chosen.counts else grown))  # as Lambda ends: nothing is closed


if __name__ == "__main__":
    main()
