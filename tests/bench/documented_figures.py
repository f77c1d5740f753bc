"""The measured figures that the documentation shows: docs/performance/measured.json, the one place that holds them.

`report.py --write` puts the latest results of this machine into that file and writes the pages from it.

Shape of a summary, each part empty where nothing was measured:
    compare   by case: `on`, `at`, `runs`, and by program medians: `wall_ms`, `cpu_ms` and `server_ms` per image, …
    known     by name `on` and `at`; of the same File by place its medians and requests, of pairs of processes what
              KNOWN_IMAGES=on adds: see `known_figures`
    lists     by case: `on`, `at`, and by program what `list_figures.of_runs` returns
    startup   `on`, `at`, and by function medians: `init_ms`, `cold_ms`
    memory    `on`, `at`, and MiB: `imports_mib`, `peak_mib`, `beyond_imports_mib`, `budget_mib`
    load      `on`, `at`, `files`, and by name the value of the first and of the last period
    ratios    by target: our figure divided by the other one
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from statistics import median
from typing import Any

from infra.build.template_file import ROOT

from bench import known_figures, list_figures
from bench.cases import CASES, Case
from bench.competitor_process import Run
from bench.known_figures import FIRST_FILES, LATER_FILES, SAME_FILE
from bench.speed_goals import TARGETS

PATH = ROOT / "docs" / "performance" / "measured.json"
PARTS = ("compare", "known", "lists", "startup", "memory", "load", "ratios")

type Summary = dict[str, Any]
type Row = dict[str, float]


def read() -> Summary:
    """Return the summary that the documentation was written from."""
    kept: Summary = json.loads(PATH.read_text())
    return kept


def write(summary: Summary) -> None:
    PATH.write_text(as_text(summary))


def as_text(summary: Summary) -> str:
    """Return the summary as JSON, one line for each innermost object."""
    return _rendered(summary, 0) + "\n"


def _rendered(value: object, depth: int) -> str:
    if not isinstance(value, dict) or not any(isinstance(item, dict) for item in value.values()):
        return json.dumps(value)
    inner = " " * (depth + 1)
    items = [f"{inner}{json.dumps(name)}: {_rendered(item, depth + 1)}" for name, item in value.items()]
    return "{\n" + ",\n".join(items) + "\n" + " " * depth + "}"


def updated(kept: Summary, results: Mapping[str, Mapping[str, Any]]) -> Summary:
    """Return the summary with everything in `results` put in place of what it held.

    Args:
        kept: the summary so far.
        results: by subject what `results.load` returns.
    """
    fresh = {part: dict(kept.get(part, {})) for part in PARTS}
    for case in CASES:
        if measured := results["compare"].get(case.name):
            programs = {name: of_runs(case, [Run(**run) for run in runs]) for name, runs in measured["is"].items()}
            count = len(next(iter(measured["is"].values())))
            fresh["compare"][case.name] = {**_origin(measured), "runs": count, "programs": programs}
    fresh["known"] |= _known(results["known"])
    fresh["lists"] |= _lists(results["lists"])
    if measured := results["startup"].get("starts"):
        programs = {name: of_starts(figures) for name, figures in measured["is"].items()}
        fresh["startup"] = {**_origin(measured), "programs": programs}
    if measured := results["memory"].get("1000x2MB"):
        fresh["memory"] = {**_origin(measured), **{name: round(mib, 1) for name, mib in measured["is"].items()}}
    if measured := results["load"].get("200 Files"):
        values = {name: [round(value) for value in pair] for name, pair in measured["is"].items()}
        fresh["load"] = {**_origin(measured), "files": 200, "values": values}
    fresh["ratios"] = _ratios(fresh["ratios"], results)
    return fresh


def _known(results: Mapping[str, Any]) -> Summary:
    summary: Summary = {}
    if measured := results.get(SAME_FILE):
        places = known_figures.of_same_file(measured["is"])
        rounded = {place: {name: round(value, 3) for name, value in row.items()} for place, row in places.items()}
        summary[SAME_FILE] = {**_origin(measured), "rounds": len(measured["is"]["first"]), "places": rounded}
    for name in (FIRST_FILES, LATER_FILES):
        if measured := results.get(name):
            summary[name] = {**_origin(measured), **known_figures.of_pairs(measured["is"])}
    return summary


def _lists(results: Mapping[str, Any]) -> Summary:
    summary: Summary = {}
    for size in list_figures.SIZES:
        if measured := results.get(name := list_figures.case_name(size)):
            programs = {
                title: list_figures.of_runs(list_figures.IMAGES, runs) for title, runs in measured["is"].items()
            }
            summary[name] = {**_origin(measured), "programs": programs}
    return summary


def _ratios(kept: Row, results: Mapping[str, Mapping[str, Any]]) -> Row:
    """Return the measured figure of each target, or the kept one; other figures are of targets that no longer exist."""
    measured = {target.name: target.measured(results) for target in TARGETS}
    figures = {name: kept.get(name) if figure is None else round(figure, 2) for name, figure in measured.items()}
    return {name: figure for name, figure in figures.items() if figure is not None}


def _origin(measured: Mapping[str, Any]) -> dict[str, str]:
    return {"on": measured["on"], "at": measured["at"]}


def of_runs(case: Case, runs: Sequence[Run]) -> Row:
    """Return the medians and the spread of the runs of one program."""
    walls = [run.wall * 1000 for run in runs]
    cpus = [run.cpu * 1000 / case.images for run in runs]
    return {
        **_spread("wall", walls, 1),
        **_spread("cpu", cpus, 3),
        "server_ms": round(median(run.server for run in runs) * 1000 / case.images, 3),
        "memory_mib": round(median(run.memory for run in runs), 1),
    }


def of_starts(figures: Mapping[str, Iterable[float]]) -> Row:
    """Return the medians and the spread of the starts of one function; `figures` are seconds."""
    init = [seconds * 1000 for seconds in figures["init"]]
    return {**_spread("init", init, 1), "cold_ms": round(median(figures["cold"]) * 1000, 1)}


def _spread(name: str, values: Sequence[float], digits: int) -> Row:
    middle, low, high = (round(value, digits) for value in (median(values), min(values), max(values)))
    return {f"{name}_ms": middle, f"{name}_min_ms": low, f"{name}_max_ms": high}
