"""Side by side, in one run: this service and what callers have.

    .venv/bin/python tests/bench/compare.py                       the standard cases, ten runs of each
    .venv/bin/python tests/bench/compare.py --all                 the long ones too
    .venv/bin/python tests/bench/compare.py --case 48x150KB-warm-http --runs 3 --only ours aiohttp_obstore

An origin answers after 50 ms, what stands in for S3 after 20 ms. Every competitor stores every image and one summary,
in a process of its own that is warm; in every round each has one run, in an order that changes.
Writes .local/bench/compare.json, which report.py reads, unless --only left somebody out.
"""

import argparse
import random
import sys
import tempfile
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path

HERE = Path(__file__).resolve()
sys.path[:0] = [str(HERE.parents[2]), str(HERE.parents[1]), str(HERE.parents[2] / "functions")]

from infra.command.errors import CommandError  # noqa: E402 - the path comes first

from bench import results  # noqa: E402
from bench.cases import CASES, COMPETITORS, Case, Competitor  # noqa: E402
from bench.driver import PYTHONS, Run, started  # noqa: E402
from bench.ground import Ground, open_ground  # noqa: E402

WARM_UPS = 2


def measure(
    case: Case, competitors: Iterable[Competitor], ground: Ground, home: Path, runs: int
) -> dict[str, list[Run]]:
    """Return every competitor's runs of one case."""
    urls = ground.urls(case.scheme, case.size, case.images)
    shuffle = random.Random(case.name).shuffle
    with ExitStack() as stack:
        programs = {
            competitor.name: stack.enter_context(started(competitor, case.scheme, ground, home))
            for competitor in competitors
            if case.images <= competitor.most
        }
        taken: dict[str, list[Run]] = {name: [] for name in programs}
        order = list(programs.items())
        for turn in range(WARM_UPS + runs):
            shuffle(order)
            for name, program in order:
                if case.cold:
                    program.reopen()
                run = program.run(urls, case.size)
                if turn >= WARM_UPS:
                    taken[name].append(run)
    return taken


def _asked() -> argparse.Namespace:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--runs", type=int, default=10)
    options.add_argument("--all", action="store_true")
    options.add_argument("--case", nargs="+", choices=[case.name for case in CASES], default=[])
    options.add_argument("--only", nargs="+", choices=[competitor.name for competitor in COMPETITORS], default=[])
    return options.parse_args()


def main() -> int:
    asked = _asked()
    cases = [case for case in CASES if case.name in asked.case or (not asked.case and (asked.all or case.standard))]
    wanted = [one for one in COMPETITORS if one.name in asked.only or not asked.only]
    present = [one for one in wanted if PYTHONS[one.environment].exists()]
    for missing in set(wanted) - set(present):
        print(f"{missing.title}: not installed here ({PYTHONS[missing.environment]}), left out")
    with tempfile.TemporaryDirectory() as directory, open_ground(Path(directory)) as ground:
        for case in cases:
            taken = measure(case, present, ground, Path(directory), asked.runs)
            if not asked.only:
                results.save_case(case, taken)
            print(results.table(case, taken), flush=True)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except CommandError as error:
        sys.exit(f"bench: {error}")
