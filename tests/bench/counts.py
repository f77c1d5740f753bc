"""Counts calls per image and imported modules: costs that do not depend on the machine or its load.

    .venv/bin/python tests/bench/counts.py            compares them with counts.json; exits with 1 where they differ
    .venv/bin/python tests/bench/counts.py --write    writes counts.json; read the difference before you commit it

Files of 64 and of 16 new images run through the whole handler, and then the same Files again: their images are
unchanged. The difference per image leaves out the cost of a File.
Needs no nginx and takes a few seconds.
"""

import argparse
import io
import itertools
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from pathlib import Path

HERE = Path(__file__).resolve()
FUNCTIONS = HERE.parents[2] / "functions"
sys.path[:0] = [str(HERE.parents[1]), str(FUNCTIONS)]

from bench.python_servers import start_server  # noqa: E402 - the path comes first

REFERENCE = HERE.parent / "counts.json"
MORE, LESS = 1.04, 0.90
"""Bounds of a count divided by its reference. Runs differ by 1 %; a reference far too high would hide a later rise."""

_MANY, _FEW = 64, 16
_ROUNDS = 20
"""On a busy machine bytes arrive in more pieces, and the event loop runs more often: the lowest count is taken."""
_IMAGE_BYTES = 20_000

IMPORTED = """
import sys
before = set(sys.modules)
import intake.handlers.http
print(len(set(sys.modules) - before))
"""


@contextmanager
def count_calls() -> Iterator[dict[str, int]]:
    """Count Python functions that start or resume, and calls of every kind, while the block runs."""
    counts = {"functions": 0, "calls": 0}
    events = sys.monitoring.events

    def counter(name: str) -> Callable[..., None]:
        def count(*_: object) -> None:
            counts[name] += 1

        return count

    tool = sys.monitoring.PROFILER_ID
    sys.monitoring.use_tool_id(tool, "counts")
    for event, name in ((events.PY_START, "functions"), (events.PY_RESUME, "functions"), (events.CALL, "calls")):
        sys.monitoring.register_callback(tool, event, counter(name))
    sys.monitoring.set_events(tool, events.PY_START | events.PY_RESUME | events.CALL)
    try:
        yield counts
    finally:
        sys.monitoring.set_events(tool, 0)
        sys.monitoring.free_tool_id(tool)


def measure() -> dict[str, float]:
    """Return functions and calls per new image and per unchanged one, and the modules that the HTTP handler imports."""
    with (
        redirect_stdout(io.StringIO()),
        start_server("origin", delay=0.02, size=_IMAGE_BYTES, number=_MANY) as origin,
        start_server("s3", delay=0.01) as s3,
    ):
        os.environ |= {
            "AWS_ENDPOINT_URL_S3": s3,
            "AWS_ACCESS_KEY_ID": "bench",
            "AWS_SECRET_ACCESS_KEY": "bench",
            "AWS_DEFAULT_REGION": "eu-central-1",
            "IMAGE_BUCKET": "bench",
            "ALLOWED_NETWORKS": "127.0.0.0/8",
            "ALLOWED_PORTS": f"80,443,{origin.rsplit(':', 1)[1]}",
        }
        from bench.competitors import ours  # noqa: PLC0415 - reads the settings above

        numbers = itertools.count()

        def run(urls: list[str]) -> dict[str, int]:
            with count_calls() as counts:
                ours.run(urls, "bench")
            return counts

        def run_twice(images: int) -> tuple[dict[str, int], dict[str, int]]:
            urls = [f"{origin}/{next(numbers)}" for _ in range(images)]
            return run(urls), run(urls)

        run_twice(_MANY)  # opens the connections and fills the caches
        rounds = [(*run_twice(_MANY), *run_twice(_FEW)) for _ in range(_ROUNDS)]
        ours.close()
    many, many_again, few, few_again = zip(*rounds, strict=True)
    again = {f"unchanged {name}": count for name, count in _by_image(many_again, few_again).items()}
    return _by_image(many, few) | again | {"modules": _count_imported_modules()}


def _by_image(many: Sequence[dict[str, int]], few: Sequence[dict[str, int]]) -> dict[str, float]:
    """Return the least counts of large Files less those of small ones, divided by the images between them."""
    least = {name: [min(counts[name] for counts in runs) for runs in (many, few)] for name in many[0]}
    return {name: (of_many - of_few) / (_MANY - _FEW) for name, (of_many, of_few) in least.items()}


def _count_imported_modules() -> int:
    env = {"PYTHONPATH": str(FUNCTIONS), "PATH": os.environ["PATH"]}
    done = subprocess.run([sys.executable, "-c", IMPORTED], env=env, capture_output=True, text=True, check=True)
    return int(done.stdout)


def faults(found: dict[str, float], reference: dict[str, float]) -> list[str]:
    """Return a message for each count that differs too much from its reference."""
    messages = []
    for name, expected in reference.items():
        ratio = found[name] / expected
        if not LESS <= ratio <= MORE:
            messages.append(f"{name}: {found[name]:.0f}, {ratio:.2f} of {expected:.0f} in {REFERENCE.name}")
    return messages


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    found = measure()
    print(", ".join(f"{name} {count:.0f}" for name, count in found.items()))
    if options.write:
        REFERENCE.write_text(json.dumps({name: round(count) for name, count in found.items()}, indent=2) + "\n")
        return 0
    messages = faults(found, json.loads(REFERENCE.read_text()))
    for message in messages:
        print(message)
    if messages:
        print(
            "Is the change intended? Run .venv/bin/python tests/bench/counts.py --write, and explain it in the commit."
        )
    return 1 if messages else 0


if __name__ == "__main__":
    sys.exit(main())
