"""Counts calls per image and imported modules: costs that do not depend on the machine or its load.

    .venv/bin/python tests/bench/counts.py            compares them with counts.json; exits with 1 where they differ
    .venv/bin/python tests/bench/counts.py --write    writes counts.json; read the difference before you commit it

Files of 64 and of 16 images run through the whole handler. The difference per image leaves out the cost of a File.
Needs no nginx and takes a few seconds.
"""

import argparse
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
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
    """Return `functions` and `calls` per image, and `modules` that the HTTP handler imports."""
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

        urls = [f"{origin}/{number}" for number in range(_MANY)]

        def run(images: int) -> dict[str, int]:
            with count_calls() as counts:
                ours.run(urls[:images], "bench")
            return counts

        run(_MANY)  # opens the connections and fills the caches
        rounds = [(run(_MANY), run(_FEW)) for _ in range(_ROUNDS)]
        ours.close()
    least = {
        name: [min(counts[name] for counts in runs) for runs in zip(*rounds, strict=True)]
        for name in ("functions", "calls")
    }
    by_image = {name: (many - few) / (_MANY - _FEW) for name, (many, few) in least.items()}
    return by_image | {"modules": _count_imported_modules()}


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
