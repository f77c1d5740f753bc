"""Compares runs of one File: what each one cost, as the origin and the local S3 counted it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Self

from infra.command.terminal import colorize
from infra.local.ministack import MiniStack
from infra.pictures.picture_server import OriginTraffic


@dataclass(frozen=True, slots=True)
class Traffic:
    """Requests and bytes.

    Attributes:
        origin_responses: the number of responses of the origin, by status.
        origin_bytes: the size of their bodies.
        s3_requests: the number of requests to S3, by method and first part of the key: "PUT images".
    """

    origin_responses: Counter[int] = field(default_factory=Counter)
    origin_bytes: int = 0
    s3_requests: Counter[str] = field(default_factory=Counter)

    @classmethod
    def until_now(cls, origin: OriginTraffic, aws: MiniStack) -> Self:
        """Return everything that was counted since the start."""
        return cls(origin.responses.copy(), origin.body_bytes, aws.count_s3_requests())

    def since(self, earlier: Self) -> Self:
        """Return what was counted after an earlier time."""
        return type(self)(
            self.origin_responses - earlier.origin_responses,
            self.origin_bytes - earlier.origin_bytes,
            self.s3_requests - earlier.s3_requests,
        )


@dataclass(frozen=True, slots=True)
class Run:
    """One request to the API.

    Attributes:
        status: the status of the response.
        receipt: the receipt in the response.
        response_ms: milliseconds until the response.
        traffic: what the service requested meanwhile.
    """

    status: int
    receipt: Mapping[str, Any]
    response_ms: float
    traffic: Traffic = Traffic()


def format_comparison(runs: Mapping[str, Run]) -> list[str]:
    """Format named runs side by side: a column for each run, a line for each figure."""
    kinds = sorted({kind for run in runs.values() for kind in run.traffic.s3_requests}, key=_puts_first)
    figures = [_figures_of(run, kinds) for run in runs.values()]
    rows = [["", *runs]]
    rows += [[title, *(f"{of_run[title]:,}" for of_run in figures)] for title in figures[0]]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    head, *lines = (_format_row(row, widths) for row in rows)
    return [colorize(head, "dim"), *lines]


def _format_row(cells: Sequence[str], widths: Sequence[int]) -> str:
    title, *figures = cells
    aligned = [figure.rjust(width) for figure, width in zip(figures, widths[1:], strict=True)]
    return "  ".join(["", title.ljust(widths[0]), *aligned])


def _puts_first(kind: str) -> tuple[bool, str]:
    return not kind.startswith("PUT"), kind


def _figures_of(run: Run, kinds: Sequence[str]) -> dict[str, int]:
    origin, s3 = run.traffic.origin_responses, run.traffic.s3_requests
    return {
        "requests to the origin": origin.total(),
        "of these, answered 304: unchanged": origin[HTTPStatus.NOT_MODIFIED],
        "bytes of images from the origin": run.traffic.origin_bytes,
        **{f"S3: {kind}/": s3[kind] for kind in kinds},
        "milliseconds for the images": run.receipt["elapsedMs"],
        "milliseconds until the response": round(run.response_ms),
    }
