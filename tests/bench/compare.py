"""Measures this service beside other programs, in one run.

    .venv/bin/python tests/bench/compare.py                       the standard cases, ten runs of each
    .venv/bin/python tests/bench/compare.py --all                 the long ones too
    .venv/bin/python tests/bench/compare.py --case 48x150KB-warm-http --runs 3 --only ours aiohttp_obstore

The origin answers after 50 ms, the S3 stand-in after 20 ms. Each competitor stores every image and one summary, in a
warm process of its own. In each round every competitor runs once, in random order. No round has the images or URLs of
an earlier one.
Writes .local/bench/compare.json, which report.py reads, unless --only leaves out a competitor.
"""

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path

HERE = Path(__file__).resolve()
sys.path[:0] = [str(HERE.parents[2]), str(HERE.parents[1]), str(HERE.parents[2] / "functions")]

from infra.command.errors import CommandError  # noqa: E402 - the path comes first

from bench import documented_figures, results  # noqa: E402
from bench.cases import CASES, COMPETITORS, Case, Competitor  # noqa: E402
from bench.competitor_process import PYTHONS, CompetitorProcess, Run, start_competitor  # noqa: E402
from bench.nginx_lab import NginxLab, open_lab  # noqa: E402
from intake.download.cool_down import FRESH_SECONDS  # noqa: E402

WARM_UPS = 2
_PAUSE_SECONDS = FRESH_SECONDS + 0.1


def measure(
    case: Case, competitors: Iterable[Competitor], lab: NginxLab, home: Path, runs: int
) -> dict[str, list[Run]]:
    """Return the runs of one case, by competitor."""
    shuffle = random.Random(case.name).shuffle
    with ExitStack() as stack:
        processes = {
            competitor.name: stack.enter_context(start_competitor(competitor, case.scheme, lab, home))
            for competitor in competitors
            if case.images <= competitor.most
        }
        for competitor in competitors:
            if competitor.name in processes:
                _prepare(processes[competitor.name], competitor.runs_before, case, lab)
        measured: dict[str, list[Run]] = {name: [] for name in processes}
        order = list(processes.items())
        for turn in range(WARM_UPS + runs):
            shuffle(order)
            urls = lab.new_urls(case.scheme, case.size, case.images)
            for name, process in order:
                if case.cold:
                    process.reopen()
                run = process.run(urls, case.size)
                if turn >= WARM_UPS:
                    measured[name].append(run)
    return measured


def _prepare(process: CompetitorProcess, runs: int, case: Case, lab: NginxLab) -> None:
    """Make runs with pauses between them.

    image-intake asks S3 about each File and, every few seconds, about each origin. Where S3 knew nothing 8 times, it
    does not wait for the answer any longer.
    """
    for _ in range(runs):
        process.run(lab.new_urls(case.scheme, case.size, case.images), case.size)
        time.sleep(_PAUSE_SECONDS)


def _parse_arguments() -> argparse.Namespace:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--runs", type=int, default=10)
    options.add_argument("--all", action="store_true")
    options.add_argument("--case", nargs="+", choices=[case.name for case in CASES], default=[])
    options.add_argument("--only", nargs="+", choices=[competitor.name for competitor in COMPETITORS], default=[])
    return options.parse_args()


def main() -> int:
    asked = _parse_arguments()
    cases = [case for case in CASES if case.name in asked.case or (not asked.case and (asked.all or case.standard))]
    chosen = [one for one in COMPETITORS if one.name in asked.only or not asked.only]
    installed = [one for one in chosen if PYTHONS[one.environment].exists()]
    for missing in set(chosen) - set(installed):
        print(f"{missing.title}: skipped, {PYTHONS[missing.environment]} is not installed")
    with tempfile.TemporaryDirectory() as directory, open_lab(Path(directory)) as lab:
        for case in cases:
            taken = measure(case, installed, lab, Path(directory), asked.runs)
            if not asked.only:
                results.save_case(case, taken)
            programs = {name: documented_figures.of_runs(case, one) for name, one in taken.items()}
            print(f"\n{results.table(case, {'runs': asked.runs, 'programs': programs})}", flush=True)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except CommandError as error:
        sys.exit(f"bench: {error}")
