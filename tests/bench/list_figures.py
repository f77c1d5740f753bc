"""The figures of list_run.py: medians of the runs of each program, and the table that shows them."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from bench.list_programs import PROGRAMS

IMAGES = 10_000
SIZES = (20_000, 150_000)

type Runs = Sequence[Mapping[str, float]]
"""The runs of one program: `asdict` of each `ListRun`."""


@dataclass(frozen=True, slots=True)
class ListRun:
    """What one run of a program cost, and what it kept.

    Attributes:
        wall: seconds of the whole command.
        cpu: seconds of CPU of all its processes.
        server: seconds of CPU of the origins.
        peak_mib: memory of all its processes at its peak, in MiB.
        same: see `KeptFiles`, like `changed`, `damaged` and `missing`.
    """

    wall: float
    cpu: float
    server: float
    peak_mib: float
    same: int
    changed: int
    damaged: int
    missing: int


def case_name(size: int, images: int = IMAGES) -> str:
    """Return the name of a case in the results."""
    return f"{images}x{size // 1000}KB"


def of_runs(images: int, runs: Runs) -> dict[str, float]:
    """Return the medians of the runs of a program, and the largest number of files of each kind."""
    rates = [images / run["wall"] for run in runs]
    kinds = ("same", "changed", "damaged", "missing")
    return {
        "runs": len(runs),
        "rate": round(median(rates)),
        "rate_min": round(min(rates)),
        "rate_max": round(max(rates)),
        "cpu_ms": round(median(run["cpu"] for run in runs) * 1000 / images, 3),
        "server_ms": round(median(run["server"] for run in runs) * 1000 / images, 3),
        "peak_mib": round(median(run["peak_mib"] for run in runs)),
        **{kind: int(max(run[kind] for run in runs)) for kind in kinds},
    }


def as_results(runs: Mapping[str, Sequence[ListRun]]) -> dict[str, Any]:
    """Return the runs of a case as `results.save` keeps them."""
    return {name: [asdict(run) for run in of_program] for name, of_program in runs.items()}


def ratio(programs: Mapping[str, Runs], one: str, other: str, figure: str) -> float | None:
    """Return the median figure of one program divided by that of the other; None where one was not measured."""
    if not programs.get(one) or not programs.get(other):
        return None
    return median(run[figure] for run in programs[one]) / median(run[figure] for run in programs[other])


def table(images: int, size: int, figures: Mapping[str, Mapping[str, float]]) -> str:
    """Return `of_runs` of each program as a table in Markdown."""
    columns = [
        f"{images:,} images of {size // 1000} KB",
        "images a second",
        "lowest to highest",
        "CPU ms per image",
        "origins' CPU",
        "memory MiB",
        "kept as sent",
        "kept in other bytes",
        "damaged, kept",
    ]
    lines = [f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]
    lines += [
        f"| {program.title} | {row['rate']:,} | {row['rate_min']:,} to {row['rate_max']:,} | {row['cpu_ms']:.2f} "
        f"| {row['server_ms']:.2f} | {row['peak_mib']} | {row['same']:,} | {row['changed']:,} | {row['damaged']} |"
        for program in PROGRAMS
        if (row := figures.get(program.name))
    ]
    return "\n".join(lines)
