"""RunStatistics: what the table of a run says, in one pass and in bounded memory."""

from collections import Counter
from collections.abc import Iterable
from typing import Self

from infra.look.bounded_counter import BoundedCounter, DistinctCounter
from infra.look.failure_list import FirstFailures
from infra.look.histogram import Histogram
from infra.look.origin_statistics import MAX_ORIGINS, Origins
from infra.look.table_parts import TableFault
from infra.look.table_row import TableRow, read_row

MAX_FAULTS = 5
"""Damaged parts that are named."""

_MAX_NAMES = 200
_MAX_SIZES = 5_000
_MAX_KEYS = 20_000
_MAX_SAMPLE = 32_768


class RunStatistics:
    """Counts over the rows of a table.

    Attributes:
        rows: rows that were read.
        unreadable: lines that are no row, which are in no other number.
        faults: the first damaged parts.
        damaged_parts: how many parts are damaged.
        status: rows by status.
        codes: failed images by error code.
        examples: the URL of one failed image of each code.
        origins: images by origin.
        times: milliseconds of images for which an origin was asked.
        sizes: bytes of stored images.
        pixels: stored images by width and height.
        bytes: the sum of `sizes`.
        downloaded_bytes: of these, what the origins sent in this run.
        types: stored images by media type.
        type_bytes: bytes by media type.
        sources: stored images by how the service learned that it has them.
        warnings: stored images by warning.
        reused: stored images whose bytes were in the store before.
        keys: stored images by key.
        distinct: different keys.
        failures: the first rows that are not stored.
    """

    def __init__(self) -> None:
        """Start without rows."""
        self.rows = 0
        self.unreadable = 0
        self.faults: list[TableFault] = []
        self.damaged_parts = 0
        self.status: Counter[str] = Counter()
        self.codes = BoundedCounter(_MAX_NAMES)
        self.examples: dict[str, str] = {}
        self.origins = Origins(MAX_ORIGINS)
        self.times = Histogram()
        self.sizes = Histogram()
        self.pixels = BoundedCounter(_MAX_SIZES)
        self.bytes = 0
        self.downloaded_bytes = 0
        self.types = BoundedCounter(_MAX_NAMES)
        self.type_bytes = BoundedCounter(_MAX_NAMES)
        self.sources = BoundedCounter(_MAX_NAMES)
        self.warnings = BoundedCounter(_MAX_NAMES)
        self.reused = 0
        self.keys = BoundedCounter(_MAX_KEYS)
        self.distinct = DistinctCounter(_MAX_SAMPLE)
        self.failures = FirstFailures()

    @classmethod
    def of(cls, lines: Iterable[object]) -> Self:
        """Count the lines of a table, as `read_part` yields them."""
        statistics = cls()
        for line in lines:
            statistics.add(line)
        return statistics

    def add(self, line: object) -> None:
        """Count one line: a row, anything else that is JSON, or a TableFault."""
        row = read_row(line)
        if row is not None:
            self._add_row(row)
        elif isinstance(line, TableFault) and not line.is_line:
            self._add_damaged_part(line)
        else:
            self.unreadable += 1

    @property
    def images(self) -> dict[str, int]:
        """Images by result, as the summary of a run counts them: stored, reused, failed."""
        return {"stored": self.status["stored"] - self.reused, "reused": self.reused, "failed": self.status["failed"]}

    def _add_damaged_part(self, fault: TableFault) -> None:
        self.damaged_parts += 1
        if len(self.faults) < MAX_FAULTS:
            self.faults.append(fault)

    def _add_row(self, row: TableRow) -> None:
        self.rows += 1
        self.status[row.status] += 1
        if row.elapsed_ms is not None and row.attempts != 0:  # 0: the origin was not asked
            self.times.add(row.elapsed_ms)
        if row.url and row.status != "broken":  # a batch that broke says nothing about its origins
            self.origins.add(row)
        if row.status == "stored":
            self._add_stored(row)
        else:
            self._add_failed(row)

    def _add_stored(self, row: TableRow) -> None:
        self.reused += row.reused
        self.sources.add(row.source)
        self.types.add(row.content_type)
        for warning in row.warnings:
            self.warnings.add(warning)
        if row.key:
            self.keys.add(row.key)
            self.distinct.add(row.key)
        if row.width and row.height:
            self.pixels.add(f"{row.width} x {row.height}")
        if row.bytes is not None:
            self._add_bytes(row, row.bytes)

    def _add_bytes(self, row: TableRow, size: int) -> None:
        self.bytes += size
        self.sizes.add(size)
        self.type_bytes.add(row.content_type, size)
        if row.source in {"fetched", ""}:
            self.downloaded_bytes += size

    def _add_failed(self, row: TableRow) -> None:
        self.failures.add(row)
        if row.status == "failed":
            self.codes.add(row.code)
            if row.url and len(self.examples) < _MAX_NAMES:
                self.examples.setdefault(row.code, row.url)
