"""The sections of a run's page, as values for its template: failures by code, origins, kinds of images."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from infra.look.bounded_counter import BoundedCounter
from infra.look.error_advice import advise, class_of
from infra.look.failure_list import Failure
from infra.look.figures import format_ms
from infra.look.image_types import DRAWN, is_image
from infra.look.origin_statistics import NO_ORIGIN, Origins, OriginStatistics
from infra.look.run_statistics import RunStatistics
from infra.look.run_summary import RunSummary
from infra.look.sources import ResultSource
from intake.model.error_codes import ErrorClass
from intake.model.object_keys import parse_image_key
from intake.model.url import redact

MAX_ORIGINS = 50
"""Origins in a table of the page."""

MAX_FILTERS = 8
"""Reasons that failures can be filtered by; run.css has a rule for each."""

_MAX_CODES = 40
_MAX_LINES = 8
_MAX_REPEATED = 6
_CLASSES = {
    ErrorClass.TRANSIENT: "may succeed later",
    ErrorClass.PERMANENT: "fails again",
    ErrorClass.POLICY: "not accepted here",
    ErrorClass.INTERNAL: "a bug in the service",
}


class CodeLine(NamedTuple):
    """Failed images with one code. `share` is relative to the most frequent code, from 0 to 1."""

    code: str
    images: int
    share: float
    outlook: str
    advice: str
    example: str


class OriginLine(NamedTuple):
    """One origin. `failed_share` is of its own images, `time_share` relative to the slowest one."""

    name: str
    images: int
    failed: int
    failed_share: float
    code: str
    bytes: int
    median: str
    slow: str
    time_share: float
    is_partial: bool


class OriginTable(NamedTuple):
    """The first origins in one order, and how many more there are."""

    order: str
    lines: list[OriginLine]
    more: int


class KindLine(NamedTuple):
    """Stored images of one kind. `share` is relative to the most frequent one; `bytes` is None if it is not counted."""

    name: str
    images: int
    share: float
    bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Kinds:
    """The stored images by one property.

    Attributes:
        title: the property.
        lines: the most frequent values.
        more: images of other values.
    """

    title: str
    lines: list[KindLine]
    more: int


class RepeatedImage(NamedTuple):
    """A stored image that several rows have: its key, the rows, its URL or nothing, and whether browsers draw it."""

    key: str
    rows: int
    url: str
    is_drawn: bool


def list_codes(statistics: RunStatistics, summary: RunSummary) -> list[CodeLine]:
    """Return the most frequent error codes, with what to do; those of the summary if there is no table."""
    codes = statistics.codes.counts or summary.codes
    largest = sorted(codes.items(), key=lambda item: (-item[1], item[0]))[:_MAX_CODES]
    return [
        CodeLine(
            code=code,
            images=count,
            share=count / largest[0][1],
            outlook=_CLASSES[error_class] if (error_class := class_of(code)) else "unknown code",
            advice=advise(code),
            example=redact(statistics.examples.get(code, "")),
        )
        for code, count in largest
    ]


def list_origins(origins: Origins) -> list[OriginTable]:
    """Return the first origins in each order; tables without lines are left out."""
    number = len(origins.held)
    orders = {
        "failures": origins.by_failures(number),
        "images": origins.by_images(number),
        "time": origins.by_time(number),
    }
    return [
        OriginTable(order, _list_lines(ranked[:MAX_ORIGINS]), max(0, len(ranked) - MAX_ORIGINS))
        for order, ranked in orders.items()
        if ranked
    ]


def _list_lines(origins: list[OriginStatistics]) -> list[OriginLine]:
    slowest = max((origin.times.quantile(0.95) or 0 for origin in origins), default=0) or 1
    return [_describe_origin(origin, slowest) for origin in origins]


def _describe_origin(origin: OriginStatistics, slowest: int) -> OriginLine:
    slow = origin.times.quantile(0.95)
    return OriginLine(
        name="(no URL)" if origin.name == NO_ORIGIN else origin.name,
        images=origin.images,
        failed=origin.failed,
        failed_share=origin.failed / origin.images,
        code=origin.main_code,
        bytes=origin.bytes,
        median=format_ms(origin.times.quantile(0.5)),
        slow=format_ms(slow),
        time_share=(slow or 0) / slowest,
        is_partial=origin.is_partial,
    )


def list_kinds(statistics: RunStatistics) -> list[Kinds]:
    """Return the stored images by type, source, warning and pixels; what no image has is left out."""
    kinds = [
        _list_kind("Types", statistics.types, statistics.type_bytes),
        _list_kind("Sources", statistics.sources),
        _list_kind("Warnings", statistics.warnings),
        _list_kind("Pixels", statistics.pixels),
    ]
    return [kind for kind in kinds if kind.lines]


def _list_kind(title: str, counter: BoundedCounter, sizes: BoundedCounter | None = None) -> Kinds:
    largest = counter.largest(_MAX_LINES)
    lines = [
        KindLine(name or "unknown", count, count / largest[0][1], sizes.counts.get(name) if sizes else None)
        for name, count in largest
    ]
    return Kinds(title, lines, counter.total + counter.dropped - sum(line.images for line in lines))


def list_repeated(statistics: RunStatistics, source: ResultSource) -> list[RepeatedImage]:
    """Return the images that most rows have: often the picture that an origin sends in place of a missing one."""
    repeated = [(key, count) for key, count in statistics.keys.largest(_MAX_REPEATED) if count > 1]
    return [
        RepeatedImage(key, count, source.image_url(key), is_drawn=name[1] in DRAWN)
        for key, count in repeated
        if (name := parse_image_key(key)) and is_image(name[1])
    ]


def count_reasons(failures: Sequence[Failure]) -> list[tuple[str, int]]:
    """Return the commonest reasons among failures, as many as run.css has filters for."""
    return Counter(failure.reason for failure in failures).most_common(MAX_FILTERS)
