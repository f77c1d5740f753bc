"""What a run's table says of each origin: images, failures, bytes and times; of a bounded number of origins."""

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from heapq import nlargest

from infra.look.bounded_counter import BoundedCounter
from infra.look.histogram import Histogram
from infra.look.table_row import TableRow
from intake.model.error_codes import IntakeError
from intake.model.url import Url

MAX_ORIGINS = 20_000
"""Origins that are held at least; twice as many before some are dropped. Each takes about a kilobyte."""

NO_ORIGIN = ""
"""The name of the origin of texts that are no URL."""

MIN_TIMES = 5
"""Times that an origin needs to be called slow: a single one says little."""

_MAX_CODES = 20
_SEEN_BITS = 2**23
_AUTHORITY = re.compile(r"(?:https?|s3)://[^/?#\\]*", re.IGNORECASE)


class OriginStatistics:
    """The images of one origin.

    Attributes:
        name: host, and the port if it is not the default of the scheme.
        images: all rows of this origin.
        failed: those that are not stored.
        bytes: the sum of the stored ones.
        times: milliseconds of those for which the origin was asked.
        codes: why images failed.
        is_partial: whether earlier rows of this origin may have been dropped, so that every number is a lower bound.
    """

    __slots__ = ("bytes", "codes", "failed", "images", "is_partial", "name", "times")

    def __init__(self, name: str, *, is_partial: bool = False) -> None:
        """Start without images."""
        self.name = name
        self.images = 0
        self.failed = 0
        self.bytes = 0
        self.times = Histogram()
        self.codes: BoundedCounter | None = None
        self.is_partial = is_partial

    def add(self, row: TableRow) -> None:
        self.images += 1
        if row.status == "stored":
            self.bytes += row.bytes or 0
        else:
            self.failed += 1
            self.codes = self.codes or BoundedCounter(_MAX_CODES)
            self.codes.add(row.code)
        if row.elapsed_ms is not None and row.attempts != 0:  # 0: the origin was not asked
            self.times.add(row.elapsed_ms)

    @property
    def main_code(self) -> str:
        """The code of most of its failures; empty if nothing failed."""
        return self.codes.largest(1)[0][0] if self.codes else ""


class Origins:
    """The origins of a run.

    Attributes:
        held: by name.
        dropped: origins that were dropped, counted once; too few of them if there are millions.
        dropped_images: the images of these.
        dropped_failed: their images that are not stored.
    """

    def __init__(self, limit: int = MAX_ORIGINS) -> None:
        """Hold at least `limit` origins."""
        self._limit = limit
        self._seen = bytearray(_SEEN_BITS // 8)
        self.held: dict[str, OriginStatistics] = {}
        self.dropped = 0
        self.dropped_images = 0
        self.dropped_failed = 0

    @property
    def total(self) -> int:
        """The number of origins; about, if some were dropped."""
        return self.dropped + sum(not origin.is_partial for origin in self.held.values())

    def add(self, row: TableRow) -> None:
        name = origin_of(row.url)
        origin = self.held.get(name)
        if origin is None:
            origin = self.held[name] = OriginStatistics(name, is_partial=self._was_dropped(name))
        origin.add(row)
        if len(self.held) > 2 * self._limit:
            self._drop()

    def by_images(self, number: int) -> list[OriginStatistics]:
        """Return the origins with most images, the largest number first."""
        return self._rank(self.held.values(), lambda origin: origin.images, number)

    def by_failures(self, number: int) -> list[OriginStatistics]:
        """Return the origins with most failures; none without any."""
        failing = (origin for origin in self.held.values() if origin.failed)
        return self._rank(failing, lambda origin: origin.failed, number)

    def by_time(self, number: int) -> list[OriginStatistics]:
        """Return the slowest origins by their median; with few times each, the slowest of all."""
        timed = [origin for origin in self.held.values() if origin.times.total]
        enough = [origin for origin in timed if origin.times.total >= MIN_TIMES]
        return self._rank(enough or timed, lambda origin: origin.times.quantile(0.5) or 0, number)

    def without_images(self, least: int) -> list[OriginStatistics]:
        """Return the origins of at least this number of images that gave none, those with most images first."""
        failing = self.by_failures(len(self.held))
        return [origin for origin in failing if origin.failed == origin.images >= least and origin.name != NO_ORIGIN]

    @staticmethod
    def _rank(
        origins: Iterable[OriginStatistics], key: Callable[[OriginStatistics], int], number: int
    ) -> list[OriginStatistics]:
        return sorted(origins, key=lambda origin: (-key(origin), -origin.images, origin.name))[:number]

    def _drop(self) -> None:
        """Keep origins with most images, with most failures and with the longest times."""
        share = self._limit // 3 + 1
        kept: dict[str, OriginStatistics] = {}
        for key in (_images, _failed, _longest):
            kept |= {origin.name: origin for origin in nlargest(share, self.held.values(), key=key)}
        for name, origin in self.held.items():
            if name not in kept:
                self.dropped += not self._was_dropped(name)
                self._remember(name)
                self.dropped_images += origin.images
                self.dropped_failed += origin.failed
        self.held = kept

    def _was_dropped(self, name: str) -> bool:
        """Whether an origin was dropped, by one bit of a table for its hash: rarely true of one that was not."""
        index, bit = divmod(hash(name) % _SEEN_BITS, 8)
        return bool(self._seen[index] >> bit & 1)

    def _remember(self, name: str) -> None:
        index, bit = divmod(hash(name) % _SEEN_BITS, 8)
        self._seen[index] |= 1 << bit


def _images(origin: OriginStatistics) -> int:
    return origin.images


def _failed(origin: OriginStatistics) -> int:
    return origin.failed


def _longest(origin: OriginStatistics) -> int:
    return origin.times.highest


def origin_of(url: str) -> str:
    """Return host and port of a URL, as in the Host header, or the bucket; NO_ORIGIN for any other text."""
    authority = _AUTHORITY.match(url)
    return _parse_origin(authority[0]) if authority else NO_ORIGIN


@lru_cache(maxsize=16_384)
def _parse_origin(authority: str) -> str:
    try:
        return Url.parse(f"{authority}/-").authority  # the URL of an object needs a key
    except IntakeError:
        return NO_ORIGIN
