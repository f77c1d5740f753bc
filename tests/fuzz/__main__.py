"""`make fuzz`: a million images, on every processor; what a walk should not have done is kept and named.

The same seed makes the same images. What ends in a new way joins the pool that images are made from, so that mutations
build on each other; each round begins with a pool of real files again.
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

from fuzz.judge import Wrong, judge
from fuzz.mutate import mutate
from support.sample_images import SAMPLES

KEPT = Path(".local/fuzz")
ROUND = 20_000
HANG_SECONDS = 60
"""Without one verdict; the process then ends, and shows where it was."""


@dataclass(slots=True)
class Found:
    """What a round, or all of them, came to.

    Attributes:
        ways: how often walks ended how.
        wrong: bodies on which a walk did what none may, and what that was.
    """

    ways: Counter[str] = field(default_factory=Counter)
    wrong: dict[bytes, str] = field(default_factory=dict)


def play(inputs: int, seed: str) -> Found:
    """Make so many images and judge them."""
    random = Random(seed)
    pool = [sample.data for sample in SAMPLES.values()]
    found = Found()
    for number in range(inputs):
        if number % 1000 == 0:
            faulthandler.dump_traceback_later(HANG_SECONDS, exit=True)
        body = mutate(random.choice(pool), random.choice(pool), random)
        try:
            way = judge(body, random)
        except Wrong as wrong:
            found.wrong[body] = str(wrong)
            continue
        if way not in found.ways:
            pool.append(body)
        found.ways[way] += 1
    faulthandler.cancel_dump_traceback_later()
    return found


def main() -> int:
    parser = argparse.ArgumentParser(prog="fuzz", description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--inputs", default="1000000")
    parser.add_argument("--seed", default=time.strftime("%Y-%m-%d"), help="today, if not given")
    asked = parser.parse_args()
    if not re.fullmatch("[1-9][0-9]*", asked.inputs):
        print(f"make fuzz: INPUTS={asked.inputs} has to be how many images: 1 or more, in digits.", file=sys.stderr)
        return 1
    rounds = -(-int(asked.inputs) // ROUND)
    began = time.monotonic()
    every = Found()
    with ProcessPoolExecutor() as processes:
        seeds = (f"{asked.seed}/{number}" for number in range(rounds))
        for number, found in enumerate(processes.map(play, itertools.repeat(ROUND), seeds), 1):
            every.ways.update(found.ways)
            every.wrong |= found.wrong
            _progress(number * ROUND, time.monotonic() - began, every)
    print()
    _report(every)
    return 1 if every.wrong else 0


def _progress(done: int, seconds: float, every: Found) -> None:
    ending = "\r" if sys.stdout.isatty() else "\n"
    print(f"{done:,} images, {done / seconds:,.0f} a second, {len(every.wrong)} wrong", end=ending, flush=True)


def _report(every: Found) -> None:
    whole = sum(count for way, count in every.ways.items() if way.startswith("image: "))
    print(f"{whole:,} were whole, the others refused; {len(every.ways)} ways to end, on {os.cpu_count()} processors.")
    for body, reason in every.wrong.items():
        KEPT.mkdir(parents=True, exist_ok=True)
        place = KEPT / f"{hashlib.sha256(body).hexdigest()[:16]}.bin"
        place.write_bytes(body)
        print(f"{place}: {reason}")


if __name__ == "__main__":
    sys.exit(main())
