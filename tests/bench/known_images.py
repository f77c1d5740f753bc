"""Measures what a File of known images costs beside one of new images, and what asking costs where nothing is known.

    .venv/bin/python tests/bench/known_images.py                        30 rounds, then 20 pairs of processes
    .venv/bin/python tests/bench/known_images.py --rounds 5 --pairs 3   fewer, to try it

The servers are those of compare.py: the origin answers after 50 ms, S3 after 20 ms. Each File has 48 images of 150 KB.

The same File again: in each round an environment ingests a File of new images, and the same File again. Then another
environment, which has ingested other Files only, ingests it too; it knows the images by the document under `known/`. A
fourth one, with REFRESH=fresh, ingests a File of its own twice.

A File of which nothing is known: two environments, with KNOWN_IMAGES=on and off, take turns with Files of new images.
Hash seeds and addresses make one process up to a few percent faster than another one, so many pairs are started.
Writes .local/bench/known.json, which report.py reads.
"""

import argparse
import random
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path

HERE = Path(__file__).resolve()
sys.path[:0] = [str(HERE.parents[2]), str(HERE.parents[1]), str(HERE.parents[2] / "functions")]

from infra.command.errors import CommandError  # noqa: E402 - the path comes first

from bench import known_figures, results  # noqa: E402
from bench.cases import OURS, WARM_48, Competitor  # noqa: E402
from bench.competitor_process import CompetitorProcess, start_competitor  # noqa: E402
from bench.known_figures import FIRST_FILES, LATER_FILES, SAME_FILE, Measured, Pairs  # noqa: E402
from bench.nginx_lab import NginxLab, open_lab  # noqa: E402

WARM_UPS = 2
UNKNOWN_FILES = 12
"""Files before an environment counts as warm. After 8 Files of which nothing is known, it does not wait for S3's answer
whether anything is known of the next one."""
FILES_OF_PAIR = 40

_OURS = Competitor(OURS, "image-intake")


class Environments:
    """Starts environments of image-intake, and measures Files in them."""

    def __init__(self, lab: NginxLab, home: Path, stack: ExitStack) -> None:
        """Use these servers; the stack ends the processes."""
        self._lab = lab
        self._home = home
        self._stack = stack

    def start(self, **settings: str) -> CompetitorProcess:
        """Start an environment with settings beside the defaults."""
        return self._stack.enter_context(start_competitor(_OURS, WARM_48.scheme, self._lab, self._home, settings))

    def new_file(self) -> list[str]:
        """Return the URLs of new images."""
        return self._lab.new_urls(WARM_48.scheme, WARM_48.size, WARM_48.images)

    def warm(self, environment: CompetitorProcess, files: int) -> None:
        """Ingest Files of new images."""
        for _ in range(files):
            environment.run_and_count(self.new_file())


def ingest(environment: CompetitorProcess, urls: list[str]) -> Measured:
    """Ingest a File, and return its cost."""
    run, counts = environment.run_and_count(urls)
    return {**asdict(run), "counts": counts}


def measure_same_file(environments: Environments, rounds: int) -> dict[str, list[Measured]]:
    """Return the cost of the same File in each round, by where it was ingested."""
    one, other, fresh = environments.start(), environments.start(), environments.start(REFRESH="fresh")
    for environment in (one, fresh):
        environments.warm(environment, UNKNOWN_FILES)
    environments.warm(other, WARM_UPS)
    measured: dict[str, list[Measured]] = {name: [] for name in known_figures.PLACES}
    for turn in range(WARM_UPS + rounds):
        urls = environments.new_file()
        found = {"first": ingest(one, urls), "again": ingest(one, urls), "elsewhere": ingest(other, urls)}
        urls_of_fresh = environments.new_file()
        ingest(fresh, urls_of_fresh)
        found["fresh"] = ingest(fresh, urls_of_fresh)
        if turn >= WARM_UPS:
            for name, cost in found.items():
                measured[name].append(cost)
    return measured


def measure_pair(environments: Environments) -> dict[str, dict[str, list[Measured]]]:
    """Start an environment with KNOWN_IMAGES=on and one with off; return the cost of Files of new images.

    The first File is not counted: it opens the connections and makes the client of S3.
    """
    pair = {value: environments.start(KNOWN_IMAGES=value) for value in ("on", "off")}
    costs: dict[str, list[Measured]] = {value: [] for value in pair}
    order = list(pair.items())
    for _ in range(UNKNOWN_FILES + FILES_OF_PAIR):
        random.shuffle(order)
        for value, environment in order:
            costs[value].append(ingest(environment, environments.new_file()))
    waiting = slice(1, known_figures.WAITING_FILES)
    return {
        FIRST_FILES: {value: all_files[waiting] for value, all_files in costs.items()},
        LATER_FILES: {value: all_files[UNKNOWN_FILES:] for value, all_files in costs.items()},
    }


def _measure_pairs(lab: NginxLab, home: Path, number: int) -> dict[str, Pairs]:
    pairs: dict[str, Pairs] = {FIRST_FILES: [], LATER_FILES: []}
    for _ in range(number):
        with ExitStack() as stack:
            for name, pair in measure_pair(Environments(lab, home, stack)).items():
                pairs[name].append(pair)
    return pairs


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--rounds", type=int, default=30)
    options.add_argument("--pairs", type=int, default=20)
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as directory, open_lab(Path(directory)) as lab:
        with ExitStack() as stack:
            measured = measure_same_file(Environments(lab, Path(directory), stack), asked.rounds)
        results.save("known", SAME_FILE, measured)
        print(known_figures.same_file_table(known_figures.of_same_file(measured)), flush=True)
        pairs = _measure_pairs(lab, Path(directory), asked.pairs)
    for name, measured_pairs in pairs.items():
        results.save("known", name, measured_pairs)
    added = {name: known_figures.of_pairs(measured_pairs) for name, measured_pairs in pairs.items()}
    print(f"\n{known_figures.added_table(added)}")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except CommandError as error:
        sys.exit(f"bench: {error}")
