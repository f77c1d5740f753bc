"""Checks a list and converts it to JSON lines before it is uploaded.

One line that Step Functions cannot read fails the run of the whole list. What the run refuses, or would read in another
way, is named before the upload as well.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from infra.bulk.list_file import ListLine, read_list

MAX_FAULTS = 10
"""The limit of reported faults. After it, the rest of the list is not read."""

_LONGEST_SHOWN = 300


class LineTarget(Protocol):
    """Takes the lines of a list, such as a binary file."""

    def write(self, line: bytes, /) -> object: ...

    def flush(self) -> None: ...


@dataclass(slots=True)
class ListCheck:
    """What a list has.

    Attributes:
        files: the documents in it.
        refused: the documents that the run will refuse.
        refusals: the first of them, with the reason.
        faults: why the list cannot be uploaded: at most MAX_FAULTS.
    """

    files: int = 0
    refused: int = 0
    refusals: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def convert_list(path: Path, target: LineTarget) -> ListCheck:
    """Write a list as JSON lines, without byte order marks and empty lines, and say what is wrong with it.

    Raises:
        OSError: the list cannot be read, or the target not written.
    """
    check = ListCheck()
    for line in read_list(path):
        if line.fault:
            check.faults.append(_describe(line, line.fault))
            if len(check.faults) == MAX_FAULTS:
                break
            continue
        target.write(line.document + b"\n")
        check.files += 1
        check.refused += bool(line.refusal)
        if line.refusal and len(check.refusals) < MAX_FAULTS:
            check.refusals.append(_describe(line, line.refusal))
    if not check.faults:
        check.faults = _find_faults_of_whole(check)
    return check


def _find_faults_of_whole(check: ListCheck) -> list[str]:
    if not check.files:
        return ["the list is empty: expected a File, a URL list or a URL on each line, or in each row below the first"]
    return check.refusals if check.refused == check.files else []


def _describe(line: ListLine, reason: str) -> str:
    shown = reason if len(reason) <= _LONGEST_SHOWN else f"{reason[:_LONGEST_SHOWN]}..."
    separator = " " if reason.startswith(("is ", "has ", "begins ")) else ": "
    return f"line {line.number:,}{separator}{shown}" if line.number else shown
