"""What was measured on this machine, as tables and plots.

    .venv/bin/python tests/bench/report.py            prints what has to be shown, and what was measured of it
    .venv/bin/python tests/bench/report.py --write    writes the tables of docs/performance.md, and its plots

Exits with 1 where something was measured that is worse than it must be.
"""

import argparse
import sys
from pathlib import Path
from statistics import median
from typing import Any

HERE = Path(__file__).resolve()
sys.path[:0] = [str(HERE.parents[2]), str(HERE.parents[1])]

from infra.build.template import ROOT  # noqa: E402 - the path comes first

from bench import bill, plots, results, targets  # noqa: E402
from bench.cases import CASES, COLD_48, COMPETITORS, OURS, WARM_48, Case  # noqa: E402
from bench.driver import Run  # noqa: E402

PAGE = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- measured -->", "<!-- /measured -->"
SUBJECTS = ("compare", "memory", "startup")


def _plots(compared: dict[str, Any]) -> dict[str, str]:
    """The drawings of the page, by file name."""
    drawn = {}
    for case in (WARM_48, COLD_48):
        if case.name in compared:
            runs = compared[case.name]["is"]
            drawn[f"{case.name}-wall.svg"] = plots.bars(f"{_told(case)}: wall time", "ms", _rows(runs, "wall", 1000.0))
            drawn[f"{case.name}-cpu.svg"] = plots.bars(
                f"{_told(case)}: CPU per image", "ms", _rows(runs, "cpu", 1000.0 / case.images)
            )
    return drawn


def _told(case: Case) -> str:
    how = "cold connections over TLS" if case.cold else f"warm, {case.scheme}"
    return f"{case.images} images of {case.size // 1000} KB, {how}"


def _rows(runs: dict[str, list[dict[str, float]]], figure: str, factor: float) -> list[plots.Bar]:
    rows = []
    for competitor in COMPETITORS:
        if taken := [run[figure] * factor for run in runs.get(competitor.name, ())]:
            own = competitor.name == OURS
            rows.append(plots.Bar(competitor.title, median(taken), min(taken), max(taken), own=own))
    return rows


def tables(found: dict[str, dict[str, Any]]) -> str:
    """Everything that was measured, in Markdown."""
    parts = [targets.ratios(found), *filter(None, [bill.table(found["compare"])])]
    for case in CASES:
        if measured := found["compare"].get(case.name):
            taken = {name: [Run(**run) for run in runs] for name, runs in measured["is"].items()}
            parts += [results.table(case, taken), f"\n{measured['on']}, {measured['at']}"]
            parts += [f"\n![{_told(case)}](performance/{name})" for name in _plots({case.name: measured})]
    if starts := found["startup"].get("starts"):
        parts += [results.starts_table(starts["is"]), f"\n{starts['on']}, {starts['at']}"]
    return "\n\n".join(part.strip() for part in parts)


def _write(text: str, drawn: dict[str, str]) -> None:
    head, _, rest = PAGE.read_text().partition(BEGIN)
    PAGE.write_text(f"{head}{BEGIN}\n{text}\n{END}{rest.partition(END)[2]}")
    directory = PAGE.parent / "performance"
    directory.mkdir(exist_ok=True)
    for name, drawing in drawn.items():
        (directory / name).write_text(drawing)


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--write", action="store_true")
    asked = options.parse_args()
    found = {subject: results.load(subject) for subject in SUBJECTS}
    if asked.write:
        _write(tables(found), _plots(found["compare"]))
    print(targets.table(found))
    return 1 if any("missed" in target.verdict(found) for target in targets.TARGETS) else 0


if __name__ == "__main__":
    sys.exit(main())
