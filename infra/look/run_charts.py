"""Histograms of a run's page, as values for its template: columns of a height from 0 to 1, and a text alternative."""

from collections.abc import Callable
from typing import NamedTuple

from infra.look.histogram import Histogram
from infra.look.run_format import format_ms
from infra.look.safe_text import format_bytes


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


def _draw(title: str, values: Histogram, form: Callable[[int], str]) -> Chart:
    columns = values.columns()
    highest = max((number for _, number in columns), default=0) or 1
    quantiles = [("half at most", 0.5), ("95 % at most", 0.95)]
    facts = [(name, form(value)) for name, share in quantiles if (value := values.quantile(share)) is not None]
    facts += [("largest", form(values.highest))] if columns else []
    told = ", ".join(" ".join(fact) for fact in facts)
    return Chart(
        title=title,
        columns=[_draw_column(bound, number, highest, form) for bound, number in columns],
        facts=facts,
        description=f"{title}, of {values.total:,} images: {told}.",
    )


def _draw_column(bound: int, number: int, highest: int, form: Callable[[int], str]) -> Column:
    is_decade = str(bound).startswith("1") or bound == 0
    return Column(form(bound) if is_decade else "", f"from {form(bound)}: {number:,}", number / highest)
