"""The figures of known_images.py: medians, requests, and what KNOWN_IMAGES=on adds where nothing is known."""

from collections.abc import Mapping, Sequence
from math import sqrt
from statistics import median
from typing import Any

from bench.cases import WARM_48
from bench.request_counts import total

type Measured = dict[str, Any]
"""The cost of one File: the fields of `Run`, and `counts`, the requests that the servers counted."""

type Pairs = list[Mapping[str, Sequence[Measured]]]
"""For each pair of processes the Files of the one with KNOWN_IMAGES=`on`, and of the one with `off`."""

SAME_FILE, FIRST_FILES, LATER_FILES = "the same File", "first Files", "later Files"
"""The names of the results."""

PLACES = {
    "first": "new images",
    "again": "the same File again, in the same environment",
    "elsewhere": "the same File, in another warm environment",
    "fresh": "the same File again, `REFRESH=fresh`",
}
"""Where a File was ingested, with titles for tables."""

WAITING_FILES = 8
"""The Files of which nothing is known after which an environment no longer waits for what S3 knows of the next one."""

_REQUESTS = {
    "gets": ("origin plain GET", "origin conditional GET"),
    "conditional_gets": ("origin conditional GET",),
    "origin_bytes": ("origin bytes sent",),
    "s3_puts": ("s3 PUT",),
    "s3_heads": ("s3 HEAD",),
    "s3_gets": ("s3 GET",),
}
_HALF_WIDTH = 1.96
"""Standard deviations of a normal distribution between which 95 % of it lie, in each direction."""


def of_same_file(measured: Mapping[str, Sequence[Measured]]) -> dict[str, dict[str, float]]:
    """Return for each place the medians of time, and the largest number of requests and bytes of any round."""
    return {place: _of_place(costs) for place, costs in measured.items()}


def _of_place(costs: Sequence[Measured]) -> dict[str, float]:
    walls = [cost["wall"] * 1000 for cost in costs]
    return {
        "wall_ms": median(walls),
        "wall_min_ms": min(walls),
        "wall_max_ms": max(walls),
        "cpu_ms": median(cost["cpu"] for cost in costs) * 1000 / WARM_48.images,
        **{name: max(total(cost["counts"], *names) for cost in costs) for name, names in _REQUESTS.items()},
    }


def of_pairs(pairs: Pairs) -> dict[str, Any]:
    """Return what KNOWN_IMAGES=on adds to wall and CPU time, in percent: the median of all pairs and its interval.

    The figure of a pair of processes is the median ratio of two Files that were ingested one after the other.
    """
    return {
        "pairs": len(pairs),
        "files": len(pairs[0]["on"]),
        **{f"{figure}_percent": [round(value, 2) for value in _added(pairs, figure)] for figure in ("wall", "cpu")},
    }


def _added(pairs: Pairs, figure: str) -> tuple[float, float, float]:
    ratios = [[on[figure] / off[figure] for on, off in zip(pair["on"], pair["off"], strict=True)] for pair in pairs]
    return median_interval([(median(of_pair) - 1) * 100 for of_pair in ratios])


def median_interval(values: Sequence[float]) -> tuple[float, float, float]:
    """Return the median, and the bounds between which the true median lies with 95 % confidence.

    The bounds are values of the sample: the number of values below the true median has a binomial distribution, here
    approximated by the normal one (Conover, Practical Nonparametric Statistics, 3.2).
    """
    ordered = sorted(values)
    beyond = max(0, int((len(ordered) - _HALF_WIDTH * sqrt(len(ordered))) / 2))
    return median(ordered), ordered[beyond], ordered[-1 - beyond]


def same_file_table(figures: Mapping[str, Mapping[str, float]]) -> str:
    """Return `of_same_file` as a table in Markdown."""
    times = ["wall ms", "lowest to highest", "CPU ms per image"]
    requests = ["GETs of the origin", "conditional", "KB from the origin", "S3 PUT", "HEAD", "GET"]
    columns = ["48 images of 150 KB", *times, *requests]
    lines = [f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]
    lines += [
        f"| {PLACES[place]} | {row['wall_ms']:.0f} | {row['wall_min_ms']:.0f} to {row['wall_max_ms']:.0f} "
        f"| {row['cpu_ms']:.2f} | {row['gets']} | {row['conditional_gets']} | {row['origin_bytes'] / 1000:,.0f} "
        f"| {row['s3_puts']} | {row['s3_heads']} | {row['s3_gets']} |"
        for place, row in figures.items()
    ]
    return "\n".join(lines)


def added_table(figures: Mapping[str, Mapping[str, Any]]) -> str:
    """Return `of_pairs` of several results as a table in Markdown."""
    titles = {
        FIRST_FILES: f"Files 2 to {WAITING_FILES} of an environment",
        LATER_FILES: "later Files",
    }
    lines = ["| added by `KNOWN_IMAGES=on` | wall | 95 % interval | CPU | 95 % interval |", "|---|---|---|---|---|"]
    lines += [
        f"| {titles[name]} | {_percents(row['wall_percent'])} | {_percents(row['cpu_percent'])} |"
        for name, row in figures.items()
    ]
    return "\n".join(lines)


def _percents(values: Sequence[float]) -> str:
    middle, low, high = values
    return f"{middle:+.1f} % | {low:+.1f} to {high:+.1f} %"
