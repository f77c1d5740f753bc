"""`make fuzz`: parse a million mutated images on every processor, and keep those that break an invariant.

The same seed makes the same images. An image with a new outcome joins the pool that images are mutated from, so that
mutations build on each other. Each round starts again with a pool of whole images.
"""

import argparse
import faulthandler
import hashlib
import itertools
import os
import re
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from fuzz.mutate import mutate
from fuzz.parse_invariants import InvariantBroken, check
from support.sample_images import SAMPLES

DIRECTORY = Path(".local/fuzz")
ROUND = 20_000
HANG_SECONDS = 60
"""Time for 1,000 images. A process that takes longer prints its traceback and ends."""


@dataclass(slots=True)
class Findings:
    """The outcomes of one round, or of all of them.

    Attributes:
        outcomes: how often each outcome occurred.
        failures: images that broke an invariant, with the reason.
    """

    outcomes: Counter[str] = field(default_factory=Counter)
    failures: dict[bytes, str] = field(default_factory=dict)


def run_round(inputs: int, seed: str) -> Findings:
    """Mutate and check this many images."""
    random = Random(seed)
    pool = [sample.data for sample in SAMPLES.values()]
    findings = Findings()
    for number in range(inputs):
        if number % 1000 == 0:
            faulthandler.dump_traceback_later(HANG_SECONDS, exit=True)
        body = mutate(random.choice(pool), random.choice(pool), random)
        try:
            outcome = check(body, random)
        except InvariantBroken as broken:
            findings.failures[body] = str(broken)
            continue
        if outcome not in findings.outcomes:
            pool.append(body)
        findings.outcomes[outcome] += 1
    faulthandler.cancel_dump_traceback_later()
    return findings


def main() -> int:
    parser = argparse.ArgumentParser(prog="fuzz", description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--inputs", default="1000000")
    parser.add_argument("--seed", default=time.strftime("%Y-%m-%d"), help="default: the date of today")
    options = parser.parse_args()
    if not re.fullmatch("[1-9][0-9]*", options.inputs):
        print(f"make fuzz: INPUTS={options.inputs}: expected a number of images, 1 or more.", file=sys.stderr)
        return 1
    rounds = -(-int(options.inputs) // ROUND)
    began = time.monotonic()
    total = Findings()
    with ProcessPoolExecutor() as processes:
        seeds = (f"{options.seed}/{number}" for number in range(rounds))
        for number, findings in enumerate(processes.map(run_round, itertools.repeat(ROUND), seeds), 1):
            total.outcomes.update(findings.outcomes)
            total.failures |= findings.failures
            _print_progress(number * ROUND, time.monotonic() - began, total)
    print()
    _report(total)
    return 1 if total.failures else 0


def _print_progress(done: int, seconds: float, total: Findings) -> None:
    ending = "\r" if sys.stdout.isatty() else "\n"
    print(f"{done:,} images, {done / seconds:,.0f} a second, {len(total.failures)} failures", end=ending, flush=True)


def _report(total: Findings) -> None:
    """Print a summary, and write each image that broke an invariant into a file."""
    whole = sum(count for outcome, count in total.outcomes.items() if outcome.startswith("image: "))
    print(f"{whole:,} whole, the others rejected; {len(total.outcomes)} outcomes, {os.cpu_count()} processors.")
    for body, reason in total.failures.items():
        DIRECTORY.mkdir(parents=True, exist_ok=True)
        file = DIRECTORY / f"{hashlib.sha256(body).hexdigest()[:16]}.bin"
        file.write_bytes(body)
        print(f"{file}: {reason}")


if __name__ == "__main__":
    sys.exit(main())
