"""Faults: why a document is not a valid File."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

_MAX_TEXT = 24_000
"""Characters of the text of an InvalidFile. Step Functions keeps 32,768 of a cause, which is JSON with a stack trace
(AWS Step Functions API Reference, LambdaFunctionFailedEventDetails)."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault of a File, with its path, such as `baseUrls[3].url`; the path is empty for the File itself."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


class InvalidFile(Exception):
    """The document is not a valid File; `faults` has every fault. The text has those that fit into `_MAX_TEXT`."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = faults
        super().__init__(_join(list(map(str, faults))))


def _join(faults: Sequence[str]) -> str:
    """Join faults up to `_MAX_TEXT`, and say how many more there are. The first is there, however long it is."""
    ends = accumulate(len(fault) + 2 for fault in faults[1:])
    shown = faults[: 1 + sum(end <= _MAX_TEXT for end in ends)]
    more = len(faults) - len(shown)
    return "; ".join([*shown, *([f"{more:,} more faults are not listed"] if more else [])])
