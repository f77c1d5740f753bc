"""Counters whose memory is bounded, for tables with any number of rows and any text in them."""

from heapq import nlargest


class BoundedCounter:
    """Counts texts. Of more than twice the limit, it keeps those with the largest counts.

    Attributes:
        counts: the kept texts. If texts were dropped, one that came again afterwards may have too low a count.
        dropped: how many of the counted texts have no count of their own.
    """

    __slots__ = ("_limit", "counts", "dropped")

    def __init__(self, limit: int) -> None:
        """Keep at least `limit` texts."""
        self._limit = limit
        self.counts: dict[str, int] = {}
        self.dropped = 0

    def add(self, text: str, number: int = 1) -> None:
        self.counts[text] = self.counts.get(text, 0) + number
        if len(self.counts) > 2 * self._limit:
            before = self.total
            self.counts = dict(nlargest(self._limit, self.counts.items(), key=lambda item: item[1]))
            self.dropped += before - self.total

    @property
    def total(self) -> int:
        """The sum of the counts that are kept."""
        return sum(self.counts.values())

    def largest(self, number: int) -> list[tuple[str, int]]:
        """Return the texts with the largest counts, the largest first; equal counts in the order of the texts."""
        return sorted(self.counts.items(), key=lambda item: (-item[1], item[0]))[:number]


class DistinctCounter:
    """Counts different texts: exactly up to the limit, and then from a sample of them.

    The sample holds the texts whose hash ends in a number of zero bits, which grows (Wegman's adaptive sampling;
    P. Flajolet, Computing 43, 1990). With a limit of 32,768, the standard error is 0.7 %.
    """

    __slots__ = ("_limit", "_mask", "_sample")

    def __init__(self, limit: int) -> None:
        """Hold at most `limit` hashes."""
        self._limit = limit
        self._mask = 0
        self._sample: set[int] = set()

    def add(self, text: str) -> None:
        value = hash(text)
        if value & self._mask:
            return
        self._sample.add(value)
        while len(self._sample) > self._limit:
            self._mask = 2 * self._mask + 1
            self._sample = {kept for kept in self._sample if not kept & self._mask}

    @property
    def total(self) -> int:
        return len(self._sample) * (self._mask + 1)

    @property
    def is_exact(self) -> bool:
        return self._mask == 0
