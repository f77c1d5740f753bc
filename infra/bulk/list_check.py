"""Checks a list and converts it to JSON lines, before `make bulk` uploads it or `make run` downloads its images.

One line that Step Functions cannot read fails the run of the whole list. The check also names the documents that the
run will refuse.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from infra.bulk.list_file import ListLine, read_list
from infra.bulk.local_endpoint import QUESTION, is_file_of_make_up
from intake.model.binary_formats import HEAD_BYTES, describe_other_file_type

ENDINGS = {".jsonl", ".csv", ".txt"}
"""How the name of a list ends."""

MAX_FAULTS = 10
"""The limit of reported faults. After it, the rest of the list is not read."""

_LONGEST_SHOWN = 300


class UnusableList(Exception):
    """A list cannot be used; the text says why."""


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
        faults: why the list cannot be used: at most MAX_FAULTS.
    """

    files: int = 0
    refused: int = 0
    refusals: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def check_list(path: Path, converted: LineTarget, *, consequence: str) -> None:
    """Write a list as JSON lines, and print what the run will refuse.

    Args:
        path: the list; its suffix says what it is.
        converted: takes the JSON lines.
        consequence: what is said of a list with faults, such as "was not uploaded".

    Raises:
        UnusableList: the list cannot be read, is no list, or has faults.
    """
    try:
        _require_list(path)
        print(f"Checking {path.name}, {path.stat().st_size:,} bytes ...", flush=True)
        check = convert_list(path, converted)
        converted.flush()
    except OSError as error:
        raise UnusableList(f"{path} cannot be read: {error.strerror}.") from None
    if check.faults:
        more = "\n  There may be more." if len(check.faults) == MAX_FAULTS else ""
        raise UnusableList("\n  ".join([f"{path.name} {consequence}:", *check.faults]) + more)
    if check.refused:
        first = f"The run will refuse {check.refused:,} of {check.files:,} lines:"
        rest = ["..."] if check.refused > len(check.refusals) else []
        print("\n  ".join([first, *check.refusals, *rest]), flush=True)


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


def _require_list(path: Path) -> None:
    if not path.is_file():
        question = f" {QUESTION}" if is_file_of_make_up(path) else ""
        raise UnusableList(f"{path} does not exist, or is not a file.{question}")
    if path.suffix.lower() not in ENDINGS:
        with path.open("rb") as file:
            if other := describe_other_file_type(file.read(HEAD_BYTES)):
                raise UnusableList(f"{path.name} {other}.")
        raise UnusableList(
            f"{path.name} is not a list: its name must end in .jsonl (a File or a URL list on each line), .csv "
            "(a column url, or columns fileUrl and baseUrls) or .txt (a URL on each line)."
        )


def _find_faults_of_whole(check: ListCheck) -> list[str]:
    if not check.files:
        return ["the list is empty: expected a File, a URL list or a URL on each line, or in each row below the first"]
    return check.refusals if check.refused == check.files else []


def _describe(line: ListLine, reason: str) -> str:
    shown = reason if len(reason) <= _LONGEST_SHOWN else f"{reason[:_LONGEST_SHOWN]}..."
    separator = " " if reason.startswith(("is ", "has ", "begins ")) else ": "
    return f"line {line.number:,}{separator}{shown}" if line.number else shown
