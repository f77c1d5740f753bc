"""The targets of the benchmark: ratios of medians within one run, so that they hold on any machine."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any

from bench import known_figures, list_figures
from bench.cases import CALLERS_TODAY, COLD_48, LARGE_48, OURS, WARM_48, WARM_4800, Case
from bench.known_figures import LATER_FILES, SAME_FILE
from bench.list_programs import IMG2DATASET

type Results = Mapping[str, Mapping[str, Any]]
"""The measured figures by subject (`compare`, `known`, `lists`, `memory`, `startup`) and name: see `results.save`."""

FLOOR_SECONDS = 0.090
"""The delays of the servers: one image from the origin and into S3, then the receipt. No program can be faster."""

S3_PUT_MS = 20.0
"""The delay of the S3 stand-in: a File without a request to the origin still has its receipt."""


@dataclass(frozen=True, slots=True)
class Target:
    """A figure and its upper limits.

    Attributes:
        name: for tables.
        must: the limit that a release has to meet.
        goal: the limit to aim for.
        measured: finds the figure in the results; None where it was not measured.
    """

    name: str
    must: float
    goal: float
    measured: Callable[[Results], float | None]

    def row(self, results: Results) -> str:
        found = self.measured(results)
        shown = "not measured" if found is None else f"{found:.2f}"
        return f"| {self.name} | {self.must:g} | {self.goal:g} | {shown} | {self.verdict(results)} |"

    def verdict(self, results: Results) -> str:
        """Return the strictest limit that the figure meets: `goal`, `must` or `**missed**`; empty without a figure."""
        found = self.measured(results)
        if found is None:
            return ""
        if found <= self.goal:
            return "goal"
        return "must" if found <= self.must else "**missed**"


def table(results: Results) -> str:
    """Return every target and its figure as a table, in Markdown."""
    head = ["| | must | goal | measured | reached |", "|---|---|---|---|---|"]
    return "\n".join([*head, *(target.row(results) for target in TARGETS)])


def ratios(results: Results) -> str:
    """Return the measured figure of every target as a table, in Markdown."""
    measured = [(target.name, target.measured(results)) for target in TARGETS]
    rows = [f"| {name} | {found:.2f} |" for name, found in measured if found is not None]
    return "\n".join(["| ours by the others, medians | |", "|---|---|", *rows])


def _median_of(results: Results, case: Case, name: str, figure: str) -> float | None:
    runs = results.get("compare", {}).get(case.name, {}).get("is", {}).get(name)
    return median(run[figure] for run in runs) if runs else None


def _ratio_to_best(case: Case, others: Iterable[str], figure: str = "wall") -> Callable[[Results], float | None]:
    """Return a function that divides our median by the best median of the others."""

    def measured(results: Results) -> float | None:
        ours = _median_of(results, case, OURS, figure)
        theirs = [found for name in others if (found := _median_of(results, case, name, figure))]
        return ours / min(theirs) if ours and theirs else None

    return measured


def _ratio_to_floor(results: Results) -> float | None:
    ours = _median_of(results, WARM_48, OURS, "wall")
    return None if ours is None else ours / FLOOR_SECONDS


def _cpu_ratio_of_many_images(results: Results) -> float | None:
    many, few = _median_of(results, WARM_4800, OURS, "cpu"), _median_of(results, WARM_48, OURS, "cpu")
    return many / WARM_4800.images / (few / WARM_48.images) if many and few else None


def _memory_over_budget(results: Results) -> float | None:
    found = results.get("memory", {}).get("1000x2MB", {}).get("is")
    return None if found is None else float(found["beyond_imports_mib"]) - float(found["budget_mib"])


def _same_file(place: str, figure: str) -> Callable[[Results], float | None]:
    """Return a function that finds a figure of the File that was ingested again (`known_figures.of_same_file`)."""

    def measured(results: Results) -> float | None:
        found = results.get("known", {}).get(SAME_FILE, {}).get("is")
        return float(known_figures.of_same_file(found)[place][figure]) if found else None

    return measured


def _same_file_ratio(place: str, figure: str, *, scale: float = 1.0) -> Callable[[Results], float | None]:
    """Return a function that divides a figure of the File that was ingested again by that of the first time."""

    def measured(results: Results) -> float | None:
        again, first = _same_file(place, figure)(results), _same_file("first", figure)(results)
        return again / first * scale if again is not None and first else None

    return measured


def _gets_without_condition(results: Results) -> float | None:
    gets, conditional = (_same_file("elsewhere", figure)(results) for figure in ("gets", "conditional_gets"))
    return gets - conditional if gets is not None and conditional is not None else None


def _fresh_wall_ratio(results: Results) -> float | None:
    wall = _same_file("fresh", "wall_ms")(results)
    return wall / S3_PUT_MS if wall else None


def _percent_added(figure: str) -> Callable[[Results], float | None]:
    """Return a function that finds the percent that KNOWN_IMAGES=on adds to Files of which nothing is known."""

    def measured(results: Results) -> float | None:
        found = results.get("known", {}).get(LATER_FILES, {}).get("is")
        return float(known_figures.of_pairs(found)[f"{figure}_percent"][0]) if found else None

    return measured


def _list_runs(results: Results, size: int) -> Mapping[str, list_figures.Runs]:
    found: Mapping[str, list_figures.Runs] = (
        results.get("lists", {}).get(list_figures.case_name(size), {}).get("is", {})
    )
    return found


def _list_ratio(size: int, figure: str) -> Callable[[Results], float | None]:
    """Return a function that divides our figure of a list of images by that of img2dataset."""
    return lambda results: list_figures.ratio(_list_runs(results, size), OURS, IMG2DATASET, figure)


def _damaged_images(results: Results) -> float | None:
    """Return how many damaged images we kept in all runs of all lists."""
    runs = [run for size in list_figures.SIZES for run in _list_runs(results, size).get(OURS, [])]
    return sum(run["damaged"] for run in runs) if runs else None


def _cold_start_ratio(figure: str, other: str) -> Callable[[Results], float | None]:
    def measured(results: Results) -> float | None:
        found = results.get("startup", {}).get("starts", {}).get("is", {})
        if OURS not in found or other not in found:
            return None
        return float(median(found[OURS][figure]) / median(found[other][figure]))

    return measured


TARGETS = (
    Target("48 warm: wall / best of the five ways of today", 0.16, 0.12, _ratio_to_best(WARM_48, CALLERS_TODAY)),
    Target(
        "48 warm: wall / thread pool with one shared client", 0.45, 0.33, _ratio_to_best(WARM_48, ["pool_with_client"])
    ),
    Target("48 warm: wall / (aiohttp + aiobotocore)", 0.95, 0.80, _ratio_to_best(WARM_48, ["aiohttp_aiobotocore"])),
    Target("48 warm: wall / (aiohttp + obstore)", 1.35, 1.0, _ratio_to_best(WARM_48, ["aiohttp_obstore"])),
    Target("48 warm: wall / the floor of 90 ms", 1.35, 1.2, _ratio_to_floor),
    Target(
        "48 warm: CPU / (aiohttp + aiobotocore)", 0.85, 0.55, _ratio_to_best(WARM_48, ["aiohttp_aiobotocore"], "cpu")
    ),
    Target("48 warm: CPU / (aiohttp + obstore)", 1.2, 1.0, _ratio_to_best(WARM_48, ["aiohttp_obstore"], "cpu")),
    Target("48 of 2 MB: wall / (aiohttp + aiobotocore)", 1.0, 0.85, _ratio_to_best(LARGE_48, ["aiohttp_aiobotocore"])),
    Target(
        "48 cold over TLS: wall / (aiohttp + aiobotocore)", 0.95, 0.75, _ratio_to_best(COLD_48, ["aiohttp_aiobotocore"])
    ),
    Target("48 again: PUTs", 1, 1, _same_file("again", "s3_puts")),
    Target(
        "48 again: bytes from the origin, % of the first time",
        1,
        0.2,
        _same_file_ratio("again", "origin_bytes", scale=100),
    ),
    Target("48 again: wall / the first time", 0.75, 0.7, _same_file_ratio("again", "wall_ms")),
    Target("48 again: CPU / the first time", 0.5, 0.35, _same_file_ratio("again", "cpu_ms")),
    Target("48 again, another environment: PUTs", 1, 1, _same_file("elsewhere", "s3_puts")),
    Target("48 again, another environment: GETs without a condition", 0, 0, _gets_without_condition),
    Target("48 again, REFRESH=fresh: wall / one PUT of 20 ms", 1.5, 1.25, _fresh_wall_ratio),
    Target("48 of which nothing is known: wall added by KNOWN_IMAGES=on, %", 3, 1, _percent_added("wall")),
    Target("48 of which nothing is known: CPU added by KNOWN_IMAGES=on, %", 3, 1, _percent_added("cpu")),
    Target("list of 20 KB: wall / img2dataset", 0.333, 0.2, _list_ratio(20_000, "wall")),
    Target("list of 20 KB: CPU / img2dataset", 0.333, 0.2, _list_ratio(20_000, "cpu")),
    Target("list of 150 KB: wall / img2dataset", 0.4, 0.2, _list_ratio(150_000, "wall")),
    Target("list of 150 KB: CPU / img2dataset", 0.4, 0.2, _list_ratio(150_000, "cpu")),
    Target("lists: damaged images that were kept", 0, 0, _damaged_images),
    Target("CPU of an image, 4,800 / 48", 1.1, 1.0, _cpu_ratio_of_many_images),
    Target("1,000 images of 2 MB: MiB beyond imports and budget", 48, 24, _memory_over_budget),
    Target(
        "INIT / (boto3 client, Powertools logger), plain sam build",
        1.0,
        0.6,
        _cold_start_ratio("init", "client_and_logger"),
    ),
    Target(
        "cold start to response, 3 images / AsyncClient and gather, plain sam build",
        0.5,
        0.35,
        _cold_start_ratio("cold", "httpx_gather"),
    ),
)
