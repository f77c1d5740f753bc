"""The head of a run's page, as values for its template: counts, result, speed, and what the figures lack."""

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Self

from infra.look.error_advice import class_of
from infra.look.figures import format_bytes, format_rate, format_seconds, format_share
from infra.look.origin_statistics import Origins
from infra.look.run_statistics import RunStatistics
from infra.look.run_summary import RunSummary
from intake.model.error_codes import ErrorClass
from intake.model.shown_text import shorten

if TYPE_CHECKING:
    from collections.abc import Mapping

_STORED = ("new", "reused")
_LEAST_IMAGES = 3
_MAX_NAMED = 3


class Segment(NamedTuple):
    """A part of the bar at the top. `start` and `share` are from 0 to 1."""

    tone: str
    label: str
    rows: int
    is_stored: bool
    start: float
    share: float


@dataclass(frozen=True, slots=True)
class Totals:
    """Rows by result.

    Attributes:
        new: images whose bytes were new to the store.
        reused: images whose bytes were there before.
        failed: images that failed.
        refused: documents that are no File.
        broken: images of batches that failed as a whole.
        retryable: failures that may succeed later.
        is_from_table: whether the table was counted; else the summary, because the run has no table.
    """

    new: int
    reused: int
    failed: int
    refused: int
    broken: int
    retryable: int
    is_from_table: bool = True

    @classmethod
    def of(cls, statistics: RunStatistics, summary: RunSummary) -> Self:
        """Count the rows of the table, or, if there are none, what the summary counts."""
        images: Mapping[str, int] = summary.images
        status: Mapping[str, int] = summary.status
        codes: Mapping[str, int] = summary.codes
        if statistics.rows:
            images, status, codes = statistics.images, statistics.status, statistics.codes.counts
        new, reused, failed = (images.get(name, 0) for name in ("stored", "reused", "failed"))
        refused, broken = (status.get(name, 0) for name in ("refused", "broken"))
        later = sum(count for code, count in codes.items() if class_of(code) is ErrorClass.TRANSIENT)
        return cls(new, reused, failed, refused, broken, later + broken, is_from_table=statistics.rows > 0)

    @property
    def stored(self) -> int:
        return self.new + self.reused

    @property
    def lost(self) -> int:
        return self.failed + self.refused + self.broken

    @property
    def rows(self) -> int:
        return self.stored + self.lost

    def segments(self) -> list[Segment]:
        """Return the parts of the bar; those without rows are left out."""
        parts = [
            ("new", "stored", self.new),
            ("reused", "already there", self.reused),
            ("failed", "failed", self.failed),
            ("broken", "in batches that broke", self.broken),
            ("refused", "refused: no valid File", self.refused),
        ]
        segments, start = [], 0
        for tone, label, count in parts:
            if count:
                segments.append(Segment(tone, label, count, tone in _STORED, start / self.rows, count / self.rows))
                start += count
        return segments


def describe_totals(totals: Totals, summary: RunSummary) -> str:
    """Return the headline."""
    if not totals.rows:
        return "No image yet"
    if not summary.is_complete:
        stopped = "Stopped: " if summary.exists else ""
        return f"{stopped}{totals.stored:,} image{'' if totals.stored == 1 else 's'} stored so far"
    if totals.stored == totals.rows > 1:
        return f"All {totals.rows:,} images are stored"
    if totals.rows == 1:
        return "The image is stored" if totals.stored else "The image is not stored"
    return f"{totals.stored:,} of {totals.rows:,} images {'is' if totals.stored == 1 else 'are'} stored"


def describe_state(totals: Totals, summary: RunSummary) -> tuple[str, str]:
    """Return a tone and words for how the run ended."""
    if not summary.exists:
        return "warn", "not ended"
    if not summary.is_complete:
        return "bad", "incomplete"
    return "plain" if totals.lost else "good", "complete"


def describe_reasons(totals: Totals, statistics: RunStatistics, summary: RunSummary) -> list[str]:
    """Return sentences on what is not stored: how many, the commonest codes, and origins without a single image."""
    if not totals.lost:
        return []
    sentences = [
        f"{totals.lost:,} {'is' if totals.lost == 1 else 'are'} not{_join_codes(totals, statistics, summary)}."
    ]
    down = statistics.origins.without_images(_LEAST_IMAGES)
    if down:
        named = ", ".join(origin.name for origin in down[:_MAX_NAMED])
        unnamed = len(down) - _MAX_NAMED
        more = f" and {unnamed:,} more origin{'' if unnamed == 1 else 's'}" if unnamed > 0 else ""
        sentences.append(f"No image came from {named}{more}.")
    return sentences


def _join_codes(totals: Totals, statistics: RunStatistics, summary: RunSummary) -> str:
    codes = Counter(statistics.codes.counts or summary.codes).most_common(_MAX_NAMED)
    if not codes:
        return ""
    separator = ": " if sum(count for _, count in codes) == totals.lost else ", most often "
    return separator + ", ".join(f"{code or 'no code'} ({count:,})" for code, count in codes)


def list_facts(totals: Totals, statistics: RunStatistics, summary: RunSummary) -> list[tuple[str, str, str]]:
    """Return the figures below the bar: name, value, detail."""
    size = statistics.bytes if totals.is_from_table else summary.bytes
    so_far = "" if summary.is_complete else " so far"
    facts = [("Stored", format_bytes(size), f"{format_share(totals.stored, totals.rows)} of the images{so_far}")]
    if summary.seconds is not None:
        facts.append(("Time", format_seconds(summary.seconds), ""))
    if summary.seconds:
        speed = f"{format_bytes(round(statistics.downloaded_bytes / summary.seconds))} a second from the origins"
        facts.append(("Images a second", format_rate(totals.rows / summary.seconds), speed))
    if statistics.origins.held:
        facts.append(("Origins", _count_origins(statistics.origins), ""))
    if statistics.distinct.total:
        facts.append(("Different images", *_count_distinct(statistics)))
    return facts


def _count_origins(origins: Origins) -> str:
    return f"{'about ' if origins.dropped else ''}{origins.total:,}"


def _count_distinct(statistics: RunStatistics) -> tuple[str, str]:
    distinct = statistics.distinct
    repeated = max(0, statistics.keys.total + statistics.keys.dropped - distinct.total)
    about = "" if distinct.is_exact else "about "
    return f"{about}{distinct.total:,}", f"{about}{repeated:,} rows repeat one" if repeated else "none twice"


def list_notices(totals: Totals, statistics: RunStatistics, summary: RunSummary) -> list[str]:
    """Return what the figures do not cover, or why they may be wrong."""
    notices = [summary.fault] if summary.fault else []
    if summary.exists and not summary.is_complete:
        reason = f" {shorten(summary.error)}" if summary.error else ""
        notices.append(f"The run stopped before the end of its list, so the figures do not cover all of it.{reason}")
    if not totals.is_from_table and totals.rows:
        notices.append("The run has no table: these are the figures of its summary.")
    elif summary.is_complete and (missing := _count_missing(totals, summary)):
        notices.append(f"The table lacks {missing:,} of the rows that the summary counts.")
    if statistics.unreadable:
        notices.append(f"Lines of the table that are no row, and are not counted: {statistics.unreadable:,}.")
    notices += [f"{part} is damaged: {reason}. Its later rows are missing." for part, reason, _ in statistics.faults]
    if (more := statistics.damaged_parts - len(statistics.faults)) > 0:
        notices.append(f"Other parts of the table that are damaged: {more:,}.")
    return notices


def _count_missing(totals: Totals, summary: RunSummary) -> int:
    counted = sum(summary.images.values()) + summary.status.get("refused", 0)
    return max(0, counted - (totals.stored + totals.failed + totals.refused))
