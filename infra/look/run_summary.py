"""RunSummary: the values of a run's `summary.json`. It is input: anything in it may be missing or wrong."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from infra.look.table_row import read_number


@dataclass(frozen=True, slots=True)
class RunSummary:
    """The summary of a run.

    Attributes:
        exists: whether the run has a summary; it has none while it runs, and if it was killed.
        fault: why it cannot be read; empty if it can, or does not exist.
        is_complete: whether the run reached the end of its list.
        error: why it did not.
        source: the list.
        started_at: as the summary writes it; empty if unknown.
        ended_at: the same for the end.
        seconds: how long the run took; None if unknown.
        files: the documents that it counts; None if unknown.
        images: its images by result: stored, reused, failed.
        status: its documents by status.
        codes: its failed images by code.
        bytes: the sum of its images.
        failed_key: the list of what failed; empty if nothing did.
        retryable_key: the list of what may succeed later.
    """

    exists: bool = False
    fault: str = ""
    is_complete: bool = False
    error: str = ""
    source: str = ""
    started_at: str = ""
    ended_at: str = ""
    seconds: float | None = None
    files: int | None = None
    images: Mapping[str, int] = field(default_factory=dict)
    status: Mapping[str, int] = field(default_factory=dict)
    codes: Mapping[str, int] = field(default_factory=dict)
    bytes: int = 0
    failed_key: str = ""
    retryable_key: str = ""

    @classmethod
    def of(cls, document: Mapping[str, Any] | None) -> Self:
        """Read a summary; one that does not exist is None."""
        if document is None:
            return cls()
        counts = document.get("counts")
        counts = counts if isinstance(counts, Mapping) else {}
        return cls(
            exists=True,
            is_complete=document.get("complete", True) is True,  # earlier versions do not write it
            error=_text(document, "error"),
            source=_text(document, "list"),
            started_at=_text(document, "startedAt"),
            ended_at=_text(document, "endedAt"),
            seconds=_seconds(document.get("seconds")),
            files=read_number(counts.get("files")),
            images=_counts(counts.get("images")),
            status=_counts(counts.get("status")),
            codes=_counts(counts.get("codes")),
            bytes=read_number(counts.get("bytes")) or 0,
            failed_key=_text(document, "failedKey"),
            retryable_key=_text(document, "retryableKey"),
        )


def _text(document: Mapping[str, Any], member: str) -> str:
    value = document.get(member)
    return value if isinstance(value, str) else ""


def _seconds(value: object) -> float | None:
    """Return a number of seconds, in whole milliseconds as the summary has it."""
    if isinstance(value, bool) or not isinstance(value, int | float) or read_number(value) is None:
        return None
    return round(float(value), 3)


def _counts(value: object) -> dict[str, int]:
    members = value.items() if isinstance(value, Mapping) else ()
    return {str(name): number for name, member in members if (number := read_number(member))}
