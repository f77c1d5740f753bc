"""Draws bar charts with the spread of each bar, as SVG."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

_WIDTH, _LABEL, _FIGURE = 860, 300, 90
_ROW, _BAR = 26, 16
_TOP, _BOTTOM = 44, 14

_DRAWING = """<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}"
 font-family="sans-serif" font-size="13" fill="#222222" role="img" aria-label="{title}">
<rect width="{width}" height="{height}" fill="#ffffff"/>
<text x="12" y="24" font-size="15" font-weight="bold">{title}</text>
{rows}
</svg>
"""

_BAR_OF_ROW = """<g{weight}>
<text x="{label_end}" y="{baseline:g}" text-anchor="end">{label}</text>
<rect x="{start}" y="{top}" width="{length:.1f}" height="{thickness}" fill="{colour}"/>
<path d="M{low:.1f} {middle:g}H{high:.1f}" stroke="#444444" stroke-width="1.5"/>
<text x="{figure_start:.1f}" y="{baseline:g}">{figure}</text>
</g>"""


@dataclass(frozen=True, slots=True)
class Bar:
    """One competitor: its median, lowest and highest figure."""

    label: str
    median: float
    low: float
    high: float
    own: bool = False


def bars(title: str, unit: str, rows: Sequence[Bar]) -> str:
    """Return a chart as SVG, the shortest bar on top."""
    scale = (_WIDTH - _LABEL - _FIGURE) / max((row.high for row in rows), default=1.0)
    drawn = [_row(row, unit, scale, _TOP + _ROW * place) for place, row in enumerate(sorted(rows, key=_by_median))]
    return _DRAWING.format(
        width=_WIDTH, height=_TOP + _ROW * len(rows) + _BOTTOM, title=escape(title), rows="\n".join(drawn)
    )


def _by_median(row: Bar) -> float:
    return row.median


def _row(row: Bar, unit: str, scale: float, top: int) -> str:
    middle = top + _BAR / 2
    low, high = _LABEL + row.low * scale, _LABEL + row.high * scale
    return _BAR_OF_ROW.format(
        label_end=_LABEL - 8,
        label=escape(row.label),
        weight=' font-weight="bold"' if row.own else "",
        baseline=middle + 4.5,
        start=_LABEL,
        top=top,
        length=max(1.0, row.median * scale),
        thickness=_BAR,
        colour="#1f6f8b" if row.own else "#b8c4cc",
        low=low,
        high=high,
        middle=middle,
        figure_start=high + 6,
        figure=f"{_figure(row.median)} {escape(unit)}",
    )


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
