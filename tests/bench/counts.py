"""What an image costs in figures that do not depend on the machine's mood: calls, and modules that are imported.

    .venv/bin/python tests/bench/counts.py            fails where they have moved away from counts.json
    .venv/bin/python tests/bench/counts.py --write    writes counts.json anew; look at what has changed

Files of 64 and of 16 images run through the whole handler; the difference, by image, does not have in it what a File
costs. Needs no nginx; takes a few seconds.
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
from statistics import median

HERE = Path(__file__).resolve()
FUNCTIONS = HERE.parents[2] / "functions"
sys.path[:0] = [str(HERE.parents[1]), str(FUNCTIONS)]

from bench.servers import running  # noqa: E402 - the path comes first

REFERENCE = HERE.parent / "counts.json"
MORE, LESS = 1.04, 0.90
"""What counts may come to by their reference. Runs differ by 1 %; a reference far above would hide a later rise."""

_MANY, _FEW = 64, 16
_ROUNDS = 5
_IMAGE_BYTES = 20_000

IMPORTED = """
import sys
before = set(sys.modules)
import intake.handlers.http
print(len(set(sys.modules) - before))
"""


@contextmanager
def counted() -> Iterator[dict[str, int]]:
    """Count, while the block runs, functions of Python that are begun or resumed, and calls of whatever kind."""
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
    """Count `functions` and `calls` of an image, and `modules` that the HTTP door imports."""
    with (
        redirect_stdout(io.StringIO()),
        running("origin", delay=0.02, size=_IMAGE_BYTES, number=_MANY) as origin,
        running("sink", delay=0.01) as sink,
    ):
        os.environ |= {
            "AWS_ENDPOINT_URL_S3": sink,
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
            with counted() as counts:
                ours.run(urls[:images], "bench")
            return counts

        run(_MANY)  # everything is connected, and every cache filled
        rounds = [(run(_MANY), run(_FEW)) for _ in range(_ROUNDS)]
        ours.close()
    by_image = {
        name: median((many[name] - few[name]) / (_MANY - _FEW) for many, few in rounds)
        for name in ("functions", "calls")
    }
    return by_image | {"modules": _imported_modules()}


def _imported_modules() -> int:
    env = {"PYTHONPATH": str(FUNCTIONS), "PATH": os.environ["PATH"]}
    done = subprocess.run([sys.executable, "-c", IMPORTED], env=env, capture_output=True, text=True, check=True)
    return int(done.stdout)


def faults(found: dict[str, float], reference: dict[str, float]) -> list[str]:
    """Say which counts have moved too far from their reference."""
    told = []
    for name, wanted in reference.items():
        share = found[name] / wanted
        if not LESS <= share <= MORE:
            told.append(f"{name}: {found[name]:.0f}, {share:.2f} of {wanted:.0f} in {REFERENCE.name}")
    return told


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--write", action="store_true")
    asked = options.parse_args()
    found = measure()
    print(", ".join(f"{name} {count:.0f}" for name, count in found.items()))
    if asked.write:
        REFERENCE.write_text(json.dumps({name: round(count) for name, count in found.items()}, indent=2) + "\n")
        return 0
    moved = faults(found, json.loads(REFERENCE.read_text()))
    for fault in moved:
        print(fault)
    if moved:
        print("If that is as it should be: .venv/bin/python tests/bench/counts.py --write, and say so in the commit.")
    return 1 if moved else 0


if __name__ == "__main__":
    sys.exit(main())
