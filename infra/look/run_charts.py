"""Histograms of a run's page, as values for its template: columns of a height from 0 to 1, and a text alternative."""

from collections.abc import Callable
from typing import NamedTuple

from infra.look.figures import format_bytes, format_ms
from infra.look.histogram import Histogram

_LEAST_COLUMNS = 6
_ALL_LABELED = 7


class Column(NamedTuple):
    """A column of a chart. Only some have a label; `title` describes all."""

    label: str
    title: str
    height: float


class Chart(NamedTuple):
    """A histogram, and its text alternative."""

    title: str
    columns: list[Column]
    facts: list[tuple[str, str]]
    description: str


def draw_times(times: Histogram) -> Chart:
    """Return the histogram of milliseconds."""
    return _draw("Time of an image", times, format_ms)


def draw_sizes(sizes: Histogram) -> Chart:
    """Return the histogram of bytes."""
    return _draw("Size of an image", sizes, lambda size: format_bytes(size).replace(".0 ", " "))


def _draw(title: str, values: Histogram, format_value: Callable[[int], str]) -> Chart:
    columns = values.columns(_LEAST_COLUMNS)
    highest = max((number for _, number in columns), default=0) or 1
    quantiles = [("half at most", 0.5), ("95 % at most", 0.95)]
    facts = [(name, format_value(value)) for name, share in quantiles if (value := values.quantile(share)) is not None]
    facts += [("largest", format_value(values.highest))] if columns else []
    text = ", ".join(" ".join(fact) for fact in facts)
    return Chart(
        title=title,
        columns=[
            Column(
                _label(bound, len(columns), format_value), f"from {format_value(bound)}: {number:,}", number / highest
            )
            for bound, number in columns
        ],
        facts=facts,
        description=f"{title}, of {values.total:,} images: {text}.",
    )


def _label(bound: int, columns: int, format_value: Callable[[int], str]) -> str:
    """Return the label of a column: empty if there are many, unless its bound is 0 or a power of 10."""
    return format_value(bound) if columns <= _ALL_LABELED or bound == 0 or str(bound).startswith("1") else ""
