"""Histogram: how often integers of each size occur. Its memory does not grow with their number."""

from bisect import bisect_right
from math import ceil

_DECADES = 16
_STEPS = 20
"""Steps in a factor of 10: each is 12 % wide."""

_BOUNDS: list[int] = [0] + [digit * 10**decade for decade in range(_DECADES) for digit in (1, 2, 5)]
_EDGES: list[int] = sorted({*_BOUNDS, *(ceil(10 ** (step / _STEPS)) for step in range(_DECADES * _STEPS))})
"""The lowest value of each step. Those below 10 have a step each, and no step crosses a bound."""


class Histogram:
    """Counts integers from 0 on. Its quantiles are off by at most 6 %; those of one value are exact."""

    __slots__ = ("_steps", "highest", "lowest", "total")

    def __init__(self) -> None:
        """Start without values."""
        self._steps: dict[int, int] = {}
        self.total = 0
        self.lowest = 0
        self.highest = 0

    def add(self, value: int) -> None:
        step = bisect_right(_EDGES, value) - 1
        self._steps[step] = self._steps.get(step, 0) + 1
        self.total += 1
        self.highest = max(self.highest, value)
        self.lowest = value if self.total == 1 else min(self.lowest, value)

    def quantile(self, share: float) -> int | None:
        """Return the value that this share of the values does not exceed (0.5: the median); None without values."""
        rank = max(1, ceil(share * self.total))
        for step in sorted(self._steps):
            rank -= self._steps[step]
            if rank <= 0:
                return min(max(_middle(step), self.lowest), self.highest)
        return None

    def columns(self, least: int = 1) -> list[tuple[int, int]]:
        """Return pairs of a bound (0, 1, 2, 5, 10, 20, …) and the number of values from it to the next one.

        Args:
            least: the number of pairs that are there at least, if there is any value; some may have no values.
        """
        totals: dict[int, int] = {}
        for step, number in self._steps.items():
            column = bisect_right(_BOUNDS, _EDGES[step]) - 1
            totals[column] = totals.get(column, 0) + number
        if not totals:
            return []
        first = max(0, min(totals) - max(0, least - 1 - max(totals) + min(totals)) // 2)
        columns = range(first, max(max(totals) + 1, first + least))
        return [(_BOUNDS[column], totals.get(column, 0)) for column in columns if column < len(_BOUNDS)]


def _middle(step: int) -> int:
    following = _EDGES[step + 1] if step + 1 < len(_EDGES) else _EDGES[step] + 1
    return (_EDGES[step] + following - 1) // 2
